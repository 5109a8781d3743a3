// SPDX-License-Identifier: Apache-2.0
// Networks that run on the virtual board.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "tests/dynapse/bench.hpp"

namespace spikeloop::dynapse {
namespace {

TEST(ChipSession, RelaysInputSpikesInTime) {
  Bench bench{Network(straight_relay(40))};
  std::vector<Spike> in;
  for (std::uint32_t n = 0; n < 4; ++n) in.push_back({from_ms(10 + 20.0 * n), 0, n});
  const std::vector<Spike> out = bench.run(from_ms(100), in);
  for (std::uint32_t n = 0; n < 4; ++n) {
    EXPECT_NE(std::find(out.begin(), out.end(), in[n]), out.end()) << "a probed input is shown as it was played";
    for (std::uint32_t population : {1u, 2u}) {
      const auto first = std::find_if(out.begin(), out.end(), [&](const Spike& s) { return s.population == population && s.neuron == n; });
      ASSERT_NE(first, out.end()) << population << " " << n;
      EXPECT_GT(first->time, in[n].time);
      EXPECT_LT(first->time, in[n].time + from_ms(4.0 * population));
    }
  }
  EXPECT_TRUE(std::is_sorted(out.begin(), out.end(), [](const Spike& a, const Spike& b) { return a.time < b.time; }));
}

TEST(ChipSession, TrialsAreAlike) {
  Bench bench{Network(straight_relay(40))};
  const std::vector<Spike> in = {{from_ms(3), 0, 1}, {from_ms(3), 0, 2}, {from_ms(30), 0, 3}};
  const std::vector<Spike> first = bench.run(from_ms(50), in);
  EXPECT_GT(first.size(), 6U);
  bench.run(from_ms(70), {{from_ms(65), 0, 0}}, 2);
  EXPECT_EQ(bench.run(from_ms(50), in, 3), first);
}

/// Two inputs that make a neuron fire together, in one trial, do not if silence lies between their trials.
TEST(ChipSession, NothingOfATrialIsLeftInTheNext) {
  Bench bench{Network(straight_relay(12))};
  const auto fires = [](const std::vector<Spike>& spikes) {
    return std::any_of(spikes.begin(), spikes.end(), [](const Spike& s) { return s.population == 1; });
  };
  EXPECT_TRUE(fires(bench.run(from_ms(20), {{from_ms(8), 0, 1}, {from_ms(11), 0, 1}})));
  EXPECT_FALSE(fires(bench.run(from_ms(10), {{from_ms(9.8), 0, 1}}, 2)));
  EXPECT_FALSE(fires(bench.run(from_ms(20), {{from_ms(0.1), 0, 1}}, 3)));
}

TEST(ChipSession, CountsWhatTheBoardCounts) {
  Bench bench{Network(straight_relay(40))};
  const firmware::DynapSe1Statistics before = bench.model->statistics();
  const ChipOperations none = bench.session->operations();
  EXPECT_EQ(none, ChipOperations{});
  std::vector<Spike> in;
  for (int i = 0; i < 40; ++i) in.push_back({from_ms(1 + 2 * i), 0, static_cast<std::uint32_t>(i % 4)});
  bench.run(from_ms(120), in);
  const firmware::DynapSe1Statistics& after = bench.model->statistics();
  const ChipOperations did = bench.session->operations();
  EXPECT_EQ(did.spikes, after.neuron_spikes - before.neuron_spikes);
  EXPECT_EQ(did.played, after.generated_spikes - before.generated_spikes);
  EXPECT_EQ(did.broadcasts, after.core_broadcasts - before.core_broadcasts);
  EXPECT_EQ(did.matches, after.synaptic_events - before.synaptic_events);
  EXPECT_EQ(did.hops, after.hops - before.hops);
  EXPECT_EQ(did.routes, after.routed_events - before.routed_events);
  std::uint64_t synaptic_events = 0;
  for (const ProjectionCounts& p : bench.session->counts().projections) synaptic_events += p.synaptic_events;
  EXPECT_EQ(did.synaptic_events, synaptic_events);
  EXPECT_LE(did.synaptic_events, did.matches);
  EXPECT_GT(did.spikes, 80U);
  EXPECT_EQ(bench.session->deployment().lost(), 0U);
  EXPECT_EQ(bench.session->deployment().strays, 0U);
}

TEST(ChipSession, TellsWhatItsChipHasDoneSinceTheStartOrARestore) {
  Bench bench{Network(straight_relay(40))};
  EXPECT_EQ(bench.session->counts().chip, (ChipCounts{{}, 256, 0}));
  bench.run(from_ms(50), {{from_ms(3), 0, 0}, {from_ms(5), 0, 3}});
  const OperationCounts counts = bench.session->counts();
  EXPECT_EQ(counts.chip->operations, bench.session->operations());
  EXPECT_GT(counts.chip->operations.matches, 0U);
  bench.session->restore(bench.session->save());
  const OperationCounts after = bench.session->counts();
  EXPECT_EQ(after.chip, (ChipCounts{{}, 256, 0}));
  EXPECT_EQ(after.populations.at(1).spikes + after.projections.at(0).synaptic_events, 0U);
  EXPECT_EQ(after.simulated, 0);
}

TEST(ChipSession, SaysHowManyNeuronsItDoesNotSee) {
  NetworkDescription d = straight_relay(40);
  d.probes = {spikes_of("second")};
  Bench bench{Network(d)};
  EXPECT_EQ(bench.session->counts().chip->unseen_neurons, 4U);
}

/// What is on the way while the board is asked is not lost.
TEST(ChipSession, LosesNothingOfNeuronsThatAreNeverSilent) {
  NetworkDescription d = straight_relay(40);
  Lif restless;
  restless.tau_m_ms = 30, restless.bias_mv = 3, restless.refractory_ms = 1, restless.v_floor_mv = 0;
  d.populations[1].shape = {200}, d.populations[1].kind = NeuronModel{restless};
  d.projections = {projection("in", "first", 0.1)};
  d.probes = {spikes_of("first")};
  Bench bench(Network(d), {}, std::make_shared<firmware::DynapSe1Model>(firmware::DynapSe1Options{.mismatch = 0.2}));  // never all at once
  std::size_t spikes = 0;
  for (std::uint64_t trial = 1; trial <= 6; ++trial) {
    spikes += bench.run(from_ms(7), {}, trial).size();
    EXPECT_EQ(bench.session->counts().dropped, 0U) << trial;
    if (trial % 2 == 0) {
      EXPECT_EQ(bench.session->deployment().lost(), 0U) << trial;
    }
  }
  EXPECT_GT(spikes, 600U);
}

TEST(ChipSession, CountsWhatTheBoardDropsWhenTheNextTrialBegins) {
  NetworkDescription d = straight_relay(40);
  d.populations[1] = neurons("first", 200, 20, 2), d.populations[2] = neurons("second", 200, 20, 2);
  d.projections[0].connect = AllToAll{};
  Bench bench(Network(d), {}, std::make_shared<firmware::DynapSe1Model>(firmware::DynapSe1Options{.mismatch = 0, .aer_fifo_events = 16}));
  const std::uint64_t before = bench.session->deployment().lost();
  std::vector<Spike> in;
  for (int i = 0; i < 200; ++i) in.push_back({from_ms(1 + i / 4), 0, static_cast<std::uint32_t>(i % 4)});
  bench.run(from_ms(100), in);
  EXPECT_EQ(bench.session->counts().dropped, 0U);
  bench.session->reset(2);
  EXPECT_GT(bench.session->counts().dropped, 0U);
  EXPECT_EQ(bench.session->counts().dropped, bench.session->deployment().lost() - before);
}

TEST(ChipSession, WritesOnlyWordsThatChange) {
  Bench bench{Network(straight_relay(40))};
  const std::size_t words = 4 * (4 + 106 + 4096 + 65536);
  EXPECT_EQ(bench.session->deployment().words, words);
  std::vector<float> weights = bench.session->weights(0);
  ASSERT_EQ(weights.size(), 4U);
  weights[2] = 0;
  bench.session->set_weights(0, weights);
  const std::vector<Spike> in = {{from_ms(3), 0, 1}, {from_ms(3), 0, 2}};
  const std::vector<Spike> out = bench.run(from_ms(50), in);
  EXPECT_TRUE(std::any_of(out.begin(), out.end(), [](const Spike& s) { return s.population == 1 && s.neuron == 1; }));
  EXPECT_FALSE(std::any_of(out.begin(), out.end(), [](const Spike& s) { return s.population == 1 && s.neuron == 2; }));
  const Deployment d = bench.session->deployment();
  EXPECT_EQ(d.weight_commits, 1U);
  EXPECT_GT(d.words_changed, 0U);
  EXPECT_LE(d.words_changed, 64U + 25U) << "one neuron's CAM, and perhaps the biases of its core";
  EXPECT_EQ(bench.session->weights(0), weights);
  EXPECT_EQ(bench.session->achieved_weights(0)[2], 0);
}

TEST(ChipSession, RefusesSpikesOfItsOwnNeuronsAndCountsLateOnes) {
  Bench bench{Network(straight_relay(40))};
  Recording out;
  bench.session->reset(1);
  const std::vector<Spike> own = {{from_ms(1), 1, 0}}, beyond = {{from_ms(10), 0, 0}}, late = {{from_ms(1), 0, 0}};
  EXPECT_THROW(bench.session->advance(from_ms(10), own, out), DescriptionError);
  EXPECT_THROW(bench.session->advance(from_ms(10), beyond, out), DescriptionError);
  bench.session->advance(from_ms(10), {}, out);
  bench.session->advance(from_ms(20), late, out);
  EXPECT_EQ(bench.session->counts().late, 1U);
}

TEST(ChipSession, GoesOnOnAnotherBoard) {
  const Network network(straight_relay(40));
  Bench bench{network};
  std::vector<float> weights = bench.session->weights(1);
  weights[0] = 0, weights[3] = 20;
  bench.session->set_weights(1, weights);
  const std::vector<Spike> in = {{from_ms(3), 0, 0}, {from_ms(5), 0, 3}};
  const std::vector<Spike> out = bench.run(from_ms(50), in);
  const State state = bench.session->save();
  Bench other{network};
  other.session->restore(state);
  EXPECT_EQ(other.session->weights(1), weights);
  EXPECT_EQ(other.run(from_ms(50), in), out);
  State damaged = state;
  damaged[20] ^= std::byte{1};
  EXPECT_THROW(other.session->restore(damaged), DescriptionError);
}

TEST(ChipSession, PlaysSpikesAcrossLongSilence) {
  Bench bench{Network(straight_relay(40))};
  const std::vector<Spike> out = bench.run(from_ms(400), {{from_ms(5), 0, 1}, {from_ms(305), 0, 1}});
  EXPECT_TRUE(std::any_of(out.begin(), out.end(), [](const Spike& s) { return s.population == 1 && s.time > from_ms(305); }));
}

}  // namespace
}  // namespace spikeloop::dynapse
