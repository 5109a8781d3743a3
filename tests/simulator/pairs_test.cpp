// SPDX-License-Identifier: Apache-2.0
// The rules against hand computations: pairs, lag, delays, gates, bounds, commits.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tests/simulator/pair_protocol.hpp"

namespace spikeloop::testing {
namespace {

/// Every test with a dense row and with a sparse one: they are stored, replayed and added in different ways.
class Pairs : public ::testing::TestWithParam<bool> {
 protected:
  NetworkDescription protocol(const decltype(Rule::kind)& kind, double delay_ms = 0.1, Commit commit = Commit::kImmediate,
                              Time resolution = 100 * kMicrosecond) const {
    return pair_protocol(kind, delay_ms, commit, resolution, GetParam() ? Connect(FixedProbability{1}) : Connect(AllToAll{}));
  }
};
class StdpPairs : public Pairs {};
class GatedPairs : public Pairs {};
class CurrentPairs : public Pairs {};

TEST_P(StdpPairs, WindowIsTheTwoExponentialsFromMinus50To50Ms) {
  for (const double delay : {0.1, 3.0, 20.0})
    for (const double lag : {0.0, 2.5}) {
      Stdp s = window();
      s.lag_ms = lag;
      for (double dt = -50; dt <= 50; dt += 2.5) {
        const double w = weight_after(protocol(s, delay), {100 - delay}, {100 + dt});
        EXPECT_NEAR(w, pair_change(s, dt), 1e-6 * s.a_plus) << "dt " << dt << " delay " << delay << " lag " << lag;
      }
    }
}

TEST_P(StdpPairs, OneTickDecidesAtDtZero) {
  const Stdp s = window();
  const double tick = 1e-6;  // ms
  for (const Commit commit : {Commit::kImmediate, Commit::kTrial}) {
    const NetworkDescription d = protocol(s, 1, commit, kNanosecond);
    EXPECT_NEAR(weight_after(d, {49}, {50}), s.a_plus, 1e-8) << "dt = 0 potentiates";
    EXPECT_NEAR(weight_after(d, {49}, {50 - tick}), -s.a_minus, 1e-8) << "depression sees earlier post spikes";
    EXPECT_NEAR(weight_after(d, {49}, {50 + tick}), s.a_plus, 1e-8);
  }
}

TEST_P(StdpPairs, AllPairsCountAlsoInTheDepressionsExcessAndDecay) {
  Stdp s = window();
  s.ltd_excess = 0.7, s.decay = 0.05;
  const std::vector<double> pre = {10, 13, 13.1, 40, 77, 90}, post = {5, 12, 30, 41, 41.5, 76, 95};
  const auto trace = [](const std::vector<double>& times, double t, double tau, bool now) {
    double x = 0;
    for (const double u : times)
      if (u < t - 1e-9 || (now && u < t + 1e-9)) x += std::exp(-(t - u) / tau);
    return x;
  };
  for (const Commit commit : {Commit::kImmediate, Commit::kTrial}) {
    std::map<double, int> events;  // 1 = pre arrives, 2 = post
    for (const double t : pre) events[t + 0.1] |= 1;
    for (const double t : post) events[t] |= 2;
    std::vector<double> arrivals;
    for (const double t : pre) arrivals.push_back(t + 0.1);
    double w = 0.2, pending = 0;
    double& to = commit == Commit::kImmediate ? w : pending;
    for (const auto& [t, what] : events) {
      if (what & 1) {
        const double x = trace(post, t, s.tau_minus_ms, false);
        to -= (s.a_minus * (1 + s.ltd_excess * x) + s.decay * w) * x;
      }
      if (what & 2) to += s.a_plus * trace(arrivals, t, s.tau_plus_ms, true);
    }
    NetworkDescription d = protocol(s, 0.1, commit);
    d.projections[0].weight.kind = Constant{0.2};
    EXPECT_NEAR(weight_after(d, pre, post), w + pending, 1e-6);
  }
}

TEST_P(StdpPairs, WeightsStayInTheirBounds) {
  Stdp s;
  s.a_plus = 0.3, s.a_minus = 0.3;
  for (const Commit commit : {Commit::kImmediate, Commit::kTrial}) {
    NetworkDescription d = protocol(s, 0.1, commit);
    d.rules[0].weight_min = -0.1, d.rules[0].weight_max = 0.5;
    EXPECT_EQ(weight_after(d, {10, 20, 30}, {10.2, 20.2, 30.2}), 0.5);
    EXPECT_EQ(weight_after(d, {10, 20, 30}, {9.9, 19.9, 29.9}, -1, 30.5), static_cast<double>(-0.1f));
  }
}

TEST_P(StdpPairs, ACommitAtTheTrialsEndAddsTheSumAtOnce) {
  const Stdp s = window();
  const std::vector<double> pre = {10, 20}, post = {15, 18};
  const NetworkDescription d = protocol(s, 0.1, Commit::kTrial);
  const auto session = start(d);
  std::vector<Spike> in;
  for (const double t : pre) in.push_back(at_ms(t, 0, 0));
  for (const double t : post) in.push_back(at_ms(t - 0.1, 2, 0));
  Recording r;
  advance(*session, 50, r, in);
  EXPECT_EQ(session->weights(0)[0], 0) << "not before the commit";
  session->commit();
  double sum = 0;
  for (const double a : pre)
    for (const double b : post) sum += pair_change(s, b - a - 0.1);
  EXPECT_NEAR(session->weights(0)[0], sum, 1e-7);
  session->commit();
  EXPECT_NEAR(session->weights(0)[0], sum, 1e-7) << "once";
  EXPECT_EQ(session->counts().projections[0].plastic_updates, 4u) << "two potentiations, then depression and potentiation of the second";
}

TEST_P(StdpPairs, UncommittedChangesSurviveAResetAndTracesDoNot) {
  const Stdp s = window();
  const auto session = start(protocol(s, 0.1, Commit::kTrial));
  Recording r;
  advance(*session, 20, r, std::vector<Spike>{at_ms(10, 0, 0), at_ms(11, 2, 0)});
  session->reset(1);
  advance(*session, 20, r, std::vector<Spike>{at_ms(1, 2, 0)});  // a post spike at 1.1 ms: no trace is left of the pre spike
  session->reset(2);
  advance(*session, 20, r, std::vector<Spike>{at_ms(1, 0, 0)});  // nor of the post spike
  session->commit();
  EXPECT_NEAR(session->weights(0)[0], pair_change(s, 1), 1e-8);
}

TEST_P(StdpPairs, ALearningFactorOfZeroMovesNothingAndOthersScale) {
  const Stdp s = window();
  for (const double factor : {0.0, 0.25, 2.0}) {
    const auto session = start(protocol(s));
    session->set_learning(factor, 1);
    Recording r;
    advance(*session, 60, r, std::vector<Spike>{at_ms(10, 0, 0), at_ms(15, 2, 0), at_ms(40, 0, 0)});
    EXPECT_NEAR(session->weights(0)[0], factor * (pair_change(s, 5) + pair_change(s, -25)), 1e-8) << factor;
  }
}

TEST_P(StdpPairs, WhatWasEarnedAtOneRateIsNotPaidAtAnother) {
  const Stdp s = window();
  const auto session = start(protocol(s));
  Recording r;
  advance(*session, 30, r, std::vector<Spike>{at_ms(10, 0, 0), at_ms(15, 2, 0)});
  session->set_learning(0, 1);
  EXPECT_NEAR(session->weights(0)[0], pair_change(s, 5), 1e-8);
}

TEST_P(StdpPairs, TracesRunWhileLearningIsOff) {
  const Stdp s = window();
  const auto session = start(protocol(s));
  session->set_learning(0, 1);
  Recording r;
  advance(*session, 12, r, std::vector<Spike>{at_ms(9, 2, 0), at_ms(10, 0, 0), at_ms(10.5, 2, 0)});
  session->set_learning(1, 1);
  advance(*session, 30, r, std::vector<Spike>{at_ms(14.9, 2, 0)});
  EXPECT_NEAR(session->weights(0)[0], pair_change(s, 4.9), 1e-8) << "the pair at 0.5 ms came while learning was off";
}

/// More post spikes, before and after the pre spike, than the row keeps at hand.
TEST_P(StdpPairs, PostSpikesWhileLearningIsOffNeverCount) {
  const Stdp s = window();
  const auto session = start(protocol(s));
  session->set_learning(0, 1);
  Recording r;
  advance(*session, 12, r,
          std::vector<Spike>{at_ms(8, 2, 0), at_ms(9, 2, 0), at_ms(9.5, 2, 0), at_ms(10, 0, 0), at_ms(10.5, 2, 0), at_ms(11, 2, 0)});
  session->set_learning(1, 1);
  advance(*session, 30, r, std::vector<Spike>{at_ms(14.9, 2, 0)});
  EXPECT_NEAR(session->weights(0)[0], pair_change(s, 4.9), 1e-8);
}

/// Only what has a change is moved into the bounds: weights may start outside of them.
TEST_P(StdpPairs, ACommitLeavesTheOthersOfItsRowAlone) {
  Stdp s = window();
  s.a_minus = 0;
  NetworkDescription d = protocol(s, 0.1, Commit::kTrial);
  d.populations[1].shape = {2};
  d.projections[0].weight = {Constant{0.5}, {}};
  d.projections[1].connect = pairs({0}, {0});
  d.rules[0].weight_max = 0.1;
  const auto session = start(d);
  Recording r;
  advance(*session, 30, r, std::vector<Spike>{at_ms(10, 0, 0), at_ms(12, 2, 0)});
  session->commit();
  EXPECT_EQ(session->weights(0), (std::vector<float>{0.1f, 0.5f}));
}

/// More post spikes than the engine cares to remember: what waited for its row is not lost, and nobody can tell.
TEST_P(StdpPairs, ARunWithoutCommitsMayBeLong) {
  Lif busy;
  busy.bias_mv = 1e6;  // spikes at every tick
  Stdp s;
  s.a_plus = 1e-4, s.a_minus = 1e-5;
  NetworkDescription d;
  d.populations = {source("pre", 2), neurons("post", 1000, busy)};
  d.rules = {{"rule", s, Commit::kImmediate, {}, {}}};
  d.projections = {plastic(connect("pre", "post", AllToAll{}, 0), "rule")};
  const std::vector<Spike> in = {at_ms(0, 0, 0), at_ms(60, 0, 1)};
  const auto whole = start(d), cut = start(d);
  NullSink nobody;
  whole->advance(from_ms(130), in, nobody);
  EXPECT_EQ(whole->counts().populations[1].spikes, 1000u * 1299);
  for (int ms = 0; ms < 130; ms += 10) {
    std::vector<Spike> part;
    for (const Spike& x : in)
      if (x.time / kMillisecond / 10 * 10 == ms) part.push_back(x);
    cut->advance(from_ms(ms + 10), part, nobody);
    cut->weights(0);  // replays everything
  }
  EXPECT_EQ(whole->weights(0), cut->weights(0));
  EXPECT_NEAR(whole->weights(0)[0], 1e-4 * 200 * (1 - std::exp(-130.0 / 20)), 5e-4);
}

TEST_P(GatedPairs, OnlyPairsWhoseLaterSpikeIsInsideTheGateCount) {
  StdpFeedback s;
  static_cast<Stdp&>(s) = window();
  const NetworkDescription d = protocol(s);
  EXPECT_EQ(weight_after(d, {10, 40}, {15, 50}), 0) << "no feedback: not a single bit";
  EXPECT_NEAR(weight_after(d, {10}, {15}, 12), pair_change(s, 4.9), 1e-8) << "the trace runs before the gate opens";
  EXPECT_NEAR(weight_after(d, {10}, {15}, 15), pair_change(s, 4.9), 1e-8) << "the tick at which it opens is inside";
  EXPECT_EQ(weight_after(d, {10}, {15}, 15.1), 0);
  EXPECT_NEAR(weight_after(d, {20}, {15}, 18), pair_change(s, -5.1), 1e-8);
  EXPECT_NEAR(weight_after(d, {20}, {15}, 20.1), pair_change(s, -5.1), 1e-8);
  EXPECT_EQ(weight_after(d, {20}, {15}, 20.2), 0);
}

TEST_P(GatedPairs, ALateGateStaysShut) {
  StdpFeedback s;
  static_cast<Stdp&>(s) = window();
  s.latest_ms = 20;
  EXPECT_NE(weight_after(protocol(s), {30}, {35}, 20), 0);
  EXPECT_EQ(weight_after(protocol(s), {30}, {35}, 20.1), 0);
}

TEST_P(GatedPairs, NeuronsThatWereSilentBeforeTheFeedbackDoNotLearn) {
  StdpFeedback s;
  static_cast<Stdp&>(s) = window();
  s.active_trace = std::exp(-10 / s.tau_minus_ms) * (1 - 1e-6);
  const NetworkDescription d = protocol(s);
  const double pairs_after = pair_change(s, 4.9) - s.a_minus * std::exp(-20.1 / s.tau_minus_ms);
  EXPECT_NEAR(weight_after(d, {30}, {10, 35}, 20), pairs_after, 1e-7) << "a spike 10 ms before the gate is just enough";
  EXPECT_EQ(weight_after(d, {30}, {9.9, 35}, 20), 0);
  EXPECT_EQ(weight_after(d, {30}, {35}, 20), 0);
  EXPECT_EQ(weight_after(d, {30}, {20, 35}, 20), 0) << "a spike at the tick of the gate comes too late";
}

TEST_P(GatedPairs, TheGateClosesAtReset) {
  StdpFeedback s;
  static_cast<Stdp&>(s) = window();
  const auto session = start(protocol(s));
  Recording r;
  advance(*session, 20, r, std::vector<Spike>{at_ms(1, 3, 0)});
  session->reset(1);
  advance(*session, 20, r, std::vector<Spike>{at_ms(10, 0, 0), at_ms(15, 2, 0)});
  EXPECT_EQ(session->weights(0)[0], 0);
}

/// With distributed delays and missing synapses the gate opens when feedback arrives, not when it might have.
TEST_P(GatedPairs, TheGateOpensAtTheFirstArrival) {
  StdpFeedback s;
  static_cast<Stdp&>(s) = window();
  Lif lif;
  lif.v_threshold_mv = 1000;
  for (const std::size_t threads : {1, 2, 3}) {
    NetworkDescription d;
    d.populations = {source("pre", 1), neurons("post", 200, lif), source("force", 1), source("teach", 3)};
    d.rules = {{"rule", s, Commit::kImmediate, {}, {}}};
    Projection teach = connect("teach", "post", pairs({0, 0, 1}, {3, 150, 190}), 1e-6, 0.1, Port::kModulator);
    teach.delay_ms = listed({30, 12, 0.1});  // neuron 2 reaches nobody
    d.projections = {plastic(connect("pre", "post", AllToAll{}, 0), "rule"), connect("force", "post", AllToAll{}, 2000), teach};
    const auto weight = [&](double post_ms) {
      const auto session = start(d, threads);
      Recording r;
      advance(*session, 50, r, std::vector<Spike>{at_ms(1, 0, 0), at_ms(post_ms - 0.1, 2, 0), at_ms(0.5, 3, 2), at_ms(2, 3, 0)});
      EXPECT_EQ(session->weights(0)[0], session->weights(0)[199]);
      return session->weights(0)[7];
    };
    EXPECT_EQ(weight(13.9), 0);
    EXPECT_GT(weight(14.0), 0) << "the first feedback arrives at 2 + 12 ms";
  }
}

TEST_P(CurrentPairs, EveryPreArrivalInsideTheGateAddsEtaTimesTheCurrent) {
  for (const Port port : {Port::kApical, Port::kModulator}) {
    FeedbackCurrent rule;
    rule.eta = 0.02;
    NetworkDescription d = protocol(rule);
    d.populations[3] = source("teach", 2);
    Projection teach = connect("teach", "post", AllToAll{}, 0, 0.1, port);
    teach.weight = listed({3, -7});
    d.projections[2] = teach;
    std::get<Lif>(std::get<NeuronModel>(d.populations[1].kind)).tau_apical_ms = 11;
    const std::vector<double> pre = {5, 20, 25, 33.3, 60};
    // feedback: +3 at 20.1 ms, the tick of the second arrival; -7 at 30 ms
    double expected = 0;
    for (const double t : pre) {
      const double at = t + 0.1;
      double current = 0;
      if (at > 20.1 - 1e-9) current += 3 * std::exp(-(at - 20.1) / 11);
      if (at > 30 - 1e-9) current -= 7 * std::exp(-(at - 30) / 11);
      expected += rule.eta * current;
    }
    const auto session = start(d);
    std::vector<Spike> in = {at_ms(20, 3, 0), at_ms(29.9, 3, 1)};
    for (const double t : pre) in.push_back(at_ms(t, 0, 0));
    Recording r;
    advance(*session, 100, r, in);
    EXPECT_NEAR(session->weights(0)[0], expected, 1e-7);
    EXPECT_EQ(session->counts().projections[0].plastic_updates, 4u);
  }
}

/// A weight decays at its own presynaptic spikes, while feedback is active, towards what the current holds: I / decay.
TEST_P(CurrentPairs, DecayPullsTheWeightTowardsWhatTheCurrentHolds) {
  for (const double eta : {0.1, -0.1}) {
    FeedbackCurrent rule;
    rule.eta = eta, rule.decay = 0.5;
    NetworkDescription d = protocol(rule);
    d.populations.push_back(source("dc", 1, CurrentSource{{{from_ms(10), 2}}}));
    d.projections.push_back(connect("dc", "post", AllToAll{}, 0.3, 0.1, Port::kModulator));
    double w = 0;
    for (int k = 0; k < 2; ++k) w += eta * 0.6 - std::abs(eta) * 0.5 * w;
    EXPECT_NEAR(weight_after(d, {20, 30}, {}, 1), w, 1e-6);
    std::vector<double> many;
    for (int k = 0; k < 180; ++k) many.push_back(11 + k);
    EXPECT_NEAR(weight_after(d, many, {}, 1), std::copysign(0.6 / 0.5, eta), 1e-3);
  }
}

TEST_P(CurrentPairs, ACurrentSourceOnAFeedbackPortTeaches) {
  FeedbackCurrent rule;
  rule.eta = 0.5;
  NetworkDescription d = protocol(rule);
  d.populations.push_back(source("dc", 1, CurrentSource{{{from_ms(10), 2}}}));
  d.projections.push_back(connect("dc", "post", AllToAll{}, 0.3, 0.1, Port::kModulator));
  EXPECT_NEAR(weight_after(d, {5, 20, 30}, {}, 1), 2 * 0.5 * 0.6, 1e-6);
}

TEST_P(CurrentPairs, WeightsAreFollowedThroughTheTrialOnlyWhenImmediate) {
  FeedbackCurrent rule;
  rule.eta = 1;
  for (const Commit commit : {Commit::kImmediate, Commit::kTrial}) {
    NetworkDescription d = protocol(rule, 0.1, commit);
    d.projections[2].weight.kind = Constant{1};
    d.probes = {probe_of("post", Probe::Variable::kPotential, 20.1, 100)};
    const auto session = start(d);
    Recording r;
    advance(*session, 30, r, std::vector<Spike>{at_ms(9.9, 3, 0), at_ms(10, 0, 0), at_ms(20, 0, 0)});
    const double first = std::exp(-0.1 / 20);  // what the first arrival earned
    EXPECT_NEAR(r.samples.at(0).values[0], commit == Commit::kImmediate ? first : 0, 1e-6);
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, StdpPairs, ::testing::Bool());
INSTANTIATE_TEST_SUITE_P(Rows, GatedPairs, ::testing::Bool());
INSTANTIATE_TEST_SUITE_P(Rows, CurrentPairs, ::testing::Bool());

}  // namespace
}  // namespace spikeloop::testing
