// SPDX-License-Identifier: Apache-2.0
// Lazy, dense and chosen updates: the same spikes, whatever the model, the ports and the moment at which a population changes over.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/engine/modes.hpp"
#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

using engine::Update;
using Variable = Probe::Variable;

void expect_near(const std::vector<Sample>& a, const std::vector<Sample>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t k = 0; k < a.size(); ++k) {
    ASSERT_EQ(a[k].values.size(), b[k].values.size());
    for (std::size_t i = 0; i < a[k].values.size(); ++i)
      ASSERT_NEAR(a[k].values[i], b[k].values[i], 1e-9) << "probe " << a[k].probe << " at " << a[k].time << ", number " << i;
  }
}

/// Runs in every mode; the spikes are the same, samples nearly so. Returns the number of spikes.
std::size_t expect_same_in_every_mode(const NetworkDescription& d, double until_ms, const std::vector<Spike>& in = {}) {
  const Recording lazy = run(d, until_ms, in, 1, Update::kLazy);
  for (const Update update : {Update::kDense, Update::kAuto}) {
    SCOPED_TRACE(name_of(update));
    const Recording r = run(d, until_ms, in, 1, update);
    EXPECT_EQ(r.spikes, lazy.spikes);
    expect_near(r.samples, lazy.samples);
    for (std::size_t k = 0; k < d.projections.size(); ++k)
      EXPECT_EQ(r.counts.projections[k].synaptic_events, lazy.counts.projections[k].synaptic_events) << k;
  }
  return lazy.spikes.size();
}

struct ModelCase {
  std::string name;
  NeuronModel model;
};

std::vector<ModelCase> models() {
  std::vector<ModelCase> all;
  for (const Reset reset : {Reset::kToValue, Reset::kSubtract}) {
    const auto with = [&](auto m) {
      m.tau_m_ms = 15, m.tau_apical_ms = 12, m.reset = reset, m.refractory_ms = reset == Reset::kSubtract ? 0.3 : 2, m.bias_mv = 0.3,
      m.v_rest_mv = -0.05;
      return m;
    };
    all.push_back({"lif", with(Lif{})});
    Lif floor = with(Lif{});
    floor.v_floor_mv = -0.1;
    all.push_back({"lif with a floor", floor});
    all.push_back({"if", with(If{})});
    Alif alif = with(Alif{});
    alif.tau_adaptation_ms = 40;
    all.push_back({"alif", alif});
    LifExp one = with(LifExp{});
    all.push_back({"lif_exp", one});
    one.tau_syn_inhibitory_ms = 9;
    all.push_back({"lif_exp with two time constants", one});
  }
  Li li;
  li.bias_mv = 0.2;
  all.push_back({"li", li});
  return all;
}

/// 100 neurons with random input at all ports and currents that step in the middle of everything; quiet, then a burst, then quiet again.
NetworkDescription everything(const NeuronModel& model) {
  NetworkDescription d;
  d.populations = {neurons("n", 100, model), source("in", 40),
                   source("dc", 1, CurrentSource{{{from_ms(21), 0.5}, {from_ms(60.3), -0.4}, {from_ms(130), 0.2}}})};
  const auto drawn = [&](Port port, double mean, double std) {
    Projection p = connect("in", "n", FixedProbability{0.3}, 0, 0.4, port);
    p.weight = normal(mean, std);
    return p;
  };
  d.projections = {drawn(Port::kBasal, 0.05, 0.2), drawn(Port::kApical, 0.1, 0.3), drawn(Port::kModulator, 0, 1)};
  for (const Port port : {Port::kBasal, Port::kApical, Port::kModulator})
    d.projections.push_back(connect("dc", "n", AllToAll{}, 0.8, 0.1, port));
  d.probes = {spikes_of("n"), probe_of("n", Variable::kPotential, 0.7, 3.1), probe_of("n", Variable::kBasalCurrent, 2, 7),
              probe_of("n", Variable::kApicalCurrent, 2, 7)};
  return d;
}

std::vector<Spike> quiet_burst_quiet(std::uint32_t population, std::uint32_t neurons) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<Spike> in;
  for (int t = 1; t < 2000; ++t)
    for (std::uint32_t i = 0; i < neurons; ++i)
      if (unit(random) < (t > 500 && t < 1000 ? 0.02 : 2e-4)) in.push_back({t * 100 * kMicrosecond, population, i});
  return in;
}

TEST(Modes, EveryModelWithEveryPort) {
  for (const ModelCase& c : models()) {
    SCOPED_TRACE(c.name);
    const std::size_t spikes = expect_same_in_every_mode(everything(c.model), 200, quiet_burst_quiet(1, 40));
    if (spiking_of(c.model)) {
      EXPECT_GT(spikes, 300u);
    }
  }
}

/// Spikes of one window decide about the second and third after it: those of the last one are not all known when it has to be decided.
TEST(Modes, AWindowIsDecidedByTheSecondAndThirdBeforeIt) {
  NetworkDescription d;
  d.populations = {source("in", 1), neurons("n", 128, Lif{}), neurons("other", 128, Lif{}), source("many", 128, PoissonSource{2000}),
                   neurons("driven", 128, Lif{})};
  d.projections = {connect("in", "n", AllToAll{}, 1), connect("many", "driven", OneToOne{}, 1)};
  const Network network(d);
  engine::Modes modes(network, Update::kAuto);
  modes.begin(5);
  const Tick window = modes.window();
  ASSERT_EQ(window, 64);
  // A spike touches all, which counts as a quarter of the 128; 128 in 64 ticks are enough.
  const auto count = [&](Tick in_window, int spikes) {
    std::vector<engine::TickSpike> list;
    for (int k = 0; k < spikes; ++k) list.push_back({in_window * window + 3 * k, 0, 0});
    modes.count(list);
  };
  for (const int spikes : {3, 4})
    for (const Tick at : {0, 1, 2, 3, 7}) {
      modes.reset();
      count(at, spikes);
      for (Tick w = 0; w <= at + 5; ++w) {
        const bool expected = spikes >= 4 && (w == at + 2 || w == at + 3);
        for (const Tick tick : {w * window + (w == 0), (w + 1) * window - 1}) {
          ASSERT_EQ(modes.dense(1, tick), expected) << spikes << " in window " << at << ", asked at " << tick;
          ASSERT_FALSE(modes.dense(2, tick));
          ASSERT_FALSE(modes.dense(0, tick));
          ASSERT_TRUE(modes.dense(4, tick)) << "a drive reaches it at every tick";
        }
      }
      ASSERT_EQ(modes.next(1, at * window + 5), spikes >= 4 ? (at + 2) * window : kNever);
      ASSERT_EQ(modes.next(1, (at + 3) * window + 5), spikes >= 4 ? (at + 3) * window + 5 : kNever);
      ASSERT_EQ(modes.next(2, 0), kNever);
    }
  EXPECT_FALSE(modes.dense(4, 0)) << "tick 0 is for neurons that start above their threshold";
  modes.reset();
  EXPECT_FALSE(modes.dense(1, 9 * window)) << "a trial begins with nothing";
}

/// Without a leak v keeps how it was rounded, and so tells how it was advanced.
TEST(Modes, ABurstChangesOverAndBack) {
  // Every tick of the burst reaches all 100 neurons: far more than the 1 / 64 at which sweeping is cheaper. In the quiet parts one spike in
  // 500 ticks.
  If slow;
  slow.bias_mv = 0.00123, slow.v_threshold_mv = 1000;
  NetworkDescription d;
  d.populations = {neurons("n", 100, slow), source("in", 1)};
  d.projections = {connect("in", "n", FixedInDegree{1}, 0.0123)};
  for (const double ms : {90, 250, 300}) {
    d.probes.push_back(probe_of("n", Variable::kPotential, ms, 1000));
    d.probes.back().name = std::to_string(ms);
  }
  std::vector<Spike> in;
  for (int t = 1; t < 3000; ++t)
    if (t % 500 == 0 || (t > 1000 && t < 2000)) in.push_back({t * 100 * kMicrosecond, 1, 0});
  const auto sampled = [&](Update update) {
    std::vector<double> v;
    for (const Sample& s : run(d, 301, in, 1, update).samples) v.push_back(s.values.at(99));
    return v;
  };
  const auto lazy = sampled(Update::kLazy), dense = sampled(Update::kDense), both = sampled(Update::kAuto);
  ASSERT_EQ(lazy.size(), 3u);
  EXPECT_EQ(both[0], lazy[0]);
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_NEAR(lazy[k], dense[k], 1e-10);
    EXPECT_NE(lazy[k], dense[k]) << "the two round differently, or this test shows nothing";
  }
  EXPECT_NE(both[1], lazy[1]);
  EXPECT_EQ(both[1] + (lazy[2] - lazy[1]), both[2]) << "lazy again";
}

/// A swept state into a session that was quiet at that time, and the other way round: what the session was doing does not matter.
TEST(Modes, RestoreInTheMiddleOfAWindow) {
  If slow;
  slow.bias_mv = 0.00123, slow.v_threshold_mv = 1000;
  NetworkDescription d;
  d.populations = {neurons("n", 100, slow), source("in", 1)};
  d.projections = {connect("in", "n", FixedInDegree{1}, 0.0123)};
  d.probes = {probe_of("n", Variable::kPotential, 31, 1000)};
  std::vector<Spike> burst;
  for (int t = 1; t < 300; ++t) burst.push_back({t * 100 * kMicrosecond, 1, 0});
  const std::vector<Spike> none;
  std::vector<double> potentials;
  for (const auto& [mine, others] : {std::pair(burst, none), std::pair(none, burst)}) {
    const auto session = start(d), other = start(d);
    Recording r, again;
    advance(*session, 30, r, mine), advance(*other, 30, again, others);
    other->restore(session->save());
    advance(*session, 32, r), advance(*other, 32, again);
    EXPECT_EQ(again.samples, r.samples);
    potentials.push_back(r.samples.at(0).values.at(0));
  }
  EXPECT_NE(potentials[0], potentials[1]);
}

TEST(Modes, ThresholdsSetWhileSweptCountFromTheNextTick) {
  Lif lif;
  lif.bias_mv = 0.9;
  NetworkDescription d;
  d.populations = {neurons("n", 3, lif)};
  d.probes = {spikes_of("n")};
  for (const Update update : kEveryUpdate) {
    const auto session = start(d, 1, update);
    Recording r;
    advance(*session, 100, r);
    EXPECT_TRUE(r.spikes.empty());
    session->set_thresholds(0, std::vector<double>{0.5, 1, 0.8});
    advance(*session, 100.1, r);
    EXPECT_EQ(r.spikes, (std::vector<Spike>{{from_ms(100), 0, 0}, {from_ms(100), 0, 2}})) << name_of(update);
  }
}

TEST(Modes, HomeostasisCountsTheSameSpikes) {
  Lif lif;
  NetworkDescription d;
  Population p = neurons("n", 2, lif);
  p.homeostasis = Homeostasis{20, 0.05, 0.4};
  d.populations = {p, source("force", 2), source("teach", 1)};
  d.projections = {connect("force", "n", OneToOne{}, 5), connect("teach", "n", AllToAll{}, 1e-6, 0.1, Port::kModulator)};
  for (const Update update : kEveryUpdate) {
    const auto session = start(d, 1, update);
    Recording r;
    std::vector<Spike> in = {at_ms(29.9, 2, 0)};
    for (int k = 0; k < 6; ++k) in.push_back(at_ms(5 + 10 * k, 1, 0));
    advance(*session, 100, r, in);
    session->commit();  // three spikes before feedback came at 30 ms, where 0.6 were wanted
    EXPECT_NEAR(session->thresholds(0)[0], 1 + 0.05 * (3 - 0.6), 1e-12) << name_of(update);
    EXPECT_NEAR(session->thresholds(0)[1], 1 - 0.05 * 0.6, 1e-12) << name_of(update);
  }
}

/// STDP and FeedbackCurrent see traces, gates and feedback of a swept population.
TEST(Modes, RulesLearnTheSame) {
  Stdp stdp;
  stdp.a_plus = 0.02, stdp.a_minus = 0.01;
  FeedbackCurrent feedback;
  feedback.eta = 0.01;
  for (const decltype(Rule::kind)& kind : {decltype(Rule::kind)(stdp), decltype(Rule::kind)(feedback)}) {
    NetworkDescription d = everything(Lif{});
    d.rules = {{"rule", kind, Commit::kImmediate, {}, {}}};
    d.projections[0].rule = "rule";
    std::vector<float> weights;
    for (const Update update : {Update::kLazy, Update::kDense, Update::kAuto}) {
      const auto session = start(d, 1, update);
      const auto before = session->weights(0);
      NullSink nobody;
      session->advance(from_ms(200), quiet_burst_quiet(1, 40), nobody);
      const auto after = session->weights(0);
      if (weights.empty()) weights = after;
      EXPECT_NE(after, before);
      for (std::size_t i = 0; i < after.size(); ++i) ASSERT_NEAR(after[i], weights[i], 1e-5f) << name_of(update);
    }
  }
}

/// The CUBA network of Vogels and Abbott (2005) for one second.
TEST(Modes, TheCubaNetwork) {
  LifExp neuron;
  neuron.v_rest_mv = -49, neuron.v_threshold_mv = -50, neuron.v_reset_mv = -60, neuron.refractory_ms = 5, neuron.tau_syn_ms = 5,
  neuron.tau_syn_inhibitory_ms = 10;
  NetworkDescription d;
  d.populations = {neurons("e", 3200, neuron), neurons("i", 800, neuron)};
  for (Population& p : d.populations) p.v_initial_mv = Value{Uniform{-60, -50}, {}};
  for (const char* to : {"e", "i"}) {
    d.projections.push_back(connect("e", to, FixedProbability{0.02}, 1.62));
    d.projections.push_back(connect("i", to, FixedProbability{0.02}, -9));
  }
  d.probes = {spikes_of("e"), spikes_of("i")};
  EXPECT_GT(expect_same_in_every_mode(d, 1000), 10'000u);
}

}  // namespace
}  // namespace spikeloop::testing
