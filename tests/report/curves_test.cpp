// SPDX-License-Identifier: Apache-2.0
#include "report/curves.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/charts.hpp"
#include "report/html.hpp"
#include "report/table.hpp"
#include "tests/report/sample_result.hpp"

namespace spikeloop::report {
namespace {

using test::has;
using test::sample_info;
using test::sample_network;
using test::sample_result;
using test::xml_fault;

ExperimentResult with_curves() {
  ExperimentResult result = sample_result();  // accuracies 0.75 and 0.85
  result.runs[0].test.over_time = {{1, 0.25, 2, 3}, {40, 0.75, 24, 40}};
  result.runs[1].test.over_time = {{1, 0.45, 4, 5}, {40, 0.85, 36, 42}};
  result.runs[0].robustness = RobustnessResult{4, 0.75, {{6, {0.75}}, {4, {0.5}}}, {{0.2, {0.5, 0.7}}}};
  result.runs[1].robustness = RobustnessResult{4, 0.85, {{6, {0.85}}, {4, {0.8}}}, {{0.2, {0.6, 0.8}}}};
  return result;
}

TEST(Curves, AreMeansOverSeedsAndDraws) {
  const ExperimentResult result = with_curves();
  const auto times = errors_over_time(result.runs);
  ASSERT_EQ(times.size(), 2u);
  EXPECT_NEAR(times[0].error.mean, 0.65, 1e-12);
  EXPECT_NEAR(times[1].error.mean, 0.2, 1e-12);
  EXPECT_NEAR(times[1].error.spread, 0.0707, 1e-4);
  EXPECT_EQ(times[1].spikes, 30);
  EXPECT_EQ(times[1].input_spikes, 41);
  const auto bits = errors_by_level(result.runs, &RobustnessResult::bits);
  ASSERT_EQ(bits.size(), 2u);
  EXPECT_EQ(bits[1].level, 4);
  EXPECT_NEAR(bits[0].loss.mean, 0, 1e-12);
  EXPECT_NEAR(bits[1].loss.mean, 0.15, 1e-12);  // of each seed against itself: 0.25 and 0.05
  EXPECT_NEAR(bits[1].loss.spread, 0.1414, 1e-4);
  const auto mismatch = errors_by_level(result.runs, &RobustnessResult::mismatch);
  ASSERT_EQ(mismatch.size(), 1u);
  EXPECT_NEAR(mismatch[0].error.mean, 0.35, 1e-12);
  EXPECT_NEAR(mismatch[0].seeds.at(1), 0.3, 1e-12);
}

TEST(Curves, OfRunsWithoutThemAreLeftOut) {
  ExperimentResult result = with_curves();
  result.runs[1].robustness.reset();
  result.runs[1].test.over_time.clear();
  EXPECT_NEAR(errors_over_time(result.runs).at(1).error.mean, 0.25, 1e-12);
  EXPECT_NEAR(errors_by_level(result.runs, &RobustnessResult::bits).at(1).error.mean, 0.5, 1e-12);
  EXPECT_EQ(xml_fault(training_html(result, sample_network(), sample_info())), "");
  for (TrainingResult& run : result.runs) run.robustness.reset(), run.test.over_time.clear();
  const std::string page = training_html(result, sample_network(), sample_info());
  EXPECT_FALSE(has(page, "Error by"));
  EXPECT_TRUE(robustness_json(result).is_null());
  EXPECT_EQ(robustness_line(result), "");
}

TEST(Curves, AreOnThePageWithTheirNumbersAndWhatTheyAre) {
  const std::string page = training_html(with_curves(), sample_network(), sample_info());
  EXPECT_EQ(xml_fault(page), "");
  for (const char* part :
       {"Error by presentation time", "Error by spikes", "Error by weight bits", "Error by device mismatch", "presentation time (ms)",
        "mismatch (coefficient of variation, %)", "as trained", "15.00 ± 14.14", "mismatch 20 %", "nothing was selected by them",
        "Mismatch of synaptic weights, delays and the controller is not included"})
    EXPECT_TRUE(has(page, part)) << part;
  EXPECT_FALSE(has(page, ">nan") || has(page, "\"nan"));
}

TEST(Curves, OfOneLevelAndOneSeedArePlotted) {
  ExperimentResult result = with_curves();
  result.runs.resize(1);
  result.runs[0].robustness = RobustnessResult{4, 0.75, {{6, {0.75}}}, {}};
  const std::string page = training_html(result, sample_network(), sample_info());
  EXPECT_EQ(xml_fault(page), "");
  EXPECT_TRUE(has(page, "Error by weight bits"));
  EXPECT_FALSE(has(page, "Error by device mismatch"));
}

TEST(Curves, AreInTheJson) {
  const auto json = nlohmann::ordered_json::parse(training_json(with_curves(), sample_network(), sample_info()));
  EXPECT_EQ(json.at("over_time").at(1).at("ms"), 40);
  EXPECT_NEAR(json.at("over_time").at(1).at("error").get<double>(), 0.2, 1e-12);
  const auto& robustness = json.at("robustness");
  EXPECT_EQ(robustness.at("samples"), 4);
  EXPECT_NEAR(robustness.at("bits").at(1).at("lost").get<double>(), 0.15, 1e-12);
  EXPECT_EQ(robustness.at("mismatch").at(0).at("accuracies_of_seeds").at(1), (std::vector<double>{0.6, 0.8}));
  EXPECT_EQ(robustness.at("not_included").size(), 3u);
  EXPECT_TRUE(has(robustness.at("what").get<std::string>(), "nothing was selected"));
}

TEST(Curves, AreOneLineOnATerminal) {
  const std::vector<ExperimentResult> results = {with_curves(), sample_result()};
  EXPECT_EQ(robustness_line(results[0]), "tiny: points lost after training: 0.00/15.00 at 6/4 bits; 15.00 at 20 % mismatch");
  EXPECT_TRUE(has(training_table(results).note, "\n" + robustness_line(results[0])));
}

TEST(Charts, ALogarithmicAxisKeepsRatiosAndPutsNothingOnItsLowerEdge) {
  LinePlot plot;
  plot.x_label = "x";
  plot.height = 270;  // values from 30 (top) to 230
  plot.log_y = true;
  plot.series = {{"", {1, 2, 3, 4}, {1, 10, 100, 0}, {}, {}, 1}};
  const std::string text = line_plot(plot).inline_text();
  EXPECT_EQ(xml_fault(text), "");
  for (const char* part : {" 230L", " 130L", " 30L", " 230\" class", ">1</text>", ">20</text>", ">100</text>"})
    EXPECT_TRUE(has(text, part)) << part;
  plot.series[0].y = {0, 0, 0, NAN};
  EXPECT_EQ(xml_fault(line_plot(plot).inline_text()), "");
  plot.series.clear();
  EXPECT_EQ(xml_fault(line_plot(plot).inline_text()), "");
}

TEST(Charts, ErrorBarsSpanLowToHigh) {
  LinePlot plot;
  plot.x_label = "x";
  plot.y_label = "y";
  plot.y_low = 0, plot.y_high = 10;
  plot.series = {{"", {1, 2, 3}, {5, 5, NAN}, {0, 5, 0}, {10, 5, 10}, 1, false, false, false, true}};
  const std::string text = line_plot(plot).inline_text();
  EXPECT_EQ(xml_fault(text), "");
  const auto bar = text.find("ticks s1");
  ASSERT_NE(bar, std::string::npos);
  EXPECT_EQ(text.find("ticks s1", bar + 1), std::string::npos) << "no bar without a range, none without a value";
  EXPECT_TRUE(has(text, " 220V30M")) << text;  // from the bottom of the plot to its top
  EXPECT_FALSE(has(text, "></text>")) << "a curve without a name has no text";
}

}  // namespace
}  // namespace spikeloop::report
