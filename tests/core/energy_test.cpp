// SPDX-License-Identifier: Apache-2.0
#include "core/energy.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "core/experiment.hpp"

namespace spikeloop {
namespace {

Network two_layers() {
  NetworkDescription d;
  d.populations = {{"in", {10}, SourceModel{ExternalSource{}}, {}, {}},
                   {"a", {300}, NeuronModel{Lif{}}, {}, {}},
                   {"b", {10}, NeuronModel{Lif{}}, {}, {}}};
  for (const auto& [from, to] : {std::pair{"in", "a"}, {"a", "b"}}) {
    Projection p;
    p.source = from, p.target = to;
    d.projections.push_back(p);
  }
  return Network(d);
}

PriceList every_operation() {
  return {"chip",
          "",
          256,
          {{"neuron", Operation::kSpike, 1e-9, "s", true},
           {"neuron", Operation::kNeuronUpdate, 2e-12, "s", false},
           {"synapse", Operation::kSynapticEvent, 3e-12, "s", false},
           {"network", Operation::kCoreBroadcast, 4e-10, "s", false},
           {"learning", Operation::kPlasticUpdate, 5e-12, "s", false},
           {"static", Operation::kStaticSecond, 6e-6, "s", true}}};
}

/// Inferences that differ, also in how long they take.
std::vector<OperationCounts> inferences(std::size_t n) {
  std::mt19937 random(5);
  std::vector<OperationCounts> all(n);
  for (OperationCounts& c : all) {
    const auto below = [&](std::uint64_t most) { return random() % most; };
    c.populations = {{below(100), 0}, {below(40), below(2000)}, {below(8), below(300)}};
    c.projections = {{below(30'000), below(70)}, {below(400), below(5)}};
    c.simulated = static_cast<Time>(below(40)) * kMillisecond;
  }
  return all;
}

TEST(Energy, OfRoutesAndHopsIsNotKnownWithoutAMappingAndNotInTheTotal) {
  const PriceList prices{"chip",
                         "",
                         256,
                         {{"synapse", Operation::kSynapticEvent, 1e-12, "a paper", true},
                          {"router", Operation::kRoute, 1e-12, "a paper", true},
                          {"mesh", Operation::kHop, 1e-12, "a paper", true}}};
  const Network network = two_layers();
  const EnergyReport report = estimate_energy(network, inferences(1).front(), prices, 1);
  ASSERT_EQ(report.lines.size(), 3u);
  EXPECT_TRUE(report.lines[0].missing.empty());
  for (const std::size_t i : {1, 2}) {
    EXPECT_NE(report.lines[i].missing.find("no mapping"), std::string::npos);
    EXPECT_TRUE(std::isnan(report.lines[i].count));
    EXPECT_TRUE(std::isnan(report.lines[i].joules));
  }
  EXPECT_DOUBLE_EQ(report.total(), report.lines[0].joules);
  EXPECT_FALSE(report.complete());
}

TEST(Energy, OfAPriceThatNobodyKnowsSaysWhyAndKeepsTheCount) {
  const PriceList prices{"chip", "", 256, {{"static", Operation::kStaticSecond, NAN, "nobody has published it", false}}};
  const EnergyReport report = estimate_energy(prices, [](Operation) { return Counted{0.25}; });
  EXPECT_EQ(report.lines.at(0).count, 0.25);
  EXPECT_EQ(report.lines[0].missing, "nobody has published it");
  EXPECT_EQ(report.total(), 0);
}

TEST(EnergySpread, IsThatOfTheInferencesPricedOneByOne) {
  const Network network = two_layers();
  const PriceList prices = every_operation();
  CountSpread spread;
  std::vector<double> joules;
  for (const OperationCounts& c : inferences(50)) {
    spread.add(c);
    joules.push_back(estimate_energy(network, c, prices, 1).total());
  }
  const auto found = energy_spread(network, spread.covariance(), prices);
  ASSERT_TRUE(found);
  EXPECT_NEAR(*found, mean_spread(joules).spread, 1e-9 * *found);
  EXPECT_GT(*found, 0);
}

/// The same on a board, which has operations of its own.
std::vector<OperationCounts> on_a_board(std::size_t n) {
  std::vector<OperationCounts> all = inferences(n);
  std::mt19937 random(6);
  for (OperationCounts& c : all) {
    const auto below = [&](std::uint64_t most) { return random() % most; };
    c.chip = ChipCounts{{below(60), below(90), below(200), below(500), below(20), below(4000), below(1000)}, 256, 0};
  }
  return all;
}

TEST(Energy, WhereABoardRanIsThatOfItsChipAlone) {
  PriceList prices = every_operation();
  prices.prices.push_back({"router", Operation::kRoute, 7e-12, "s", true});
  prices.prices.push_back({"mesh", Operation::kHop, 8e-12, "s", true});
  prices.prices.push_back({"synapse", Operation::kCamMatch, 9e-12, "s", true});
  OperationCounts c = on_a_board(1).front();
  const ChipOperations& o = c.chip->operations;
  const EnergyReport report = estimate_energy(two_layers(), c, prices, 2);
  const auto n = [](std::uint64_t count) { return static_cast<double>(count) / 2; };
  EXPECT_DOUBLE_EQ(report.total(), n(o.spikes) * 1e-9 + n(o.synaptic_events) * 3e-12 + n(o.matches) * 9e-12 + n(o.broadcasts) * 4e-10 +
                                       n(o.routes) * 7e-12 + n(o.hops) * 8e-12 + to_ms(c.simulated) * 1e-3 / 2 * 6e-6);
  EXPECT_NE(report.lines[1].missing.find("analogue"), std::string::npos);
  c.chip->unseen_neurons = 3;
  const EnergyReport blind = estimate_energy(two_layers(), c, prices, 2);
  for (const std::size_t line : {0, 2, 3, 6, 7, 8}) {
    EXPECT_NE(blind.lines[line].missing.find("does not see what 3 neurons"), std::string::npos) << line;
    EXPECT_TRUE(std::isnan(blind.lines[line].count));
  }
  EXPECT_TRUE(blind.lines[5].missing.empty()) << "time passes, whoever looks";
}

TEST(EnergySpread, WhereABoardRanIsThatOfItsChip) {
  const Network network = two_layers();
  const PriceList prices = every_operation();
  CountSpread spread;
  OperationCounts all;
  std::vector<double> joules, as_network;
  for (OperationCounts c : on_a_board(50)) {
    spread.add(c);
    all += c;
    joules.push_back(estimate_energy(network, c, prices, 1).total());
    c.chip.reset();
    as_network.push_back(estimate_energy(network, c, prices, 1).total());
  }
  ASSERT_TRUE(all.chip);
  EXPECT_EQ(all.chip->neurons_per_core, 256U);
  const auto found = energy_spread(network, spread.covariance(), prices, all.chip);
  ASSERT_TRUE(found);
  EXPECT_NEAR(*found, mean_spread(joules).spread, 1e-9 * *found);
  const auto without = energy_spread(network, spread.covariance(), prices);
  ASSERT_TRUE(without);
  EXPECT_NEAR(*without, mean_spread(as_network).spread, 1e-9 * *without);
}

TEST(EnergySpread, OfEqualInferencesIsNothing) {
  const Network network = two_layers();
  CountSpread spread;
  for (int i = 0; i < 10; ++i) spread.add(inferences(1).front());
  EXPECT_EQ(energy_spread(network, spread.covariance(), every_operation()), 0.0);
}

TEST(EnergySpread, IsNotKnownOfOneInferenceOrOfAnotherNetwork) {
  const Network network = two_layers();
  CountSpread spread;
  spread.add(inferences(1).front());
  EXPECT_TRUE(spread.covariance().empty());
  EXPECT_FALSE(energy_spread(network, spread.covariance(), every_operation()));
  EXPECT_FALSE(energy_spread(network, std::vector<double>(7, 1.0), every_operation()));
}

}  // namespace
}  // namespace spikeloop
