// SPDX-License-Identifier: Apache-2.0
// Projections of one source population that share rows: nobody can tell from outside.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/engine/layout.hpp"
#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

constexpr std::uint32_t kMergedInputs = 30;

/// Three targets, one of them at two ports, from each of 30 sources: 4 projections, all in one group.
NetworkDescription shared(bool distributed_delays, bool drawn_weights) {
  NetworkDescription d;
  LifExp two;
  two.tau_syn_ms = 5, two.tau_syn_inhibitory_ms = 11, two.v_threshold_mv = 4;
  d.populations = {source("in", kMergedInputs), neurons("a", 100, Lif{}), neurons("b", 150, two), neurons("c", 70, Alif{})};
  d.projections = {connect("in", "a", FixedInDegree{9}, 0.3, 1.3), connect("in", "b", FixedProbability{0.3}, 0.3, 1.3),
                   connect("in", "c", AllToAll{}, 0.3, 1.3), connect("in", "b", FixedTotalNumber{500}, 0.3, 1.3, Port::kApical)};
  d.projections[2].connect = FixedProbability{1};
  for (Projection& p : d.projections) {
    if (distributed_delays) p.delay_ms = {Uniform{0.2, 7}, {}};
    if (drawn_weights) p.weight = normal(0.1, 0.3);
  }
  d.probes = {spikes_of("a"), spikes_of("b"), spikes_of("c")};
  return d;
}

std::vector<Spike> some_input(double until_ms) {
  std::mt19937 random(2);
  std::vector<Spike> in;
  for (int t = 0; t < until_ms * 10; ++t)
    for (std::uint32_t i = 0; i < kMergedInputs; ++i)
      if (random() % 40 == 0) in.push_back({t * 100 * kMicrosecond, 0, i});
  return in;
}

std::vector<Spike> between(const std::vector<Spike>& all, Time from, Time until) {
  std::vector<Spike> part;
  for (const Spike& s : all)
    if (s.time >= from && s.time < until) part.push_back(s);
  return part;
}

/// What has arrived in the ticks [from, until), of the spikes given.
std::vector<std::uint64_t> arrived(const Session& session, const std::vector<Spike>& in, Tick from, Tick until) {
  std::vector<std::uint64_t> events;
  for (std::size_t k = 0; k < 4; ++k) {
    const Connectivity c = session.connectivity(k);
    std::vector<std::vector<Tick>> delays(kMergedInputs);
    for (std::size_t i = 0; i < c.sources.size(); ++i) delays[c.sources[i]].push_back(c.delays[i]);
    std::uint64_t n = 0;
    for (const Spike& s : in)
      for (const Tick delay : delays[s.neuron])
        if (const Tick due = s.time / (100 * kMicrosecond) + delay; due >= from && due < until) ++n;
    events.push_back(n);
  }
  return events;
}

std::vector<std::uint64_t> counted(const Session& session) {
  std::vector<std::uint64_t> events;
  for (const ProjectionCounts& c : session.counts().projections) events.push_back(c.synaptic_events);
  return events;
}

struct Kind {
  bool delays, weights;
};

class Merged : public ::testing::TestWithParam<Kind> {
 protected:
  NetworkDescription d = shared(GetParam().delays, GetParam().weights);
};

TEST_P(Merged, TheyDoShareRows) {
  const engine::Layout layout = engine::layout_of(Network(d), 1);
  ASSERT_EQ(layout.groups.size(), 1u) << "or these tests show nothing";
  EXPECT_EQ(layout.groups[0].projections, (std::vector<std::uint32_t>{0, 1, 2, 3}));
  EXPECT_EQ(layout.groups[0].stored, GetParam().weights);
  EXPECT_EQ(layout.groups[0].uniform_delay, !GetParam().delays);
}

TEST_P(Merged, CountsAreExactAtAnyTime) {
  const std::vector<Spike> in = some_input(60);
  for (const std::size_t threads : {1, 2, 3}) {
    const auto session = start(d, threads);
    Recording r;
    for (const double until : {0.1, 0.9, 1.4, 5.0, 5.1, 23.7, 60.0, 80.0}) {
      const Time begin = session->now();
      advance(*session, until, r, between(in, begin, from_ms(until)));
      EXPECT_EQ(counted(*session), arrived(*session, in, 0, from_ms(until) / (100 * kMicrosecond))) << until;
    }
    EXPECT_GT(counted(*session)[3], 500u);
    EXPECT_GT(r.spikes.size(), 20u);
  }
}

TEST_P(Merged, WhatWaitsAtResetIsNeverCounted) {
  const std::vector<Spike> in = some_input(10);
  const auto session = start(d, 2);
  NullSink nobody;
  session->advance(from_ms(10), in, nobody);
  const auto first = arrived(*session, in, 0, 100);
  session->reset(1);
  EXPECT_EQ(counted(*session), first);
  session->advance(from_ms(30), between(in, 0, from_ms(4)), nobody);
  const auto second = arrived(*session, between(in, 0, from_ms(4)), 0, 300);
  for (std::size_t k = 0; k < 4; ++k) EXPECT_EQ(counted(*session)[k], first[k] + second[k]) << k;
}

TEST_P(Merged, CountsBeginAnewAtRestoreWithWhatIsOnItsWay) {
  const std::vector<Spike> in = some_input(40);
  for (const double at : {0.5, 3.7, 22.2}) {
    const auto session = start(d, 2), other = start(d, 3);
    NullSink nobody;
    session->advance(from_ms(at), between(in, 0, from_ms(at)), nobody);
    other->advance(from_ms(40), in, nobody);  // it has a past of its own
    other->restore(session->save());
    EXPECT_EQ(counted(*other), (std::vector<std::uint64_t>(4, 0)));
    const Tick now = from_ms(at) / (100 * kMicrosecond);
    other->advance(from_ms(at + 3), between(in, from_ms(at), from_ms(at + 3)), nobody);
    EXPECT_EQ(counted(*other), arrived(*other, between(in, 0, from_ms(at + 3)), now, now + 30)) << at;
    other->advance(from_ms(60), between(in, from_ms(at + 3), from_ms(60)), nobody);
    EXPECT_EQ(counted(*other), arrived(*other, in, now, 600)) << at;
  }
}

TEST_P(Merged, WeightsOfOneLeaveTheOthersAlone) {
  const auto session = start(d, 2);
  std::vector<std::vector<float>> before;
  for (std::size_t k = 0; k < 4; ++k) before.push_back(session->weights(k));
  std::vector<float> w = before[1];
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(i);
  session->set_weights(1, w);
  for (std::size_t k = 0; k < 4; ++k) EXPECT_EQ(session->weights(k), k == 1 ? w : before[k]) << k;

  const Connectivity plain = start(d, 1)->connectivity(1), c = session->connectivity(1);
  EXPECT_EQ(c.targets, plain.targets);
  EXPECT_EQ(c.delays, plain.delays);
}

TEST_P(Merged, RestoreAfterSetWeights) {
  const std::vector<Spike> in = some_input(60);
  const auto session = start(d, 2);
  const State fresh = session->save();
  std::vector<float> w = session->weights(1);
  const std::vector<float> described = w, apical = session->weights(3);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = i % 3 ? 0.2f : -0.4f;
  session->set_weights(1, w);
  NullSink nobody;
  session->advance(from_ms(20), between(in, 0, from_ms(20)), nobody);
  const State state = session->save();
  Recording r, again;
  advance(*session, 60, r, between(in, from_ms(20), from_ms(60)));
  const auto other = start(d, 3);
  other->restore(state);
  EXPECT_EQ(other->weights(1), w);
  EXPECT_EQ(other->weights(3), apical);
  advance(*other, 60, again, between(in, from_ms(20), from_ms(60)));
  EXPECT_GT(r.spikes.size(), 20u);
  EXPECT_EQ(again.spikes, r.spikes);
  other->restore(fresh);
  EXPECT_EQ(other->weights(1), described) << "as it was described, and at its old places";
  Recording first, third;
  advance(*other, 60, first, in);
  advance(*start(d, 1), 60, third, in);
  EXPECT_EQ(first.spikes, third.spikes);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Merged, ::testing::Values(Kind{false, false}, Kind{true, false}, Kind{false, true}, Kind{true, true}),
                         [](const auto& kind) {
                           return std::string(kind.param.delays ? "delays" : "one_delay") +
                                  (kind.param.weights ? "_weights" : "_one_weight");
                         });

/// A weight whose sign changes moves to the current of its new sign, and only there.
TEST(MergedSigns, WeightsGoToTheCurrentOfTheirSign) {
  NetworkDescription d = shared(false, false);
  std::get<LifExp>(std::get<NeuronModel>(d.populations[2].kind)).v_threshold_mv = 1000;
  d.probes = {probe_of("b", Probe::Variable::kBasalCurrent, 10, 100), probe_of("b", Probe::Variable::kApicalCurrent, 10, 100)};
  const std::vector<Spike> in = {at_ms(1, 0, 3), at_ms(4, 0, 7)};
  for (const int flips : {0, 1, 2}) {
    const auto session = start(d, 2);
    std::vector<float> w = session->weights(1);
    for (int flip = 0; flip < flips; ++flip) {
      for (std::size_t i = 0; i < w.size(); ++i) w[i] = (static_cast<int>(i) + flip) % 2 ? 0.25f * static_cast<float>(i % 5) : -0.5f;
      session->set_weights(1, w);
    }
    const Connectivity c = session->connectivity(1), apical = session->connectivity(3);
    std::vector<double> basal(150), other(150);
    for (const Spike& s : in) {
      const double ms = 10 - (to_ms(s.time) + 1.3);
      for (std::size_t i = 0; i < w.size(); ++i)
        if (c.sources[i] == s.neuron) basal[c.targets[i]] += static_cast<double>(w[i]) * std::exp(-ms / (w[i] < 0 ? 11 : 5));
      for (std::size_t i = 0; i < apical.sources.size(); ++i)
        if (apical.sources[i] == s.neuron) other[apical.targets[i]] += static_cast<double>(0.3f) * std::exp(-ms / 20);
    }
    Recording r;
    advance(*session, 11, r, in);
    for (std::size_t j = 0; j < 150; ++j) {
      EXPECT_NEAR(samples_of(r, 0).at(0)[j], basal[j], 1e-7) << j << ", flips " << flips;
      EXPECT_NEAR(samples_of(r, 1).at(0)[j], other[j], 1e-7) << j;
    }
  }
}

TEST(MergedSigns, DrawnWeightsGoToTheCurrentOfTheirSign) {
  NetworkDescription d = shared(true, true);
  std::get<LifExp>(std::get<NeuronModel>(d.populations[2].kind)).v_threshold_mv = 1000;
  d.probes = {probe_of("b", Probe::Variable::kBasalCurrent, 10, 100)};
  const auto session = start(d, 3);
  const std::vector<float> w = session->weights(1);
  const Connectivity c = session->connectivity(1);
  std::vector<double> basal(150);
  for (std::size_t i = 0; i < w.size(); ++i)
    if (c.sources[i] == 5)
      basal[c.targets[i]] += static_cast<double>(w[i]) * std::exp(-(9 - 0.1 * static_cast<double>(c.delays[i])) / (w[i] < 0 ? 11 : 5));
  Recording r;
  advance(*session, 11, r, std::vector<Spike>{at_ms(1, 0, 5)});
  double some = 0;
  for (std::size_t j = 0; j < 150; ++j) {
    EXPECT_NEAR(samples_of(r, 0).at(0)[j], basal[j], 1e-7) << j;
    some += std::abs(basal[j]);
  }
  EXPECT_GT(some, 1);
}

}  // namespace
}  // namespace spikeloop::testing
