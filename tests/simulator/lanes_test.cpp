// SPDX-License-Identifier: Apache-2.0
// More inputs than 16 bits can number: several narrow lanes a thread where synapses are many, one wide lane where they are few.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "core/engine/layout.hpp"
#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

constexpr std::uint32_t kLargeNeurons = 70'000, kSources = 40;

/// A large population that a small one reaches, and a small one that the large one reaches in turn.
NetworkDescription large(std::uint64_t in_degree) {
  NetworkDescription d;
  Lif lif;
  lif.refractory_ms = 1;
  d.populations = {source("in", kSources), neurons("large", kLargeNeurons, lif), neurons("back", 100, lif)};
  Projection p = connect("in", "large", FixedInDegree{in_degree}, 0);
  p.weight = normal(0.9 / static_cast<double>(in_degree), 0.3 / static_cast<double>(in_degree));
  Projection back = connect("large", "back", FixedInDegree{50}, 0.03, 0.5);
  Projection again = connect("back", "large", FixedInDegree{1}, 0.2, 0.3);
  again.delay_ms = {Uniform{0.2, 2}, {}};
  d.projections = {p, back, again};
  d.probes = {spikes_of("large"), spikes_of("back")};
  return d;
}

std::vector<Spike> volley() {
  std::vector<Spike> in;
  for (std::uint32_t i = 0; i < kSources; ++i)
    for (int k = 0; k < 3; ++k) in.push_back(at_ms(1 + 0.1 * i / 4 + 2.0 * k, 0, i));
  return in;
}

struct Seen {
  Recording r;
  std::vector<std::vector<float>> weights;
  std::vector<Connectivity> connectivity;
};

/// Half the weights are exchanged before the run.
Seen see(const NetworkDescription& d, std::size_t threads) {
  const auto session = start(d, threads);
  Seen seen;
  for (std::size_t k = 0; k < 3; ++k) {
    seen.connectivity.push_back(session->connectivity(k));
    std::vector<float> w = session->weights(k);
    EXPECT_EQ(w.size(), seen.connectivity[k].sources.size());
    for (std::size_t i = 0; i < w.size(); i += 2) w[i] = w[i] * 1.25f + 0.001f;
    session->set_weights(k, w);
    EXPECT_EQ(session->weights(k), w);
    seen.weights.push_back(std::move(w));
  }
  advance(*session, 8, seen.r, volley());
  seen.r.counts = session->counts();
  return seen;
}

/// Arrivals before 8 ms, synapse by synapse.
std::uint64_t events(const std::vector<Spike>& spikes, std::uint32_t population, std::size_t size, const Connectivity& c) {
  std::vector<std::vector<Tick>> delays(size);
  for (std::size_t i = 0; i < c.sources.size(); ++i) delays[c.sources[i]].push_back(c.delays[i]);
  std::uint64_t n = 0;
  for (const Spike& s : spikes)
    if (s.population == population)
      for (const Tick delay : delays[s.neuron]) n += (s.time + 50 * kMicrosecond) / (100 * kMicrosecond) + delay < 80;
  return n;
}

void expect_degrees(const Connectivity& c, std::size_t targets, std::uint64_t degree) {
  std::vector<std::uint64_t> in(targets);
  for (const std::uint32_t t : c.targets) ++in.at(t);
  EXPECT_EQ(std::count(in.begin(), in.end(), degree), static_cast<std::ptrdiff_t>(targets));
  EXPECT_TRUE(std::is_sorted(c.sources.begin(), c.sources.end()));
}

void expect_same_for_any_threads(const NetworkDescription& d, std::uint64_t in_degree) {
  const Seen one = see(d, 1);
  EXPECT_GT(one.r.spikes.size(), 10'000u);
  expect_degrees(one.connectivity[0], kLargeNeurons, in_degree);
  expect_degrees(one.connectivity[1], 100, 50);
  expect_degrees(one.connectivity[2], kLargeNeurons, 1);
  const auto& counts = one.r.counts.projections;
  EXPECT_EQ(counts[0].synaptic_events, events(volley(), 0, kSources, one.connectivity[0]));
  EXPECT_EQ(counts[1].synaptic_events, events(one.r.spikes, 1, kLargeNeurons, one.connectivity[1]));
  EXPECT_EQ(counts[2].synaptic_events, events(one.r.spikes, 2, 100, one.connectivity[2]));
  EXPECT_GT(counts[2].synaptic_events, 1000u);
  for (const std::size_t threads : {2, 3}) {
    const Seen more = see(d, threads);
    EXPECT_EQ(more.r.hash(), one.r.hash());
    EXPECT_EQ(more.r.spikes, one.r.spikes);
    EXPECT_EQ(more.weights, one.weights);
    for (std::size_t k = 0; k < 3; ++k) {
      EXPECT_EQ(more.connectivity[k].sources, one.connectivity[k].sources) << k;
      EXPECT_EQ(more.connectivity[k].targets, one.connectivity[k].targets) << k;
      EXPECT_EQ(more.connectivity[k].delays, one.connectivity[k].delays) << k;
      EXPECT_EQ(more.r.counts.projections[k].synaptic_events, counts[k].synaptic_events) << k;
    }
  }
}

TEST(Lanes, ManyNarrowOnesWhereSynapsesAreMany) {
  const NetworkDescription d = large(70);
  const engine::Layout layout = engine::layout_of(Network(d), 1);
  EXPECT_EQ(layout.lanes.size(), 2u);
  for (const auto& lane : layout.lanes) EXPECT_LE(lane.slots, engine::kNarrowSlots);
  expect_same_for_any_threads(d, 70);
}

TEST(Lanes, OneWideOneWhereSynapsesAreFew) {
  const NetworkDescription d = large(5);
  const engine::Layout layout = engine::layout_of(Network(d), 1);
  EXPECT_EQ(layout.lanes.size(), 1u);
  EXPECT_GT(layout.lanes.front().slots, engine::kNarrowSlots);
  expect_same_for_any_threads(d, 5);
}

/// Every neuron is in one lane, whole chunks of 64 at a time.
TEST(Lanes, SlicesCoverEveryPopulationOnce) {
  for (const std::size_t threads : {1, 2, 3, 7}) {
    const Network network(large(70));
    const engine::Layout layout = engine::layout_of(network, threads);
    EXPECT_EQ(layout.lanes.size() % threads, 0u);
    for (std::size_t p = 0; p < 3; ++p) {
      std::uint32_t at = 0;
      for (const auto& lane : layout.lanes) {
        EXPECT_EQ(lane.slices[p].begin, at);
        EXPECT_TRUE(at % 64 == 0 || at == network.populations()[p].size());
        at = lane.slices[p].end;
      }
      EXPECT_EQ(at, network.populations()[p].size());
    }
  }
}

/// STDP keeps its own order of targets: a wide lane has no fast way, and learns the same.
TEST(Lanes, PlasticRowsLearnTheSameInWideOnes) {
  Stdp stdp;
  stdp.a_plus = 0.02, stdp.a_minus = 0.01;
  NetworkDescription d = large(5);
  d.rules = {{"rule", stdp, Commit::kImmediate, {}, 1.0}};
  d.projections[0].rule = "rule";
  std::vector<float> weights;
  for (const std::size_t threads : {1, 3}) {  // the second: narrow
    const auto session = start(d, threads);
    const auto before = session->weights(0);
    NullSink nobody;
    session->advance(from_ms(20), volley(), nobody);
    if (weights.empty()) weights = session->weights(0);
    EXPECT_NE(weights, before);
    EXPECT_EQ(session->weights(0), weights);
  }
  EXPECT_LE(engine::layout_of(Network(d), 3).lanes.front().slots, engine::kNarrowSlots);
}

/// The first neurons of every population are in the first lane, however many lanes there are; with so many populations they fill it, and
/// one wide lane takes all.
TEST(Lanes, SoManyPopulationsThatTheirFirstNeuronsFillALane) {
  constexpr std::uint32_t kPopulations = 1'100, kInputs = 70;
  NetworkDescription d;
  d.populations = {source("in", kInputs)};
  for (std::uint32_t p = 0; p < kPopulations; ++p) {
    const std::string name = "p" + std::to_string(p);
    d.populations.push_back(neurons(name, 64, Lif{}));
    d.projections.push_back(connect("in", name, AllToAll{}, p % 2 == 0 ? 0.01 : 0.02));
    d.probes.push_back(spikes_of(name));
  }
  const engine::Layout layout = engine::layout_of(Network(d), 1);
  ASSERT_EQ(layout.lanes.size(), 1u);
  EXPECT_GT(layout.lanes.front().slots, engine::kNarrowSlots);
  std::vector<Spike> in;
  for (std::uint32_t i = 0; i < kInputs; ++i) in.push_back(at_ms(1, 0, i));
  const Recording r = run(d, 5, in);
  EXPECT_EQ(r.spikes.size(), 64u * kPopulations / 2) << "70 spikes of 0.02 mV reach a threshold of 1 mV, those of 0.01 do not";
  for (const Spike& s : r.spikes) ASSERT_EQ(s.population % 2, 0u);
}

}  // namespace
}  // namespace spikeloop::testing
