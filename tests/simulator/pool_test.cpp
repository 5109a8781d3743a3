// SPDX-License-Identifier: Apache-2.0
// The pooling interneuron of the recipes: it fires once per sqrt(n) input spikes, learns with the opposite sign, and so takes the mean of
// the input out of the update.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

constexpr std::uint32_t kInputs = 16;
constexpr double kEta = 1e-3;

/// Populations: 0 in, 1 pool, 2 out (never fires), 3 teach, a constant feedback current.
NetworkDescription pooled(bool with_pool) {
  Lif out;
  out.v_threshold_mv = 1000;
  If pool;
  pool.v_threshold_mv = std::sqrt(kInputs), pool.reset = Reset::kSubtract;
  FeedbackCurrent up, down;
  up.eta = kEta, down.eta = -kEta;
  NetworkDescription d;
  d.populations = {source("in", kInputs), neurons("pool", 1, pool), neurons("out", 1, out),
                   source("teach", 1, CurrentSource{{{from_ms(0), 1}}}), source("gate", 1)};
  d.projections = {plastic(connect("in", "out", AllToAll{}, 0), "up"), plastic(connect("pool", "out", AllToAll{}, 0), "down"),
                   connect("teach", "out", AllToAll{}, 1, 0.1, Port::kModulator),
                   connect("gate", "out", AllToAll{}, 0, 0.1, Port::kModulator)};
  if (with_pool) d.projections.push_back(connect("in", "pool", AllToAll{}, 1));
  d.rules = {{"up", up, Commit::kTrial, {}, {}}, {"down", down, Commit::kTrial, {}, {}}};
  return d;
}

/// By how much learning on the first `active` inputs, 40 spikes each, moved the drive that the same input gives, in units of what one input
/// alone would have earned.
double drive_change(bool with_pool, std::uint32_t active) {
  const auto session = start(pooled(with_pool));
  constexpr int kSpikes = 40;
  std::vector<Spike> in = {at_ms(0.2, 4, 0)};
  for (int k = 0; k < kSpikes; ++k)
    for (std::uint32_t i = 0; i < active; ++i) in.push_back(at_ms(1 + 4 * k + 0.2 * i, 0, i));
  Recording r;
  advance(*session, 200, r, in);
  session->commit();
  const double pool_spikes = static_cast<double>(session->counts().populations[1].spikes);
  double drive = static_cast<double>(session->weights(1)[0]) * pool_spikes;
  for (const float w : session->weights(0)) drive += static_cast<double>(w) * (w == 0 ? 0 : kSpikes);
  return drive / (kEta * kSpikes * kSpikes);
}

TEST(Pool, TakesTheMeanOfTheInputOutOfTheUpdate) {
  EXPECT_NEAR(drive_change(false, kInputs), kInputs, 0.01);
  EXPECT_NEAR(drive_change(true, kInputs), 0, 0.01) << "all inputs alike: nothing but mean";
}

TEST(Pool, LeavesWhatTellsAnInputFromTheMean) {
  EXPECT_NEAR(drive_change(true, kInputs / 2), kInputs / 2 - kInputs / 4, 0.01) << "half of the inputs: half of it is mean";
  EXPECT_NEAR(drive_change(true, 1), 1 - 1.0 / kInputs, 0.01);
}

}  // namespace
}  // namespace spikeloop::testing
