// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "report/html.hpp"
#include "report/json.hpp"
#include "report/sections.hpp"
#include "tests/report/sample_result.hpp"

namespace spikeloop::report {
namespace {

using nlohmann::ordered_json;
using test::has;
using test::sample_info;
using test::sample_network;
using test::sample_result;
using test::xml_fault;

std::vector<std::string> keys(const ordered_json& json) {
  std::vector<std::string> out;
  for (const auto& [key, value] : json.items()) out.push_back(key);
  return out;
}

TEST(Xml, the_checker_finds_faults) {
  EXPECT_EQ(xml_fault("<a b=\"1 > 0\"><c/>&amp;</a>"), "");
  EXPECT_NE(xml_fault("<a><b></a></b>"), "");
  EXPECT_NE(xml_fault("<a>"), "");
  EXPECT_NE(xml_fault("<a>x & y</a>"), "");
  EXPECT_NE(xml_fault("<a b=c></a>"), "");
}

TEST(Html, the_page_is_whole_and_needs_nothing_else) {
  const std::string page = training_html(sample_result(), sample_network(), sample_info());
  EXPECT_EQ(xml_fault(page), "");
  for (const char* part : {"80.0\u00a0±\u00a07.1\u00a0%", "50.0", "62.5", "Learning", "One trial", "Confusions", "Receptive fields",
                           "Energy per inference", "ESTIMATED", "measured", "a power monitor", "host left out",
                           "spikeloop train tiny.txtpb", "46ab", "0000000000000abc", "No event was late"}) {
    EXPECT_TRUE(has(page, part)) << part;
  }
  for (const char* part : {"<script", "src=", "href=", "@import", "url("}) EXPECT_FALSE(has(page, part)) << part;
  EXPECT_FALSE(has(page, ">nan") || has(page, "\"nan"));
}

TEST(Html, equal_results_give_equal_pages) {
  EXPECT_EQ(training_html(sample_result(), sample_network(), sample_info()),
            training_html(sample_result(), sample_network(), sample_info()));
}

TEST(Html, names_are_escaped_everywhere) {
  ExperimentResult result = sample_result();
  RunInfo info = sample_info();
  const std::string odd = "<b>\"&'";
  result.experiment.name = odd;
  result.experiment.network_file = odd;
  result.energy[0].machine = odd;
  result.energy[0].note = odd;
  for (auto& line : result.energy[0].lines) line.part = line.source = odd;
  info = {odd, odd, {}, {{odd, odd}}};
  const std::string page = training_html(result, sample_network(), info);
  EXPECT_EQ(xml_fault(page), "");
  EXPECT_FALSE(has(page, "<b>"));
  EXPECT_TRUE(has(page, "&lt;b&gt;&quot;&amp;&#39;"));
}

TEST(Html, a_result_with_nothing_in_it_is_still_a_page) {
  EXPECT_EQ(xml_fault(training_html({}, sample_network(), {})), "");
  ExperimentResult result = sample_result();
  result.control.clear();
  result.energy.clear();
  result.runs.resize(1);
  result.runs[0] = {};
  EXPECT_EQ(xml_fault(training_html(result, sample_network(), {})), "");
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

/// Where training stopped early, the last epochs of the curve are not those that were tested.
TEST(Html, the_epoch_that_early_stop_kept_is_marked) {
  ExperimentResult result = sample_result();
  for (auto& run : result.runs) run.epochs[1].validation_accuracy = 0.4;
  result.runs[0].kept_epoch = 0, result.runs[1].kept_epoch = 1;
  const auto dots = [&] { return count(learning_section(result), "class=\"f2\""); };
  EXPECT_EQ(dots(), 0u) << "all epochs were run, and the last is tested as everywhere";
  EXPECT_FALSE(has(learning_section(result), "Early stop"));
  result.experiment.patience = 1;
  const std::string two = learning_section(result);
  EXPECT_EQ(xml_fault(two), "");
  EXPECT_EQ(dots(), 2u);
  EXPECT_TRUE(has(two, ">kept</text>"));
  EXPECT_TRUE(has(two, "Early stop kept the weights of epochs 1 and 2, the best on the validation part (dots: of each seed).")) << two;
  result.runs[1].kept_epoch = 0;
  EXPECT_TRUE(has(learning_section(result), "the weights of epoch 1, "));
  EXPECT_NE(learning_section(result), two) << "the dot has moved";
  while (result.runs.size() < 6) result.runs.push_back(result.runs[1]);
  result.runs[3].kept_epoch = 1;
  EXPECT_TRUE(has(learning_section(result), "the weights of epochs 1 to 2, "));
  result.runs.resize(1);
  EXPECT_TRUE(has(learning_section(result), "the weights of epoch 1, the best on the validation part (the dot)."));
}

TEST(Html, losses_are_shown) {
  ExperimentResult result = sample_result();
  result.runs[0].test.counts.dropped = 17;
  EXPECT_TRUE(has(training_html(result, sample_network(), {}), "17 were dropped by the device"));
}

TEST(Json, neurobench_has_exactly_its_keys) {
  const auto json = ordered_json::parse(training_json(sample_result(), sample_network(), sample_info()));
  const auto& bench = json.at("neurobench");
  EXPECT_EQ(keys(bench), (std::vector<std::string>{"Footprint", "ConnectionSparsity", "ClassificationAccuracy", "ActivationSparsity",
                                                   "SynapticOperations"}));
  EXPECT_EQ(keys(bench.at("SynapticOperations")), (std::vector<std::string>{"Effective_MACs", "Effective_ACs", "Dense"}));
  EXPECT_TRUE(bench.at("Footprint").is_number_integer());
  EXPECT_DOUBLE_EQ(bench.at("ClassificationAccuracy").get<double>(), 0.75);
}

TEST(Json, the_rest_is_there_too) {
  const auto json = ordered_json::parse(training_json(sample_result(), sample_network(), sample_info()));
  EXPECT_EQ(json.at("runs").size(), 2u);
  EXPECT_EQ(json.at("control").at("runs").size(), 1u);
  EXPECT_NEAR(json.at("accuracy").at("mean").get<double>(), 0.8, 1e-12);
  EXPECT_EQ(json.at("linear_baseline").get<double>(), 0.625);
  const auto& extra = json.at("extra");
  EXPECT_EQ(extra.at("dt_ms").get<double>(), 1);
  EXPECT_EQ(extra.at("synaptic_events_per_inference").get<double>(), 40);
  EXPECT_EQ(extra.at("latency_p99_ms").get<double>(), 38);
  EXPECT_EQ(extra.at("per_inference").at("populations").at(1).at("name"), "hidden");
  const auto& energy = json.at("energy").at(0);
  EXPECT_EQ(energy.at("lines").at(0).at("kind"), "estimated");
  EXPECT_EQ(energy.at("lines").at(0).at("verified"), true);
  EXPECT_EQ(energy.at("lines").at(1).at("kind"), "measured");
  EXPECT_EQ(energy.at("lines").at(1).at("source"), "a power monitor");
  EXPECT_EQ(json.at("reproduce").at("facts").at("data sha256"), "46ab");
}

TEST(Json, undefined_values_are_null) {
  ExperimentResult result = sample_result();
  result.runs[0].test.accuracy = NAN;
  result.runs[0].test.latency_p50_ms = INFINITY;
  result.runs[0].test.samples = 0;
  const auto json = ordered_json::parse(training_json(result, sample_network(), {}));
  EXPECT_TRUE(json.at("extra").at("latency_p50_ms").is_null());
  EXPECT_TRUE(json.at("extra").at("spikes_per_inference").is_null());
  EXPECT_TRUE(json.at("runs").at(0).at("epochs").at(1).at("validation_accuracy").is_null());
  EXPECT_TRUE(ordered_json::accept(training_json({}, sample_network(), {})));
}

TEST(Json, bytes_that_are_not_utf8_are_replaced) {
  RunInfo info;
  info.command = "train \xff";
  EXPECT_TRUE(ordered_json::accept(training_json(sample_result(), sample_network(), info)));
}

}  // namespace
}  // namespace spikeloop::report
