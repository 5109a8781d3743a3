// SPDX-License-Identifier: Apache-2.0
// The order inside a tick, and what happens at the edges of refractory time.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

NetworkDescription one_input(const NeuronModel& model, const std::vector<double>& emitted_ms, double weight, double delay_ms = 0.1,
                             Port port = Port::kBasal) {
  NetworkDescription d;
  d.populations = {neurons("n", 1, model), source("in", 1, spike_list(emitted_ms))};
  d.projections = {connect("in", "n", AllToAll{}, weight, delay_ms, port)};
  d.probes = {spikes_of("n"), probe_of("n", Probe::Variable::kPotential, 0, 0.1), probe_of("n", Probe::Variable::kApicalCurrent, 0, 0.1),
              probe_of("n", Probe::Variable::kBasalCurrent, 0, 0.1)};
  return d;
}

TEST(TickOrder, DeltaInputIsNotDecayedAtItsOwnTick) {
  const auto v = samples_of(run(one_input(Lif{}, {1.0}, 0.5), 2), 1);
  EXPECT_EQ(v[10][0], 0);
  EXPECT_EQ(v[11][0], 0.5);
  EXPECT_NEAR(v[12][0], 0.5 * std::exp(-0.005), 1e-15);
}

TEST(TickOrder, ACurrentMovesThePotentialFromTheNextTick) {
  const Recording r = run(one_input(Lif{}, {1.0}, 0.5, 0.1, Port::kApical), 2);
  const auto v = samples_of(r, 1), i = samples_of(r, 2);
  EXPECT_EQ(i[11][0], 0.5);
  EXPECT_EQ(v[11][0], 0);
  EXPECT_GT(v[12][0], 0);
}

TEST(TickOrder, ArrivalsAreLostInRefractoryTicksOnly) {
  Lif n;
  n.refractory_ms = 0.5;  // a spike at tick 10: held at ticks 11 .. 15
  for (int tick = 11; tick <= 16; ++tick) {
    NetworkDescription d = one_input(n, {0.9}, 1.0);  // fires the neuron at tick 10
    d.populations.push_back(source("second", 1, spike_list({(tick - 1) * 0.1})));
    d.projections.push_back(connect("second", "n", AllToAll{}, 0.25));
    const Recording r = run(d, 2);
    EXPECT_EQ(times_of(r, 0, 0), std::vector<Time>{from_ms(1.0)}) << tick;
    EXPECT_EQ(samples_of(r, 1)[16][0], tick == 16 ? 0.25 : 0) << tick;
  }
}

TEST(TickOrder, CurrentsDecayAndAddUpInRefractoryTime) {
  LifExp n;
  n.tau_syn_ms = 5, n.refractory_ms = 3, n.v_threshold_mv = 1;
  NetworkDescription d = one_input(n, {1.0, 2.0}, 4);
  d.populations[0].v_initial_mv = Value{Constant{1}, {}};  // spikes at tick 0, held to tick 30
  const Recording r = run(d, 4);
  const auto v = samples_of(r, 1), i = samples_of(r, 3);
  EXPECT_NEAR(i[25][0], 4 * std::exp(-14 * 0.1 / 5) + 4 * std::exp(-4 * 0.1 / 5), 1e-12);
  for (std::size_t t = 0; t <= 30; ++t) EXPECT_EQ(v[t][0], 0) << t;
  EXPECT_GT(v[31][0], 0);
}

TEST(TickOrder, SubtractiveResetHoldsTheResidual) {
  Lif n;
  n.reset = Reset::kSubtract, n.refractory_ms = 0.3;
  const auto v = samples_of(run(one_input(n, {0.9}, 1.5), 2), 1);
  for (std::size_t t = 10; t <= 13; ++t) EXPECT_EQ(v[t][0], 0.5) << t;
  EXPECT_LT(v[14][0], 0.5);
}

TEST(TickOrder, ArrivalsOfATickAreSummedBeforeTheThresholdIsLookedAt) {
  NetworkDescription d = one_input(Lif{}, {1.0}, 2.0);  // alone it would fire the neuron
  d.populations.push_back(source("against", 1, spike_list({1.0})));
  d.projections.push_back(connect("against", "n", AllToAll{}, -1.5));
  EXPECT_TRUE(run(d, 2).spikes.empty());
}

/// In float32 (1e8 - 1e8) + 1 = 1 but (-1e8 + 1) + 1e8 = 0: the sum is formed by emission, however long each spike was on its way.
TEST(TickOrder, ArrivalsAreSummedInTheOrderOfEmission) {
  for (const double delay : {3.0, 30.0, 300.0}) {  // 30, 300 and 3,000 ticks, and at 1 us up to 300,000
    for (const Time resolution : {kMicrosecond, 100 * kMicrosecond}) {
      NetworkDescription d;
      d.resolution = resolution;
      d.populations = {source("c", 1, spike_list({400})), source("a", 1, spike_list({400.2 - delay})), source("b", 1, spike_list({399.9})),
                       neurons("n", 1, Lif{}),
                       source("awake", 1, spike_list({399.7}))};  // so that the last two are near when they are queued
      d.projections = {connect("c", "n", AllToAll{}, 1, 0.2), connect("b", "n", AllToAll{}, -1e8, 0.3),
                       connect("a", "n", AllToAll{}, 1e8, delay), connect("awake", "n", AllToAll{}, 0, 0.1)};
      d.probes = {spikes_of("n")};
      EXPECT_EQ(times_of(run(d, 500), 3, 0), std::vector<Time>{from_ms(400.2)}) << delay << ' ' << resolution;
    }
  }
}

TEST(TickOrder, SpikesComeInTheOrderOfTimePopulationAndNeuron) {
  NetworkDescription d;
  d.populations = {neurons("b", 70, Lif{}), neurons("a", 70, Lif{}), source("in", 1, spike_list({0.9, 2.0}))};
  d.projections = {connect("in", "b", AllToAll{}, 2, 0.2), connect("in", "a", AllToAll{}, 2, 0.1)};
  d.probes = {spikes_of("a"), spikes_of("b"), spikes_of("in"), probe_of("a", Probe::Variable::kPotential, 1, 1)};
  for (const std::size_t threads : {1, 2, 3}) {
    const Recording r = run(d, 4, {}, threads);
    ASSERT_EQ(r.spikes.size(), 2u * 140 + 2);
    for (std::size_t k = 1; k < r.spikes.size(); ++k) {
      const Spike &x = r.spikes[k - 1], &y = r.spikes[k];
      EXPECT_LT(std::tie(x.time, x.population, x.neuron), std::tie(y.time, y.population, y.neuron));
    }
  }
}

TEST(TickOrder, DelaysOfTwentyMillisecondsAtOneNanosecond) {
  NetworkDescription d;
  d.resolution = kNanosecond;
  d.populations = {neurons("n", 2, Lif{}), source("in", 1, spike_list({1.0, 1.000001, 1.5}))};
  Projection p = connect("in", "n", AllToAll{}, 2);
  p.delay_ms = listed({20.0, 19.999997});
  d.projections = {p};
  d.probes = {spikes_of("n")};
  const Recording r = run(d, 30);
  EXPECT_EQ(times_of(r, 0, 0), (std::vector<Time>{21'000'000, 21'000'001, 21'500'000}));
  EXPECT_EQ(times_of(r, 0, 1), (std::vector<Time>{20'999'997, 20'999'998, 21'499'997}));
}

}  // namespace
}  // namespace spikeloop::testing
