// SPDX-License-Identifier: Apache-2.0
#include "report/sweep.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "report/charts.hpp"
#include "report/sweep_plot.hpp"
#include "tests/report/sample_result.hpp"

namespace spikeloop::report {
namespace {

using test::has;
using test::xml_fault;

SweepRun sample_run(std::uint64_t seed, double accuracy) { return {seed, {29, 0.5, accuracy, 12.5, 0.5, 430}, 0xdeadbeefcafef00d + seed}; }

/// A sweep whose points are all finished, later ones being better; two seeds each.
SweepResult sample_sweep(std::vector<SweepAxis> axes) {
  SweepResult result;
  result.experiment = "tiny";
  result.axes = std::move(axes);
  result.grid = grid_size(result.axes);
  result.validation_samples = 120;
  for (std::size_t i = 0; i < result.grid; ++i) {
    const double accuracy = 0.5 + 0.01 * static_cast<double>(i);
    result.points.push_back({i, grid_values(result.axes, i), {sample_run(1, accuracy), sample_run(2, accuracy + 0.02)}});
  }
  return result;
}

const SweepAxis kEta{"network.rules[in->out.x].feedback_current.eta", {"1e-4", "1e-3", "1e-2"}};
const SweepAxis kTo{"anneal.linear_to", {"0.1", "0.2"}};
const RunInfo kInfo{"spikeloop sweep tiny.txtpb", "0.1.0", {}, {{"data_sha256", "46ab"}}};

/// The places of the ticks' words on the x axis, by word.
std::map<std::string, double> tick_places(const std::string& svg) {
  static const std::regex tick(R"re(<text x="([0-9.]+)" y="[0-9.]+" class="soft small" text-anchor="middle">([^<]*)</text>)re");
  std::map<std::string, double> places;
  for (std::sregex_iterator it(svg.begin(), svg.end(), tick), end; it != end; ++it) places[(*it)[2]] = std::stod((*it)[1]);
  return places;
}

TEST(SweepJson, GivesBackWhatWasWritten) {
  const SweepResult whole = sample_sweep({kEta, kTo});
  SweepResult read = whole;
  for (SweepPoint& point : read.points) point.runs.clear();
  read_sweep_json(sweep_json(whole, kInfo), read);
  EXPECT_EQ(sweep_json(read, kInfo), sweep_json(whole, kInfo));
  EXPECT_EQ(read.points[3].runs[1].last.validation_accuracy, whole.points[3].runs[1].last.validation_accuracy);
  EXPECT_EQ(read.points[3].runs[1].weights_hash, whole.points[3].runs[1].weights_hash);
  EXPECT_EQ(read.points[3].runs[1].last.epoch, 29u);
}

TEST(SweepJson, HasTheFinishedPointsOnlyAndSaysWhichPartScores) {
  SweepResult result = sample_sweep({kEta});
  result.points[1].runs.clear();
  const auto json = nlohmann::json::parse(sweep_json(result, kInfo));
  ASSERT_EQ(json["points"].size(), 2u);
  EXPECT_EQ(json["points"][1]["index"], 2);
  EXPECT_EQ(json["swept"], 3);
  EXPECT_EQ(json["finished"], 2);
  EXPECT_EQ(json["best"]["index"], 2);
  EXPECT_EQ(json["scored_on"]["part"], "validation");
  EXPECT_EQ(json["scored_on"]["samples"], 120);
  EXPECT_NEAR(json["points"][0]["validation_accuracy"]["mean"].get<double>(), 0.51, 1e-12);
  EXPECT_EQ(json["reproduce"]["data_sha256"], "46ab");
  for (SweepPoint& point : result.points) point.runs.clear();
  EXPECT_TRUE(nlohmann::json::parse(sweep_json(result, kInfo))["best"].is_null());
}

TEST(SweepJson, OfAnotherSweepOrDamagedIsRefused) {
  const std::string text = sweep_json(sample_sweep({kEta}), kInfo);
  for (SweepResult other : {sample_sweep({kTo}), sample_sweep({{kEta.field, {"1e-4", "1e-3", "5"}}})}) {
    for (SweepPoint& point : other.points) point.runs.clear();
    EXPECT_THROW(read_sweep_json(text, other), DescriptionError);
  }
  SweepResult same = sample_sweep({kEta});
  for (const std::string& damaged : {text.substr(0, text.size() / 2), std::string("[]"), std::string("{\"points\": [{}]}")})
    EXPECT_THROW(read_sweep_json(damaged, same), DescriptionError);
}

TEST(SweepTable, RanksByMeanAccuracyAndNamesFieldsShortly) {
  const Table table = sweep_table(sample_sweep({kEta, kTo}));
  std::vector<std::string> titles;
  for (const auto& column : table.columns) titles.push_back(column.title);
  EXPECT_EQ(titles, (std::vector<std::string>{"rank", "eta", "linear_to", "accuracy", "help", "hidden spikes"}));
  ASSERT_EQ(table.rows.size(), 6u);
  EXPECT_EQ(table.rows[0], (std::vector<std::string>{"1", "1e-2", "0.2", "56.0 ± 1.4 %", "12.5", "430"}));
  EXPECT_EQ(table.rows[5][1], "1e-4");
  for (const char* part : {"validation part (120 samples)", "the test set was not touched", "eta is network.rules[in->out.x]"})
    EXPECT_TRUE(has(table.note, part)) << table.note;
}

TEST(SweepTable, ShortNamesAreTheEndsThatTellFieldsApart) {
  const auto names = [](std::vector<std::string> fields) {
    std::vector<SweepAxis> axes;
    for (std::string& field : fields) axes.push_back({std::move(field), {"1"}});
    return short_names(axes);
  };
  EXPECT_EQ(names({"epochs", "trial.free_ms"}), (std::vector<std::string>{"epochs", "free_ms"}));
  EXPECT_EQ(names({"network.rules[a].stdp.decay", "network.rules[b].stdp.decay"}),
            (std::vector<std::string>{"rules[a].stdp.decay", "rules[b].stdp.decay"}));
  EXPECT_EQ(names({"epochs", "smoke.epochs"}), (std::vector<std::string>{"epochs", "smoke.epochs"}));
  EXPECT_EQ(names({"network.projections[a.b->c.d].delay_ms"}), (std::vector<std::string>{"delay_ms"}));
  EXPECT_EQ(names({"network.populations[a.b]", "network.rules[x.b]"}), (std::vector<std::string>{"populations[a.b]", "rules[x.b]"}));
}

TEST(SweepPlot, OneFieldIsACurveWithABarAPoint) {
  const std::string plot = sweep_plot_section(sample_sweep({kTo}));
  EXPECT_EQ(xml_fault(plot), "");
  static const std::regex bar(R"re(<path d="M[^M"]+M[^M"]+M[^M"]+" class="ticks s0")re");  // a line and two caps
  EXPECT_EQ(std::distance(std::sregex_iterator(plot.begin(), plot.end(), bar), std::sregex_iterator()), 2);
  EXPECT_TRUE(has(plot, "one standard deviation"));
  SweepResult one_seed = sample_sweep({kTo});
  for (SweepPoint& point : one_seed.points) point.runs.resize(1);
  EXPECT_FALSE(has(sweep_plot_section(one_seed), "standard deviation"));
}

TEST(SweepPlot, AxisIsLogarithmicWhereValuesSpanMoreThanAFactorOfTwenty) {
  const auto share = [](const std::vector<std::string>& values) {
    const auto places = tick_places(sweep_plot_section(sample_sweep({{"x", values}})));
    return (places.at(values[1]) - places.at(values[0])) / (places.at(values[2]) - places.at(values[0]));
  };
  EXPECT_NEAR(share({"1e-4", "1e-3", "1e-2"}), 0.5, 0.01);
  EXPECT_NEAR(share({"1", "10", "21"}), 1 / std::log10(21), 0.01);
  EXPECT_NEAR(share({"1", "10", "20"}), 9.0 / 19, 0.01);
  EXPECT_NEAR(share({"0", "10", "100"}), 0.1, 0.01);  // zero has no logarithm
  EXPECT_NEAR(share({"COMMIT_TRIAL", "COMMIT_IMMEDIATE", "x"}), 0.5, 0.01);
  EXPECT_TRUE(has(sweep_plot_section(sample_sweep({kEta})), "eta (logarithmic)"));
  EXPECT_FALSE(has(sweep_plot_section(sample_sweep({kTo})), "(logarithmic)"));
}

TEST(SweepPlot, PointsAreJoinedInTheOrderOfTheirValues) {
  const std::string plot = sweep_plot_section(sample_sweep({{"x", {"3", "1", "2"}}}));
  static const std::regex curve(R"re(<path d="M([0-9.]+) [0-9.]+L([0-9.]+) [0-9.]+L([0-9.]+) [0-9.]+" class="curve)re");
  std::smatch found;
  ASSERT_TRUE(std::regex_search(plot, found, curve)) << plot;
  EXPECT_LT(std::stod(found[1]), std::stod(found[2]));
  EXPECT_LT(std::stod(found[2]), std::stod(found[3]));
}

TEST(SweepPlot, TwoFieldsAreAHeatMapAndMoreAreTheTableOnly) {
  SweepResult two = sample_sweep({kEta, kTo});
  two.points[0].runs.clear();
  const std::string map = sweep_plot_section(two);
  EXPECT_EQ(xml_fault(map), "");
  for (const char* part : {">56.0<", ">1e-3<", ">0.2<", ">eta<", ">linear_to<", "class=\"frame\""}) EXPECT_TRUE(has(map, part)) << part;
  EXPECT_FALSE(has(map, ">51.0<"));  // not finished
  EXPECT_EQ(sweep_plot_section(sample_sweep({kEta, kTo, {"epochs", {"1", "2"}}})), "");
  const std::string page = sweep_html(sample_sweep({kEta, kTo, {"epochs", {"1", "2"}}}), kInfo);
  EXPECT_FALSE(has(page, "<svg"));
  EXPECT_TRUE(has(page, "Combinations"));
}

TEST(SweepPlot, NothingFinishedMakesNoPicture) {
  SweepResult result = sample_sweep({kEta});
  for (SweepPoint& point : result.points) point.runs.clear();
  EXPECT_EQ(sweep_plot_section(result), "");
  EXPECT_EQ(xml_fault(sweep_html(result, kInfo)), "");
}

TEST(SweepPage, IsWholeAndEscaped) {
  SweepResult result = sample_sweep({kEta, {"name", {"<b>\"&'", "x"}}});
  result.experiment = "<b>";
  const std::string page = sweep_html(result, kInfo);
  EXPECT_EQ(xml_fault(page), "");
  EXPECT_FALSE(has(page, "<b>"));
  for (const char* part : {"rules[in-&gt;out.x]", "spikeloop sweep tiny.txtpb", "46ab", "the test set was not touched"})
    EXPECT_TRUE(has(page, part)) << part;
  for (const char* part : {"<script", "src=", "href="}) EXPECT_FALSE(has(page, part)) << part;
}

TEST(Charts, WordsOfTicksAreLeftOutWhereTheyWouldTouch) {
  LinePlot plot;
  plot.x_label = "x";
  plot.series = {{"", {0, 1, 1.001, 2}, {1, 2, 3, 4}, {}, {}}};
  plot.x_ticks = {{0, "zero"}, {1, "one"}, {1.001, "beside"}, {2, "two"}, {3, "outside"}};
  const auto places = tick_places(line_plot(plot).inline_text());
  EXPECT_TRUE(places.contains("zero") && places.contains("one") && places.contains("two"));
  EXPECT_FALSE(places.contains("beside") || places.contains("outside"));
}

TEST(Charts, HeatMapsHaveOneFrameAndNoCellsWithoutValues) {
  EXPECT_EQ(xml_fault(heat_map({}).inline_text()), "");
  HeatMap map;
  map.rows = {"a", "b"}, map.columns = {"c", "d"};
  map.values = {{1, 2}, {NAN, 2}};
  map.texts = {{"one", "two"}, {"none", "two"}};
  const std::string text = heat_map(map).inline_text();
  EXPECT_EQ(xml_fault(text), "");
  EXPECT_FALSE(has(text, "none") || has(text, "nan"));
  EXPECT_EQ(text.find("\"frame\""), text.rfind("\"frame\""));
  EXPECT_TRUE(has(text, "\"frame\""));
}

}  // namespace
}  // namespace spikeloop::report
