// SPDX-License-Identifier: Apache-2.0
// What the chip's operations cost, on the chip itself and on other machines.
#include "backends/dynapse/operations.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/dynapse/support.hpp"

namespace spikeloop::dynapse {
namespace {

constexpr ChipCounts kDone{
    {.spikes = 100, .played = 40, .routes = 260, .broadcasts = 300, .hops = 12, .matches = 5000, .synaptic_events = 2000}, 256, 0};

const EnergyLine& line(const EnergyReport& report, Operation operation) {
  for (const EnergyLine& l : report.lines)
    if (l.operation == operation) return l;
  throw std::runtime_error("no such line");
}

TEST(ChipEnergy, IsOperationsTimesThePricesOfTheChipWithoutStaticPowerWhichNobodyKnows) {
  const ChipPrices& p = dynapse1().prices;
  const EnergyReport report = estimate_energy(kDone, 2, prices_of(dynapse1()), 4);
  const double by_hand = 100 * (p.spike_j.value + p.encode_j.value) + 300 * p.broadcast_j.value + 260 * p.route_j.value +
                         12 * p.hop_j.value + 5000 * p.match_j.value;
  EXPECT_DOUBLE_EQ(report.total(), by_hand / 4);
  EXPECT_DOUBLE_EQ(line(report, Operation::kHop).count, 3);
  const EnergyLine& still = line(report, Operation::kStaticSecond);
  EXPECT_DOUBLE_EQ(still.count, 0.5);
  EXPECT_TRUE(std::isnan(still.joules)) << "0 J would be a claim";
  EXPECT_NE(still.missing.find("nobody has published it"), std::string::npos);
  for (const EnergyLine& l : report.lines) EXPECT_FALSE(l.source.empty());
}

TEST(ChipEnergy, OnAnotherMachineSaysWhatTheChipDoesNotTell) {
  PriceList other{"other",
                  "",
                  1024,
                  {{"synapse", Operation::kSynapticEvent, 2e-12, "s", true},
                   {"neuron", Operation::kNeuronUpdate, 1e-12, "s", true},
                   {"network", Operation::kCoreBroadcast, 1e-12, "s", true}}};
  const EnergyReport report = estimate_energy(kDone, 2, other, 4);
  EXPECT_DOUBLE_EQ(report.total(), 2e-12 * 2000 / 4);
  EXPECT_NE(report.lines[1].missing.find("analogue"), std::string::npos);
  EXPECT_NE(report.lines[2].missing.find("cores of 1024 neurons"), std::string::npos);
  other.neurons_per_core = 256;
  EXPECT_DOUBLE_EQ(estimate_energy(kDone, 2, other, 4).lines[2].count, 75);
}

TEST(ChipEnergy, SpreadIsThatOfTheInferences) {
  const PriceList one{"one", "", 256, {{"synapse", Operation::kCamMatch, 2e-12, "s", true}}};
  std::vector<ChipOperations> samples(3);
  for (std::size_t i = 0; i < 3; ++i) samples[i].matches = 100 * (i + 1);
  EXPECT_NEAR(energy_spread(samples, kDone, one).value(), 200e-12, 1e-20);
  samples.resize(1);
  EXPECT_FALSE(energy_spread(samples, kDone, one));
}

}  // namespace
}  // namespace spikeloop::dynapse
