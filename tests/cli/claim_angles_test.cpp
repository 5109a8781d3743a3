// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "cli/claims/updates.hpp"
#include "tests/cli/claim_support.hpp"

namespace spikeloop::cli {
namespace {

using test::angles_as_described;
using test::broken;
using test::run_angles;

TEST(ClaimAngles, holds) {
  const ClaimResult result = run_angles(angles_as_described());
  EXPECT_EQ(broken(result), "");
  EXPECT_TRUE(result.holds());
  EXPECT_EQ(result.plots.size(), 2u);
}

TEST(ClaimAngles, a_rule_that_is_no_gated_stdp_is_refused) {
  NetworkDescription d = angles_as_described();
  for (Projection& p : d.projections) p.rule = "hidden_current";
  for (Rule r : angles_as_described().rules) {
    r.name += "_current";
    d.rules.push_back(r);
  }
  EXPECT_THROW(run_angles(d), DescriptionError);
}

TEST(ClaimAngles, a_network_that_does_not_fit_is_refused) {
  NetworkDescription sparse = angles_as_described(), open = angles_as_described(), small = angles_as_described();
  sparse.projections.at(1).connect = FixedProbability{0.5, true};
  open.controllers.clear();
  small.populations.at(0).shape = {4, 4};
  for (const NetworkDescription& d : {sparse, open, small}) EXPECT_THROW(run_angles(d), DescriptionError);
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
