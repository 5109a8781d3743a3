// SPDX-License-Identifier: Apache-2.0
// The published files, against the traces that came with them.
#include <gtest/gtest.h>

#include <cmath>

#include "core/io/nir.hpp"
#include "core/nir/stepper.hpp"
#include "tests/nir/support.hpp"

namespace spikeloop::nir::test {
namespace {

constexpr Time kStep = 100 * kMicrosecond;

#define NEED(name) \
  if (!published(name)) GTEST_SKIP() << "SKIPPED: nir/" << (name) << " is not in SPIKELOOP_DATA_DIR"

TEST(Published, the_exact_run_is_the_closed_form_solution) {
  NEED("lif_exact.csv");
  const Graph graph = io::read_nir(*published("lif_norse.nir"));
  const auto csv = columns(*published("lif_exact.csv"));
  std::vector<InputSpike> input;
  for (std::size_t k = 0; k < csv[0].size(); ++k)
    if (csv[0][k] > 0) input.push_back({static_cast<Time>(k) * kStep, "input", 0});
  ASSERT_EQ(input.size(), 34u);
  const NetworkRun r = run(graph, {{}, kStep, {}, Reset::kToValue}, input, 1000 * kStep + kMicrosecond, kStep + kNanosecond, kStep);
  const std::vector<Time> spikes = r.spikes("1");
  const double expected_ms[] = {46.0844, 51.0898, 71.0920, 76.0909};
  ASSERT_EQ(spikes.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(to_ms(spikes[i]), expected_ms[i], 1e-3);
  const auto v = r.samples("1.potential");
  ASSERT_GE(v.size(), csv[1].size());
  double worst = 0;
  for (std::size_t k = 0; k < csv[1].size(); ++k) worst = std::max(worst, std::abs(v[k][0] - csv[1][k]));
  RecordProperty("worst_voltage", std::to_string(worst));
  EXPECT_LT(worst, 1e-6);
}

/// Worst difference of the voltage in the file's unit; spike steps must be the same.
double compare(const char* tool, const char* trace, double scale) {
  const Graph graph = io::read_nir(*published("lif_norse.nir"));
  const FlatGraph flat = flatten(graph);
  const auto csv = columns(*published(trace));
  Stepper stepper(flat, *find_tool(tool), 1e-4);
  const std::size_t lif = 1;
  EXPECT_EQ(flat.nodes[lif].type(), "LIF");
  double worst = 0;
  for (std::size_t k = 0; k < csv[0].size(); ++k) {
    const std::vector<double> input = {csv[0][k]};
    stepper.step(std::span(&input, 1));
    EXPECT_EQ(stepper.output(lif)[0], csv[2][k]) << tool << " at step " << k;
    worst = std::max(worst, std::abs(stepper.potential(lif)[0] - csv[1][k] / scale));
  }
  return worst;
}

TEST(Published, as_norse) {
  NEED("lif_norse.csv");
  EXPECT_LT(compare("norse", "lif_norse.csv", 1), 1e-5);
}
TEST(Published, as_snntorch) {
  NEED("lif_snntorch.csv");
  EXPECT_LT(compare("snntorch", "lif_snntorch.csv", 25), 1e-5);
}
TEST(Published, as_nengo) {
  NEED("lif_nengo.csv");
  EXPECT_LT(compare("nengo", "lif_nengo.csv", 10), 1e-5);
}
// Its largest weight is 2,040 of its units, and the threshold of 2.5 weights one more than 5,100; voltages are scaled to that threshold.
TEST(Published, as_spinnaker2) {
  NEED("lif_spinnaker2.csv");
  EXPECT_LT(compare("spinnaker2", "lif_spinnaker2.csv", 25.0 * 5100 / 5101), 1e-6);
}

TEST(Published, two_lif_neurons_is_refused_until_pulse_and_reset_are_given) {
  NEED("two_lif_neurons.nir");
  const Graph graph = io::read_nir(*published("two_lif_neurons.nir"));
  const FlatGraph flat = flatten(graph);
  const std::string open = faults([&] { settle(flat, {}); });
  EXPECT_NE(open.find("--pulse: is open"), std::string::npos) << open;
  EXPECT_NE(open.find("--reset: is open"), std::string::npos) << open;
  EXPECT_EQ(open.find("--unit"), std::string::npos) << open;
  const NetworkRun r = run(graph, {{}, {}, Pulse::kDiracUnit, Reset::kToValue}, {{0, "in", 0}}, 100 * kMillisecond);
  // The input is an impulse of area 1: 1 / tau = 100 lies far above the threshold. Then it fires by itself, every tau ln(1.2 / 0.2).
  const std::vector<Time> spikes = r.spikes("lif1");
  ASSERT_EQ(spikes.size(), 6u);
  EXPECT_EQ(spikes[0], 1);
  for (std::size_t i = 1; i < spikes.size(); ++i) EXPECT_NEAR(static_cast<double>(spikes[i] - spikes[i - 1]), 1e7 * std::log(6.0), 2);
  EXPECT_EQ(r.count("lif2"), 6u) << "a jump of 100 is above its threshold of 20";
  const NetworkRun rect = run(graph, {{}, kStep, Pulse::kRect, Reset::kToValue}, {}, 100 * kMillisecond);
  EXPECT_EQ(rect.count("lif2"), 0u);
}

TEST(Published, the_recurrent_file_runs) {
  NEED("braille_noDelay_bias_zero.nir");
  const Graph graph = io::read_nir(*published("braille_noDelay_bias_zero.nir"));
  const FlatGraph flat = flatten(graph);
  ASSERT_TRUE(inferred_dt(flat));
  EXPECT_NEAR(*inferred_dt(flat), 1e-4, 1e-8);
  std::vector<InputSpike> input;
  for (std::uint32_t i = 0; i < 12; ++i)
    for (Time t = 0; t < 20; ++t) input.push_back({(t * 5 + i % 3) * kMillisecond, "input", i});
  const NetworkRun r = run(graph, {{}, {}, {}, Reset::kToValue}, input, 100 * kMillisecond);
  EXPECT_GT(r.count("lif1.lif"), 0u);
  EXPECT_GT(r.count("lif2"), 0u);
}

}  // namespace
}  // namespace spikeloop::nir::test
