// SPDX-License-Identifier: Apache-2.0
// Homeostasis, and traces as probes see them.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tests/simulator/pair_protocol.hpp"

namespace spikeloop::testing {
namespace {

TEST(Homeostasis, ThresholdMovesByTheExcessOverTheTarget) {
  Lif lif;
  NetworkDescription d;
  Population p = neurons("n", 2, lif);
  p.homeostasis = Homeostasis{20, 0.05, 0.4};
  d.populations = {p, source("force", 2), source("teach", 1)};
  d.projections = {connect("force", "n", OneToOne{}, 5), connect("teach", "n", AllToAll{}, 1e-6, 0.1, Port::kModulator)};
  const auto session = start(d);
  Recording r;
  std::vector<Spike> in;
  for (int k = 0; k < 6; ++k) in.push_back(at_ms(5 + 10 * k, 1, 0));
  advance(*session, 100, r, in);
  session->commit();  // neuron 0: 6 spikes in 100 ms where 2 were wanted; neuron 1: none
  EXPECT_NEAR(session->thresholds(0)[0], 1 + 0.05 * 4, 1e-12);
  EXPECT_NEAR(session->thresholds(0)[1], 1 - 0.05 * 2, 1e-12);

  session->reset(1);
  in.push_back(at_ms(29.9, 2, 0));  // feedback arrives at 30 ms: three spikes came before it, where 0.6 were wanted
  advance(*session, 100, r, in);
  session->commit();
  EXPECT_NEAR(session->thresholds(0)[0], 1.2 + 0.05 * (3 - 0.6), 1e-12);

  session->set_learning(1, 0);
  session->reset(2);
  advance(*session, 100, r);
  session->commit();
  EXPECT_NEAR(session->thresholds(0)[0], 1.32, 1e-12);
  session->set_learning(1, 1);
  for (std::uint64_t trial = 3; trial < 30; ++trial) {
    session->reset(trial);
    advance(*session, 100, r);
    session->commit();
  }
  EXPECT_EQ(session->thresholds(0)[1], 0.4) << "not below its least";
}

TEST(Homeostasis, BringsThePopulationToItsTargetRate) {
  Lif lif;
  lif.bias_mv = 1.2;
  NetworkDescription d;
  Population p = neurons("n", 50, lif);
  p.homeostasis = Homeostasis{15, 0.02, 0};
  d.populations = {p, source("in", 50, PoissonSource{400})};
  Projection drive = connect("in", "n", OneToOne{}, 0);
  drive.weight = {Uniform{0.02, 0.3}, {}};
  d.projections = {drive};
  d.probes = {spikes_of("n")};
  const auto session = start(d);
  const auto rate = [&](std::uint64_t trial) {
    session->reset(trial);
    Recording r;
    advance(*session, 200, r);
    session->commit();
    return static_cast<double>(r.spikes.size()) / 50 / 0.2;
  };
  EXPECT_GT(rate(0), 30);
  for (std::uint64_t trial = 1; trial < 400; ++trial) rate(trial);
  double last = 0;
  for (std::uint64_t trial = 400; trial < 420; ++trial) last += rate(trial) / 20;
  EXPECT_NEAR(last, 15, 1);
}

TEST(Traces, AProbeSeesThemAfterTheTick) {
  const Stdp s = window();
  NetworkDescription d = pair_protocol(s);
  d.projections[0].name = "plastic";
  d.probes = {probe_of_projection("plastic", Probe::Variable::kPreTrace, 10.1, 10),
              probe_of_projection("plastic", Probe::Variable::kPostTrace, 15, 10)};
  for (const std::size_t threads : {1, 2, 3}) {  // a small population is in one lane, whichever
    const auto session = start(d, threads);
    Recording r;
    advance(*session, 30, r, std::vector<Spike>{at_ms(10, 0, 0), at_ms(14.9, 2, 0)});
    const auto pre = samples_of(r, 0), post = samples_of(r, 1);
    ASSERT_EQ(pre.size(), 2u);
    ASSERT_EQ(post.at(0).size(), 1u);
    EXPECT_NEAR(pre[0][0], 1, 1e-12);
    EXPECT_NEAR(pre[1][0], std::exp(-10 / s.tau_plus_ms), 1e-12);
    EXPECT_NEAR(post[0][0], 1, 1e-12);
    EXPECT_NEAR(post[1][0], std::exp(-10 / s.tau_minus_ms), 1e-12);
  }
}

}  // namespace
}  // namespace spikeloop::testing
