// SPDX-License-Identifier: Apache-2.0
// The contract of a session: what it counts, what it refuses, what costs nothing.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

template <class F>
std::string description_error(F&& f) {
  try {
    f();
  } catch (const DescriptionError& e) {
    return e.what();
  }
  return "no DescriptionError";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

NetworkDescription pass_on() {
  NetworkDescription d;
  d.populations = {source("in", 3), neurons("n", 3, Lif{})};
  d.projections = {connect("in", "n", OneToOne{}, 2)};
  d.probes = {spikes_of("n"), spikes_of("in")};
  return d;
}

TEST(Session, SilenceCostsNothing) {
  for (const Time resolution : {kNanosecond, 100 * kMicrosecond}) {
    NetworkDescription d = pass_on();
    d.resolution = resolution;
    d.populations.push_back(neurons("biased", 1000, Lif{}));
    std::get<Lif>(std::get<NeuronModel>(d.populations[2].kind)).bias_mv = 0.99;
    const std::vector<Spike> in = {at_ms(1.0, 0, 1), at_ms(3'600'000.0 - 1, 0, 2)};
    const Recording r = run(d, 3'600'000, in);
    EXPECT_EQ(r.spikes.size(), 4u);
    EXPECT_EQ(r.counts.populations[1].updates, 2u);
    EXPECT_EQ(r.counts.populations[2].updates, 0u) << "a bias that cannot reach the threshold needs no visit";
    EXPECT_EQ(r.counts.simulated, 3600 * kSecond);
  }
}

TEST(Session, UpdatesFollowEventsNotTicks) {
  std::uint64_t updates[2];
  for (int fine = 0; fine < 2; ++fine) {
    NetworkDescription d = pass_on();
    d.resolution = fine ? kMicrosecond : 100 * kMicrosecond;
    std::vector<Spike> in;
    for (int k = 0; k < 100; ++k) in.push_back(at_ms(1 + 7.0 * k, 0, static_cast<std::uint32_t>(k % 3)));
    const Recording r = run(d, 1000, in);
    updates[fine] = r.counts.populations[1].updates;
    EXPECT_EQ(r.counts.projections[0].synaptic_events, 100u);
    EXPECT_EQ(r.counts.populations[0].spikes, 100u);
  }
  EXPECT_EQ(updates[0], 100u);
  EXPECT_EQ(updates[1], 100u);
}

/// A neuron that spikes by itself is visited a few times a spike however fine the tick.
TEST(Session, ABiasedNeuronIsVisitedAFewTimesASpike) {
  NetworkDescription d;
  d.resolution = kNanosecond;
  Lif lif;
  lif.bias_mv = 1.5;
  d.populations = {neurons("n", 1, lif)};
  const Recording r = run(d, 1000);
  EXPECT_GT(r.counts.populations[0].spikes, 40u);
  EXPECT_LT(r.counts.populations[0].updates, 40 * r.counts.populations[0].spikes);
}

TEST(Session, LateInputIsCountedAndDropped) {
  const auto session = start(pass_on());
  Recording r;
  advance(*session, 2, r);
  const std::vector<Spike> in = {at_ms(1.9, 0, 0), at_ms(-1, 0, 0), at_ms(2.0, 0, 1), at_ms(2.5, 0, 2)};
  advance(*session, 3, r, in);
  EXPECT_EQ(session->counts().late, 2u);
  EXPECT_TRUE(times_of(r, 1, 0).empty());
  EXPECT_EQ(times_of(r, 1, 1), std::vector<Time>{from_ms(2.1)});
  EXPECT_EQ(times_of(r, 1, 2), std::vector<Time>{from_ms(2.6)});
}

TEST(Session, InputBetweenTicksIsNeitherLostNorMovedBySlicing) {
  std::vector<Spike> in;
  for (double ms = 0.01; ms < 5; ms += 0.13) in.push_back(at_ms(ms, 0, 0));
  Recording whole;
  const auto one = start(pass_on());
  advance(*one, 5, whole, in);
  EXPECT_EQ(one->counts().late, 0u);
  for (const double slice : {0.25, 0.21, 0.07, 1.0}) {
    const auto session = start(pass_on());
    Recording sliced;
    auto at = in.begin();
    for (double end = slice; session->now() < from_ms(5); end += slice) {
      const Time until = std::min(from_ms(end), from_ms(5));
      const auto later = std::find_if(at, in.end(), [&](const Spike& s) { return s.time >= until; });
      session->advance(until, std::span<const Spike>(at, later), sliced);
      at = later;
    }
    EXPECT_EQ(session->counts().late, 0u) << slice;
    EXPECT_EQ(sliced.spikes, whole.spikes) << slice;
  }
}

TEST(Session, InputBetweenTicksIsEmittedAtTheNextTickAlsoAcrossTheEndOfASlice) {
  const std::vector<Spike> in = {at_ms(0.96, 0, 0)};
  const auto session = start(pass_on());
  Recording r;
  advance(*session, 1, r, in);  // its tick, 1.0 ms, is in the next slice
  const State state = session->save();
  advance(*session, 2, r);
  EXPECT_EQ(times_of(r, 0, 0), std::vector<Time>{from_ms(1.0)});
  EXPECT_EQ(times_of(r, 1, 0), std::vector<Time>{from_ms(1.1)});
  const auto resumed = start(pass_on());
  resumed->restore(state);
  Recording again;
  advance(*resumed, 2, again);
  EXPECT_EQ(again.spikes, r.spikes);
}

TEST(Session, RefusesInputThatCannotBe) {
  const auto session = start(pass_on());
  Recording r;
  const auto give = [&](const Spike& s) {
    const std::vector<Spike> in = {at_ms(0.5, 0, 1), s};
    return description_error([&] { advance(*session, 1, r, in); });
  };
  EXPECT_TRUE(contains(give(at_ms(0.5, 7, 0)), "names population 7, but there are 2"));
  EXPECT_TRUE(contains(give(at_ms(0.5, 1, 0)), "\"n\", which is not an external source"));
  EXPECT_TRUE(contains(give(at_ms(0.5, 0, 3)), "names neuron 3 of \"in\", which has 3"));
  EXPECT_TRUE(contains(give(at_ms(1.0, 0, 0)), "\"in\" at 1 ms is not before the end of this slice, 1 ms"));
  advance(*session, 1, r);
  EXPECT_TRUE(r.spikes.empty()) << "a call that was refused has taken nothing";
}

TEST(Session, WeightsAreReadAndReplacedInTheOrderOfConnectivity) {
  NetworkDescription d;
  d.populations = {source("in", 3), neurons("n", 130, Lif{})};
  Projection p = connect("in", "n", FixedProbability{0.5}, 0);
  p.weight = normal(0, 1);
  p.delay_ms = {Uniform{0.1, 3}, {}};
  Projection dense = connect("in", "n", AllToAll{}, 0.25);
  dense.name = "dense";
  d.projections = {p, dense};
  const auto one = start(d, 1), three = start(d, 3);
  for (std::size_t k = 0; k < 2; ++k) {
    const Connectivity c = one->connectivity(k), same = three->connectivity(k);
    EXPECT_EQ(c.sources, same.sources);
    EXPECT_EQ(c.targets, same.targets);
    EXPECT_EQ(c.delays, same.delays);
    EXPECT_EQ(one->weights(k), three->weights(k));
    for (std::size_t i = 1; i < c.sources.size(); ++i)
      EXPECT_LT(std::tie(c.sources[i - 1], c.delays[i - 1], c.targets[i - 1]), std::tie(c.sources[i], c.delays[i], c.targets[i]));
    std::vector<float> w(c.sources.size());
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(i);
    three->set_weights(k, w);
    EXPECT_EQ(three->weights(k), w);
    w.pop_back();
    const std::string message = description_error([&] { three->set_weights(k, w); });
    EXPECT_TRUE(
        contains(message, "has " + std::to_string(w.size() + 1) + " synapses, but " + std::to_string(w.size()) + " weights were given"))
        << message;
  }
}

TEST(Session, ReplacedWeightsAreWhatIsDelivered) {
  const auto session = start(pass_on(), 2);
  const std::vector<float> w = {0.5f, 1.0f, 0.25f};
  session->set_weights(0, w);
  Recording r;
  const std::vector<Spike> in = {at_ms(1, 0, 0), at_ms(1, 0, 1), at_ms(1, 0, 2)};
  advance(*session, 2, r, in);
  EXPECT_TRUE(times_of(r, 1, 0).empty());
  EXPECT_EQ(times_of(r, 1, 1).size(), 1u);
  const InitialWeights initial[] = {{0, w}};
  const auto started = make_simulator()->compile(Network(pass_on()))->start(initial);
  EXPECT_EQ(started->weights(0), w);
}

TEST(Session, ThresholdsSetInTheMiddleCountFromTheNextTick) {
  NetworkDescription d;
  Lif lif;
  lif.bias_mv = 0.9;
  d.populations = {neurons("n", 2, lif), source("in", 1)};
  d.probes = {spikes_of("n")};
  const auto session = start(d);
  Recording r;
  advance(*session, 100, r);
  EXPECT_TRUE(r.spikes.empty());
  const std::vector<double> lower = {0.5, 1.0};
  session->set_thresholds(0, lower);
  advance(*session, 101, r);
  ASSERT_EQ(r.spikes.size(), 1u);
  EXPECT_EQ(r.spikes[0], (Spike{from_ms(100), 0, 0}));
  EXPECT_EQ(session->thresholds(0), lower);
  EXPECT_TRUE(contains(description_error([&] { session->set_thresholds(0, std::vector<double>{1}); }), "\"n\" does not have 1 thresholds"));
  EXPECT_TRUE(contains(description_error([&] { session->set_thresholds(1, std::vector<double>{1}); }), "\"in\" does not have"));
}

TEST(Session, RefusesForeignAndDamagedStatesAndGoesOnUnharmed) {
  NetworkDescription d = pass_on();
  const auto session = start(d);
  Recording r;
  const std::vector<Spike> in = {at_ms(0.95, 0, 0)};
  advance(*session, 1, r, in);
  const State state = session->save();
  const auto refused = [&](State s) { return description_error([&] { session->restore(s); }); };
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, std::size_t{20}, state.size() / 2, state.size() - 1})
    EXPECT_TRUE(contains(refused(State(state.begin(), state.begin() + static_cast<std::ptrdiff_t>(size))), "truncated")) << size;
  State longer = state;
  longer.push_back(std::byte{0});
  EXPECT_TRUE(contains(refused(longer), "damaged"));
  State damaged = state;
  damaged[state.size() / 2] ^= std::byte{1};
  EXPECT_TRUE(contains(refused(damaged), "damaged"));
  State other_format = state;
  other_format[0] ^= std::byte{1};
  EXPECT_TRUE(contains(refused(other_format), "another format"));

  d.seed = 2;
  EXPECT_TRUE(contains(refused(start(d)->save()), "another seed"));
  d.seed = 1;
  const auto changed = [&](auto&& change) {
    NetworkDescription other = pass_on();
    change(other);
    return refused(start(other)->save());
  };
  EXPECT_TRUE(contains(changed([](auto& o) { o.resolution = kMillisecond / 20; }), "another network"));
  EXPECT_TRUE(
      contains(changed([](auto& o) { std::get<Lif>(std::get<NeuronModel>(o.populations[1].kind)).tau_m_ms = 21; }), "another network"));
  EXPECT_TRUE(contains(changed([](auto& o) { o.populations[1].kind = NeuronModel{LifExp{}}; }), "another network"));
  EXPECT_TRUE(contains(changed([](auto& o) { o.projections[0].connect = AllToAll{}; }), "another network"));
  EXPECT_TRUE(contains(changed([](auto& o) { o.projections[0].delay_ms.kind = Constant{0.3}; }), "another network"));

  advance(*session, 2, r);  // the spike that waits for its tick is still there
  EXPECT_EQ(times_of(r, 1, 0).size(), 1u);
}

TEST(Session, RestoreBringsBackTheWeightsOfTheDescriptionToo) {
  const auto session = start(pass_on());
  const State state = session->save();
  session->set_weights(0, std::vector<float>{5, 6, 7});
  session->restore(state);
  EXPECT_EQ(session->weights(0), (std::vector<float>{2, 2, 2}));
}

TEST(Session, CountsBeginAnewAtRestore) {
  const auto session = start(pass_on(), 2);
  Recording r;
  const std::vector<Spike> in = {at_ms(0.5, 0, 0)};
  advance(*session, 1, r, in);
  EXPECT_EQ(session->counts().populations[1].spikes, 1u);
  EXPECT_EQ(session->counts().simulated, kMillisecond);
  session->restore(session->save());
  EXPECT_EQ(session->counts().populations[1].spikes, 0u);
  EXPECT_EQ(session->counts().projections[0].synaptic_events, 0u);
  EXPECT_EQ(session->counts().simulated, 0);
}

TEST(Session, ResetForgetsStateAndPendingSpikesButNotWeights) {
  NetworkDescription d = pass_on();
  d.projections[0].delay_ms.kind = Constant{5};
  const auto session = start(d);
  session->set_weights(0, std::vector<float>{0.75f, 3, 3});
  Recording r;
  const std::vector<Spike> in = {at_ms(0, 0, 0), at_ms(4, 0, 1)};
  advance(*session, 6, r, in);
  session->reset();
  EXPECT_EQ(session->now(), 0);
  r.spikes.clear();
  const std::vector<Spike> once = {at_ms(0, 0, 0)};
  advance(*session, 20, r, once);  // 0.75 once is not enough: nothing is left of the first run
  EXPECT_EQ(r.spikes.size(), 1u);
  EXPECT_EQ(session->weights(0)[0], 0.75f);
}

TEST(Simulator, RefusesDistributedDelaysOfAPlasticProjection) {
  NetworkDescription d = pass_on();
  d.rules = {{"r", Stdp{}, Commit::kImmediate, {}, {}}};
  d.projections[0].rule = "r";
  d.projections[0].delay_ms = {Uniform{0.1, 1}, {}};
  const auto faults = make_simulator()->check(Network(d));
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].path, "projections[0].delays_ms");
  EXPECT_THROW(make_simulator()->compile(Network(d)), CapacityError);
}

}  // namespace
}  // namespace spikeloop::testing
