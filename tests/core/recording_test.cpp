// SPDX-License-Identifier: Apache-2.0
// Recordings, their hash, operation counts, and energy by hand.
#include "core/recording.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/energy.hpp"
#include "core/errors.hpp"
#include "core/network.hpp"

namespace spikeloop {
namespace {

Recording sample_recording() {
  Recording r;
  r.spike({1, 2, 3});
  r.spike({4, 5, 6});
  const double values[] = {0.5, -0.0};
  r.sample(7, 0, values);
  return r;
}

TEST(Recording, HashSeesEverySpikeAndEveryBitOfEverySample) {
  const std::uint64_t plain = sample_recording().hash();
  EXPECT_EQ(sample_recording().hash(), plain);
  std::set<std::uint64_t> all = {plain};
  const auto changed = [&](auto&& change) {
    Recording r = sample_recording();
    change(r);
    EXPECT_TRUE(all.insert(r.hash()).second);
  };
  changed([](Recording& r) { r.spikes[0].time = 2; });
  changed([](Recording& r) { r.spikes[0].population = 1; });
  changed([](Recording& r) { r.spikes[1].neuron = 7; });
  changed([](Recording& r) { std::swap(r.spikes[0], r.spikes[1]); });
  changed([](Recording& r) { r.spikes.pop_back(); });
  changed([](Recording& r) { r.samples[0].time = 8; });
  changed([](Recording& r) { r.samples[0].probe = 1; });
  changed([](Recording& r) { r.samples[0].values[1] = 0.0; });  // -0.0 and 0.0 are equal, but not the same bits
  changed([](Recording& r) { r.samples.clear(); });
}

TEST(OperationCounts, AddAndSubtract) {
  OperationCounts a;
  a.populations = {{3, 4}};
  a.projections = {{5, 6}};
  a.simulated = 7, a.late = 8, a.dropped = 9, a.overflowed = 10;
  OperationCounts sum;
  sum += a;
  sum += a;
  EXPECT_EQ(sum.populations[0].spikes, 6u);
  EXPECT_EQ(sum.projections[0].plastic_updates, 12u);
  EXPECT_EQ(sum.simulated, 14);
  EXPECT_EQ(sum.overflowed, 20u);
  sum -= a;
  EXPECT_EQ(sum.populations[0].updates, 4u);
  EXPECT_EQ(sum.projections[0].synaptic_events, 5u);
  EXPECT_EQ(sum.simulated, 7);
  EXPECT_EQ(sum.late, 8u);
  EXPECT_EQ(sum.dropped, 9u);
  OperationCounts other;
  other.populations.resize(2);
  EXPECT_THROW(sum += other, BugError);
}

TEST(Energy, IsCountsTimesPricesByHand) {
  NetworkDescription d;
  d.populations = {{"in", {10}, SourceModel{ExternalSource{}}, {}, {}},
                   {"a", {300}, NeuronModel{Lif{}}, {}, {}},
                   {"b", {10}, NeuronModel{Lif{}}, {}, {}}};
  for (const auto& [from, to] : {std::pair{"in", "a"}, {"a", "b"}}) {
    Projection p;
    p.source = from, p.target = to;
    d.projections.push_back(p);
  }
  const Network network(d);
  OperationCounts counts;
  counts.populations = {{100, 0}, {40, 2000}, {8, 300}};
  counts.projections = {{30'000, 70}, {400, 5}};
  counts.simulated = 2 * kSecond;
  PriceList prices;
  prices.machine = "chip", prices.note = "without the host", prices.neurons_per_core = 256;
  prices.prices = {
      {"neuron", Operation::kSpike, 1e-9, "data sheet", true},          {"neuron", Operation::kNeuronUpdate, 2e-12, "a paper", false},
      {"synapse", Operation::kSynapticEvent, 3e-12, "a paper", false},  {"network", Operation::kCoreBroadcast, 4e-12, "a paper", false},
      {"learning", Operation::kPlasticUpdate, 5e-12, "a guess", false}, {"static", Operation::kStaticSecond, 6e-3, "data sheet", true}};
  const EnergyReport report = estimate_energy(network, counts, prices, 4);
  ASSERT_EQ(report.lines.size(), 6u);
  // 148 spikes; 2,300 updates; 30,400 events; in -> a reaches two cores (300 neurons, 256 a core), a -> b one; 75 changes; 2 s; four
  // inferences
  const double expected[] = {148 / 4.0, 2300 / 4.0, 30'400 / 4.0, (100 * 2 + 40 * 1) / 4.0, 75 / 4.0, 2 / 4.0};
  double total = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_DOUBLE_EQ(report.lines[i].count, expected[i]);
    EXPECT_DOUBLE_EQ(report.lines[i].joules, expected[i] * prices.prices[i].joules);
    EXPECT_FALSE(report.lines[i].measured);
    EXPECT_EQ(report.lines[i].verified, prices.prices[i].verified);
    EXPECT_EQ(report.lines[i].source, prices.prices[i].source);
    total += expected[i] * prices.prices[i].joules;
  }
  EXPECT_DOUBLE_EQ(report.total(), total);
  EXPECT_EQ(report.machine, "chip");
  EXPECT_EQ(report.note, "without the host");
}

TEST(Diagnostic, LeavesOutWhatIsUnknown) {
  EXPECT_EQ(to_string(Diagnostic{"a.b", "is wrong", "mend it", "x.txtpb", 3, 5}), "x.txtpb:3:5: a.b: is wrong (mend it)");
  EXPECT_EQ(to_string(Diagnostic{"a.b", "is wrong", "", "", 0, 0}), "a.b: is wrong");
  EXPECT_EQ(to_string(Diagnostic{"", "is wrong", "", "", 0, 0}), "is wrong");
}

}  // namespace
}  // namespace spikeloop
