// SPDX-License-Identifier: Apache-2.0
#include "cli/claims/angles.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "cli/claims/updates.hpp"
#include "cli/inputs.hpp"

namespace spikeloop::cli {
namespace {

constexpr const char* kSource = SPIKELOOP_SOURCE_DIR;

NetworkDescription as_described() { return load_network_of(std::string(kSource) + "/examples/claims/angles_network.txtpb"); }

ClaimResult run(const NetworkDescription& network) { return angles(network, {1, true, std::string(kSource) + "/examples/data"}); }

/// The findings that do not hold.
std::string broken(const ClaimResult& result) {
  std::string names;
  for (const Finding& f : result.findings)
    if (!f.passes()) names += f.name + "\n";
  return names;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Feedback& feedback_to(NetworkDescription& d, const std::string& population) {
  for (Feedback& f : d.controllers.at(0).feedback)
    if (f.to == population) return f;
  throw BugError("no feedback to " + population);
}

void flip_stdp(NetworkDescription& d, const std::string& rule) {
  for (Rule& r : d.rules)
    if (r.name == rule) std::get<StdpFeedback>(r.kind).a_plus *= -1, std::get<StdpFeedback>(r.kind).a_minus *= -1;
}

TEST(ClaimAngles, holds) {
  const ClaimResult result = run(as_described());
  EXPECT_EQ(broken(result), "");
  EXPECT_TRUE(result.holds());
  EXPECT_EQ(result.plots.size(), 2u);
}

TEST(ClaimAngles, stdp_of_the_opposite_sign_climbs_the_error) {
  for (const std::string layer : {"hidden", "out"}) {
    NetworkDescription d = as_described();
    flip_stdp(d, layer);
    const std::string names = broken(run(d)), where = layer == "out" ? "output" : "hidden";
    EXPECT_TRUE(has(names, where + ", STDP and differential Hebbian")) << names;
    EXPECT_TRUE(has(names, where + ", STDP and error: ")) << names;
  }
}

TEST(ClaimAngles, feedback_of_the_opposite_sign_breaks_both_layers) {
  NetworkDescription d = as_described();
  for (Feedback& f : d.controllers.at(0).feedback) f.amplitude *= -1;
  const std::string names = broken(run(d));
  EXPECT_TRUE(has(names, "hidden, STDP and error: ")) << names;
  EXPECT_TRUE(has(names, "output, STDP and error: ")) << names;
}

TEST(ClaimAngles, outputs_that_get_the_feedback_of_others_do_not_descend) {
  NetworkDescription d = as_described();
  auto shuffled = std::make_shared<std::vector<double>>(100, 0.0);
  for (std::size_t k = 0; k < 10; ++k) (*shuffled)[k * 10 + (k + 3) % 10] = 1;
  feedback_to(d, "out").weights.kind = Listed{shuffled};
  const std::string names = broken(run(d));
  EXPECT_TRUE(has(names, "output, STDP and error: ")) << names;
}

// Its sign alone would not matter: the forward weights align with whatever is fixed while the network is trained.
TEST(ClaimAngles, a_hidden_layer_without_feedback_does_not_descend) {
  NetworkDescription d = as_described();
  feedback_to(d, "hidden").amplitude = 0;
  const std::string names = broken(run(d));
  EXPECT_TRUE(has(names, "hidden, STDP and error: ")) << names;
  EXPECT_FALSE(has(names, "output, STDP and error: ")) << names;
}

// A pair in one tick only potentiates, so that equal amplitudes do not cancel at constant rates.
TEST(ClaimAngles, stdp_whose_areas_differ_learns_without_the_feedback_driving) {
  NetworkDescription d = as_described();
  for (Rule& r : d.rules)
    if (r.name == "hidden") std::get<StdpFeedback>(r.kind).a_minus = std::get<StdpFeedback>(r.kind).a_plus;
  const std::string names = broken(run(d));
  EXPECT_TRUE(has(names, "hidden, STDP along the error: left")) << names;
}

TEST(ClaimAngles, a_rule_that_is_no_gated_stdp_is_refused) {
  NetworkDescription d = as_described();
  for (Projection& p : d.projections) p.rule = "hidden_current";
  for (Rule r : as_described().rules) {
    r.name += "_current";
    d.rules.push_back(r);
  }
  EXPECT_THROW(run(d), DescriptionError);
}

TEST(ClaimAngles, a_network_that_does_not_fit_is_refused) {
  NetworkDescription sparse = as_described(), open = as_described(), small = as_described();
  sparse.projections.at(1).connect = FixedProbability{0.5, true};
  open.controllers.clear();
  small.populations.at(0).shape = {4, 4};
  for (const NetworkDescription& d : {sparse, open, small}) EXPECT_THROW(run(d), DescriptionError);
}

// --- what it measures with ---

/// One neuron before, one behind, ticks of 1 ms, no delay.
Update hebbian(const std::vector<Spike>& spikes, double gate_ms, double end_ms, double active_trace = 0) {
  Update sum(1, 0.0);
  add_hebbian(sum, spikes, {0, 1, 1, 1, 0}, {from_ms(gate_ms), from_ms(end_ms), kMillisecond, active_trace}, 20);
  return sum;
}

TEST(Updates, hebbian_of_one_pair_is_its_closed_form) {
  // r_pre = exp(-t/20), r_post = exp(-(t - 5)/20) from 5 ms on: exp(-5/20) - 1/20 integral from 5 to 100 of their product.
  const double expected = std::exp(-0.25) - std::exp(-0.25) * (1 - std::exp(-2 * 95 / 20.0)) / 2;
  EXPECT_NEAR(hebbian({{0, 0, 0}, {from_ms(5), 1, 0}}, 0, 100)[0], expected, 1e-12);
  EXPECT_LT(hebbian({{0, 1, 0}, {from_ms(5), 0, 0}}, 0, 100)[0], 0);
}

TEST(Updates, hebbian_counts_what_is_inside_the_gate) {
  const std::vector<Spike> pair = {{0, 0, 0}, {from_ms(5), 1, 0}};
  EXPECT_LT(hebbian(pair, 6, 100)[0], 0);  // the rise was before
  EXPECT_EQ(hebbian(pair, 0, 5)[0], 0);
  EXPECT_EQ(hebbian(pair, 4, 100, 0.05)[0], 0);  // it was not active
}

TEST(Updates, hebbian_of_a_constant_rate_is_nearly_nothing) {
  std::vector<Spike> spikes;
  for (int t = 0; t < 1000; t += 10) spikes.push_back({from_ms(t), 0, 0}), spikes.push_back({from_ms(t + 5), 1, 0});
  EXPECT_NEAR(hebbian(spikes, 200, 1000)[0] / 80, 0, 0.01);  // per post spike; r_pre is about 2
}

TEST(Updates, angles_are_those_of_vectors) {
  EXPECT_NEAR(angle_deg({1, 0}, {1, 1}), 45, 1e-9);
  EXPECT_NEAR(angle_deg({1, 0}, {-2, 0}), 180, 1e-9);
  EXPECT_EQ(angle_deg({1, 0}, {0, 0}), 90);
  EXPECT_TRUE(std::isnan(angle_deg({1, 0}, {1, std::nan("")}))) << "90 degrees would pass for nothing in common";
}

}  // namespace
}  // namespace spikeloop::cli
