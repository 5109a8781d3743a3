// SPDX-License-Identifier: Apache-2.0
// A controller is neurons: they are there under their names, silent until teaching starts, and then answer to what is owed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/controller.hpp"
#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

constexpr std::uint32_t kOutputs = 3;

/// Outputs that fire exactly when `force` says; populations 0 force, 1 out, then the controller's.
NetworkDescription controlled(double dead_zone_hz = 5) {
  Lif lif;
  lif.v_threshold_mv = 1000, lif.v_reset_mv = 0;
  NetworkDescription d;
  d.populations = {source("force", kOutputs), neurons("out", kOutputs, lif)};
  d.projections = {connect("force", "out", OneToOne{}, 2000)};
  Controller c;
  c.population = "out", c.dead_zone_hz = dead_zone_hz;
  Feedback f;
  f.to = "out", f.weights.kind = Identity{}, f.amplitude = 0.001;
  c.feedback = {f};
  d.controllers = {c};
  d.probes = {spikes_of("out"), spikes_of(controller_plus("out")), spikes_of(controller_minus("out"))};
  return d;
}

struct Answer {
  std::vector<Time> plus, minus;  ///< of output 0
  std::size_t others = 0;         ///< spikes of the other outputs' controller neurons
};

/// Teaching starts at `teach_ms` (never if negative); `target_ms` and `output_ms` are trains of output 0.
Answer answer(const NetworkDescription& d, double teach_ms, const std::vector<double>& target_ms, const std::vector<double>& output_ms,
              double until_ms) {
  const Network network(d);
  const auto index = [&](const std::string& name) { return static_cast<std::uint32_t>(network.population_index(name)); };
  const std::uint32_t target = index(controller_target("out")), plus = index(controller_plus("out")),
                      minus = index(controller_minus("out"));
  std::vector<Spike> in;
  if (teach_ms >= 0) in.push_back(at_ms(teach_ms, target, kOutputs));
  for (const double t : target_ms) in.push_back(at_ms(t, target, 0));
  for (const double t : output_ms) in.push_back(at_ms(t - 0.1, 0, 0));  // the output fires one tick later, at t
  const Recording r = run(d, until_ms, in);
  EXPECT_EQ(times_of(r, 1, 0).size(), output_ms.size());
  Answer a{times_of(r, plus, 0), times_of(r, minus, 0), 0};
  a.others = static_cast<std::size_t>(
      std::count_if(r.spikes.begin(), r.spikes.end(), [&](const Spike& s) { return s.population >= target && s.neuron != 0; }));
  return a;
}

std::vector<double> train(double from, double until, double hz) {
  std::vector<double> times;
  for (int k = 0; from + k * 1000 / hz < until; ++k) times.push_back(from + k * 1000 / hz);
  return times;
}

TEST(Controller, IsOrdinaryPopulationsUnderTheirNames) {
  const Network network(controlled());
  const Population& target = network.populations()[network.population_index("ctrl.out.target")];
  EXPECT_EQ(target.size(), kOutputs + 1);
  EXPECT_TRUE(std::holds_alternative<ExternalSource>(target.source()));
  for (const char* name : {"ctrl.out.plus", "ctrl.out.minus"}) {
    const Population& p = network.populations()[network.population_index(name)];
    EXPECT_EQ(p.size(), kOutputs);
    EXPECT_TRUE(std::holds_alternative<Lif>(p.neuron()));
  }
  const auto session = start(controlled());
  const std::size_t plus = network.projection_index("ctrl.out.plus->out.apical"),
                    minus = network.projection_index("ctrl.out.minus->out.apical");
  EXPECT_EQ(session->weights(plus), std::vector<float>(kOutputs, 0.001f));
  EXPECT_EQ(session->weights(minus), std::vector<float>(kOutputs, -0.001f));
}

TEST(Controller, FeedbackWeightsOfPlusAndMinusAreOpposite) {
  NetworkDescription d = controlled();
  d.controllers[0].feedback[0].weights = normal(0, 1);
  d.controllers[0].feedback[0].drives = false;
  const Network network(d);
  const auto session = start(d);
  const auto plus = session->weights(network.projection_index("ctrl.out.plus->out.modulator")),
             minus = session->weights(network.projection_index("ctrl.out.minus->out.modulator"));
  ASSERT_EQ(plus.size(), kOutputs * kOutputs);
  for (std::size_t i = 0; i < plus.size(); ++i) EXPECT_EQ(plus[i], -minus[i]);
}

TEST(Controller, IsSilentAtInferenceHoweverMuchTheOutputsFire) {
  for (const double hz : {10.0, 100.0, 1000.0}) {
    const Answer a = answer(controlled(), -1, {}, train(1, 2000, hz), 2100);
    EXPECT_TRUE(a.plus.empty()) << hz;
    EXPECT_TRUE(a.minus.empty()) << hz;
  }
}

TEST(Controller, TargetSpikesWithoutTeachingDoNothing) {
  const Answer a = answer(controlled(), -1, train(1, 2000, 1000), {}, 2100);
  EXPECT_TRUE(a.plus.empty());
  EXPECT_TRUE(a.minus.empty());
}

TEST(Controller, PlusFiresWhenOutputSpikesAreOwed) {
  // two target spikes 10 ms apart, no output: the second one brings plus over its threshold, one tick later
  const Answer a = answer(controlled(), 50, {60, 70}, {}, 200);
  EXPECT_EQ(a.plus, std::vector<Time>{from_ms(70.1)});
  EXPECT_TRUE(a.minus.empty());
  EXPECT_EQ(a.others, 0u);
}

TEST(Controller, MinusFiresWhenAnOutputFiresTooMuch) {
  const Answer a = answer(controlled(), 50, {}, {60, 70}, 200);
  EXPECT_EQ(a.minus, std::vector<Time>{from_ms(70.1)});
  EXPECT_TRUE(a.plus.empty());
  EXPECT_EQ(a.others, 0u);
}

/// Comparators that are not switched on yet compare already, and fire at once when they are.
TEST(Controller, WhatIsOwedBeforeTeachingBeginsIsAskedForWhenItBegins) {
  const std::vector<double> target = train(10, 100, 100);
  const Answer owed = answer(controlled(), 50, target, {}, 200);
  ASSERT_FALSE(owed.plus.empty());
  EXPECT_LE(owed.plus.front(), from_ms(51.2));
  EXPECT_GE(owed.plus.front(), from_ms(50));
  const Answer paid = answer(controlled(), 50, target, train(10.5, 100, 100), 200);
  EXPECT_TRUE(paid.plus.empty());
}

TEST(Controller, AnOutputThatDeliversIsLeftAlone) {
  const Answer a = answer(controlled(), 50, train(60, 1000, 80), train(60, 1000, 80), 1100);
  EXPECT_TRUE(a.plus.empty());
  EXPECT_TRUE(a.minus.empty());
  const Answer late = answer(controlled(), 50, train(60, 1000, 80), train(65, 1000, 80), 1100);  // each spike 5 ms after its target
  EXPECT_TRUE(late.plus.empty());
  EXPECT_TRUE(late.minus.empty());
}

TEST(Controller, EveryOwedSpikeIsAskedForAndTheRateOfHelpIsTheRateOfTheError) {
  const Answer a = answer(controlled(), 50, train(60, 3060, 100), {}, 3100);
  EXPECT_NEAR(static_cast<double>(a.plus.size()), 3 * 100, 0.25 * 300);  // the leak forgives some
  EXPECT_TRUE(a.minus.empty());
}

TEST(Controller, ASteadyErrorBelowTheDeadZoneNeverFiresIt) {
  for (const double dead_zone : {5.0, 20.0, 60.0}) {
    const NetworkDescription d = controlled(dead_zone);
    const auto missing = [&](double error_hz) { return answer(d, 50, train(60, 10'000, error_hz), {}, 10'100); };
    const auto excess = [&](double error_hz) { return answer(d, 50, {}, train(60, 10'000, error_hz), 10'100); };
    EXPECT_TRUE(missing(0.98 * dead_zone).plus.empty()) << dead_zone;
    EXPECT_TRUE(excess(0.98 * dead_zone).minus.empty()) << dead_zone;
    EXPECT_FALSE(missing(1.25 * dead_zone).plus.empty()) << dead_zone;
    EXPECT_FALSE(excess(1.25 * dead_zone).minus.empty()) << dead_zone;
  }
}

/// Too much can be judged more mildly than too little.
TEST(Controller, ADeadZoneOfItsOwnForExcessLeavesTheOtherSideAlone) {
  NetworkDescription d = controlled(20);
  d.controllers[0].excess_dead_zone_hz = 60;
  const auto excess = [&](double error_hz) { return answer(d, 50, {}, train(60, 10'000, error_hz), 10'100); };
  EXPECT_TRUE(excess(0.98 * 60).minus.empty());
  EXPECT_FALSE(excess(1.25 * 60).minus.empty());
  EXPECT_TRUE(answer(d, 50, train(60, 10'000, 0.98 * 20), {}, 10'100).plus.empty());
  EXPECT_FALSE(answer(d, 50, train(60, 10'000, 1.25 * 20), {}, 10'100).plus.empty());
}

/// Five target spikes for one output spike: the controller fires sooner and more often, and calms down at the same output rate.
TEST(Controller, MoreTargetSpikesSaySoonerThatOneIsOwed) {
  NetworkDescription d = controlled(20);
  const auto owed = [&](const std::vector<double>& target, const std::vector<double>& output) {
    return answer(d, 50, target, output, 1100).plus;
  };
  const std::vector<Time> coarse = owed(train(60, 1060, 100), {});
  d.controllers[0].target_spikes = 5;
  const std::vector<double> fine_train = train(60, 1060, 500);
  const std::vector<Time> fine = owed(fine_train, {});
  EXPECT_LT(fine.front(), coarse.front());
  EXPECT_GT(fine.size(), 2 * coarse.size());
  EXPECT_TRUE(owed(fine_train, train(60, 1060, 110)).empty()) << "each output spike pays five";
  EXPECT_FALSE(owed(fine_train, train(60, 1060, 50)).empty());
  EXPECT_TRUE(owed(train(60, 1060, 0.98 * 20 * 5), {}).empty()) << "the dead zone is one of output spikes";
  EXPECT_FALSE(owed(train(60, 1060, 1.3 * 20 * 5), {}).empty());
  EXPECT_TRUE(answer(d, 50, fine_train, train(60, 1060, 110), 1100).minus.empty());
  EXPECT_GT(answer(d, 50, fine_train, train(60, 1060, 300), 1100).minus.size(), 100u) << "more than five target spikes allow";
}

/// The error is what is missing from a train, not the train.
TEST(Controller, TheDeadZoneHoldsInsideAFastTrain) {
  const std::vector<double> target = train(60, 8060, 100);
  std::vector<double> output;
  for (std::size_t k = 0; k < target.size(); ++k)
    if (k % 25 != 0) output.push_back(target[k]);  // 4 Hz are missing
  const Answer a = answer(controlled(5), 50, target, output, 8100);
  EXPECT_TRUE(a.plus.empty());
  EXPECT_TRUE(a.minus.empty());
}

/// Trains of different rates drift past each other: about once a beat a target spike comes just before its output, and is owed.
TEST(Controller, ADriftingPhaseFiresItAboutOnceABeat) {
  const Answer a = answer(controlled(5), 50, train(60, 10'060, 100), train(60.2, 10'060, 97), 10'060);
  EXPECT_NEAR(static_cast<double>(a.plus.size()), 30, 3);
  EXPECT_TRUE(a.minus.empty());
}

/// With headroom a wanted output may fire more than it must; one that is not wanted still may not.
TEST(Controller, HeadroomForgivesAWantedOutputThatFiresTooMuch) {
  NetworkDescription d = controlled(20);
  const std::vector<double> wanted = train(60, 1060, 100), twice = train(60, 1060, 200);
  EXPECT_GT(answer(d, 50, wanted, twice, 1100).minus.size(), 50u);
  d.controllers[0].headroom = 4;
  const Answer a = answer(d, 50, wanted, twice, 1100);
  EXPECT_TRUE(a.minus.empty());
  EXPECT_TRUE(a.plus.empty());
  EXPECT_GT(answer(d, 50, {}, twice, 1100).minus.size(), 100u) << "nobody wanted it";
  EXPECT_GT(answer(d, 50, wanted, train(60, 1060, 600), 1100).minus.size(), 50u) << "beyond the headroom";
  EXPECT_GT(answer(d, 50, wanted, train(60, 1060, 50), 1100).plus.size(), 10u) << "too little is too little";
}

TEST(Controller, TeachingEndsWithTheTrial) {
  const NetworkDescription d = controlled();
  const auto session = start(d);
  const auto target = static_cast<std::uint32_t>(Network(d).population_index(controller_target("out")));
  Recording r;
  advance(*session, 50, r, std::vector<Spike>{at_ms(1, target, kOutputs), at_ms(10, target, 0), at_ms(12, target, 0)});
  EXPECT_EQ(r.spikes.size(), 1u);
  session->reset(1);
  r.spikes.clear();
  advance(*session, 50, r, std::vector<Spike>{at_ms(10, target, 0), at_ms(12, target, 0)});
  EXPECT_TRUE(r.spikes.empty());
}

TEST(Controller, HoldsTeachingOnForAsLongAsAnyTrial) {
  const Answer a = answer(controlled(), 0, {59'000, 59'005}, {}, 60'000);
  EXPECT_EQ(a.plus.size(), 1u);
}

/// Inference moves no weight by a single bit, whichever rule, however active the network is.
TEST(Controller, WithoutTargetSpikesNoWeightMoves) {
  const std::vector<decltype(Rule::kind)> kinds = {StdpFeedback{}, FeedbackCurrent{}};
  for (const auto& kind : kinds)
    for (const Commit commit : {Commit::kImmediate, Commit::kTrial}) {
      NetworkDescription d;
      d.populations = {source("in", 80, PoissonSource{100}), neurons("hidden", 100, Lif{}), neurons("out", 4, Lif{})};
      d.rules = {{"rule", kind, commit, {}, {}}};
      Projection a = plastic(connect("in", "hidden", AllToAll{}, 0), "rule"), b = plastic(connect("hidden", "out", AllToAll{}, 0), "rule");
      a.weight = normal(0.1, 0.1), b.weight = normal(0.1, 0.1);
      d.projections = {a, b};
      Controller c;
      c.population = "out";
      Feedback to_hidden, to_out;
      to_hidden.to = "hidden", to_hidden.weights = normal(0, 1);
      to_out.to = "out", to_out.weights.kind = Identity{};
      c.feedback = {to_hidden, to_out};
      d.controllers = {c};
      d.probes = {spikes_of("hidden"), spikes_of("out")};
      const auto session = start(d);
      const auto first = session->weights(0), second = session->weights(1);
      const auto target = static_cast<std::uint32_t>(Network(d).population_index(controller_target("out")));
      const auto trial = [&](std::uint64_t number, const std::vector<Spike>& in) {
        Recording r;
        session->reset(number);
        advance(*session, 100, r, in);
        session->commit();
        return r.spikes.size();
      };
      for (std::uint64_t k = 0; k < 3; ++k) EXPECT_GT(trial(k, {}), 100u);
      EXPECT_EQ(session->weights(0), first);
      EXPECT_EQ(session->weights(1), second);
      trial(3, {at_ms(20, target, 4), at_ms(30, target, 1), at_ms(32, target, 1)});
      EXPECT_NE(session->weights(0), first) << "with teaching they do";
      EXPECT_NE(session->weights(1), second);
    }
}

}  // namespace
}  // namespace spikeloop::testing
