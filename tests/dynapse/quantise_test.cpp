// SPDX-License-Identifier: Apache-2.0
#include "backends/dynapse/quantise.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "backends/dynapse/device.hpp"
#include "backends/dynapse/units.hpp"
#include "tests/dynapse/support.hpp"

namespace spikeloop::dynapse {
namespace {

/// One neuron on which so many inputs of these weights end.
Circuit one_neuron(const std::vector<float>& weights) {
  Circuit c;
  c.neurons = {{0, 0}};
  c.threshold_mv = {1};
  c.bundles.resize(1);
  for (std::uint32_t i = 0; i < weights.size(); ++i) {
    c.inputs.push_back({1, i});
    c.bundles[0].wires.push_back({1 + i, 0, weights[i]});
  }
  gather(c);
  return c;
}

Units units_of(const Circuit& circuit, std::uint32_t budget = 64) {
  const std::uint32_t neuron = 0;
  return choose_units(circuit, std::span(&neuron, 1), budget);
}

double unit_of(const Units& units, SynapseType type) { return units.unit[static_cast<std::size_t>(type)]; }

TEST(Units, EqualWeightsAreOneWordEachAndExact) {
  const Units units = units_of(one_neuron(std::vector<float>(64, 0.25F)));
  EXPECT_EQ(units.counts, std::vector<std::uint8_t>(64, 1));
  EXPECT_DOUBLE_EQ(unit_of(units, SynapseType::kFastExcitatory), 0.25);
}

TEST(Units, SmallMultiplesAreExactWhereTheBudgetAllows) {
  const Units units = units_of(one_neuron({1, 2, 3, 5}));
  EXPECT_EQ(units.counts, (std::vector<std::uint8_t>{1, 2, 3, 5}));
  EXPECT_NEAR(unit_of(units, SynapseType::kFastExcitatory), 1, 1e-12);
}

TEST(Units, NoNeuronHasMoreWordsThanItsBudget) {
  std::vector<float> weights;
  for (int i = 0; i < 60; ++i) weights.push_back((i % 2 == 0 ? 1.0F : -1.0F) * (0.3F + 0.01F * static_cast<float>(i)));
  for (const std::uint32_t budget : {60U, 64U}) {
    const Units units = units_of(one_neuron(weights), budget);
    int words = 0;
    for (const std::uint8_t n : units.counts) words += n;
    EXPECT_LE(words, static_cast<int>(budget));
  }
}

TEST(Units, ALargerBudgetIsNoWorse) {
  std::vector<float> weights;
  for (int i = 1; i <= 20; ++i) weights.push_back(0.07F * static_cast<float>(i * i % 17 + 1));
  double before = HUGE_VAL;
  for (const std::uint32_t budget : {20U, 32U, 64U}) {
    const Circuit circuit = one_neuron(weights);
    const Units units = units_of(circuit, budget);
    double error = 0;
    for (std::size_t i = 0; i < weights.size(); ++i)
      error +=
          std::pow(static_cast<double>(circuit.synapses[i].weight) - units.counts[i] * unit_of(units, SynapseType::kFastExcitatory), 2);
    EXPECT_LE(error, before);
    before = error;
  }
  EXPECT_LT(before, 0.1);
}

TEST(Units, TypesHaveUnitsOfTheirOwn) {
  const Units units = units_of(one_neuron({0.5F, -3}));
  EXPECT_DOUBLE_EQ(unit_of(units, SynapseType::kFastExcitatory), 0.5);
  EXPECT_DOUBLE_EQ(unit_of(units, SynapseType::kFastInhibitory), 3);
}

TEST(Codes, AreNearestOverEveryRange) {
  const ChipSpec& chip = dynapse1();
  for (const std::size_t bias : {bias_index("IF_TAU1_N"), bias_index("NPDPIE_TAU_F_P"), bias_index("IF_RFR_N")})
    for (double ampere = largest_a(chip, bias); ampere > largest_a(chip, bias) * 1e-5; ampere *= 0.83)
      EXPECT_NEAR(ampere_of(chip, bias, nearest_code(chip, bias, ampere)) / ampere, 1, 0.02) << ampere;
  EXPECT_EQ(nearest_code(chip, bias_index("IF_DC_P"), 0), (BiasCode{7, 0}));
  EXPECT_EQ(nearest_code(chip, bias_index("IF_RFR_N"), 1), (BiasCode{0, 255}));
}

TEST(Codes, MeanWhatTheBoardsDecoderMakesOfThem) {
  const ChipSpec& chip = dynapse1();
  for (const firmware::BiasRow& row : firmware::kCoreBiases) {
    if (row.name == "IF_DC_P") continue;  // its factor is in the relation there, in the current here
    const auto bias = static_cast<std::size_t>(&row - firmware::kCoreBiases.data());
    for (unsigned coarse = 0; coarse < 8; ++coarse) {
      const firmware::BiasWord word{row.offset, static_cast<std::uint8_t>(coarse), 77};
      EXPECT_DOUBLE_EQ(ampere_of(chip, bias, {static_cast<std::uint8_t>(coarse), 77}), firmware::bias_current(word).ampere) << row.name;
    }
  }
}

TEST(ChipFile, HasTheConstantsOfTheVirtualBoard) {
  const firmware::DpiConstants file = device_of(dynapse1()), board;
  EXPECT_DOUBLE_EQ(file.thermal_v, board.thermal_v);
  EXPECT_DOUBLE_EQ(file.kappa, board.kappa);
  EXPECT_DOUBLE_EQ(file.stage_v, board.stage_v);
  EXPECT_DOUBLE_EQ(file.membrane_f, board.membrane_f);
  EXPECT_DOUBLE_EQ(file.fast_f, board.fast_f);
  EXPECT_DOUBLE_EQ(file.slow_f, board.slow_f);
  EXPECT_DOUBLE_EQ(file.refractory_f, board.refractory_f);
  EXPECT_DOUBLE_EQ(file.pulse_f, board.pulse_f);
  EXPECT_DOUBLE_EQ(file.threshold_a, board.threshold_a);
  EXPECT_DOUBLE_EQ(file.floor_a, board.floor_a);
  EXPECT_DOUBLE_EQ(file.dc_factor, board.dc_factor);
}

TEST(Quantise, TellsEveryErrorAndTheyAreSmall) {
  NetworkDescription d;
  d.populations = {external("in", 8), neurons("out", 4, 17, 3)};
  d.projections = {projection("in", "out", 0.7)};
  const Network network(std::move(d));
  const Compiled c = compiled(network);
  std::size_t relative = 0;
  for (const ParameterError& e : c.quantised.parameters) {
    if (e.wanted == 0) continue;
    ++relative;
    EXPECT_NEAR(e.got / e.wanted, 1, 0.02) << e.parameter;
  }
  EXPECT_EQ(relative, 3U);  // membrane, synapse, weight
  ASSERT_EQ(c.quantised.weights.size(), 1U);
  EXPECT_EQ(c.quantised.weights[0].synapses, 32U);
  EXPECT_EQ(c.quantised.weights[0].vanished, 0U);
  EXPECT_NEAR(c.quantised.weights[0].scale_mv, 0.7, 1e-6);
  EXPECT_LT(c.quantised.weights[0].max_mv, 0.7 * 0.02);
}

TEST(Quantise, ConstantCurrentIsMadeByGainAgainstTheLeak) {
  NetworkDescription d;
  d.populations = {external("in", 1), neurons("out", 1, 40)};
  std::get<LifExp>(std::get<NeuronModel>(d.populations[1].kind)).bias_mv = 0.5;
  d.projections = {projection("in", "out", 1)};
  const Compiled c = compiled(Network(std::move(d)));
  const auto& all = c.quantised.parameters;
  const auto at = std::find_if(all.begin(), all.end(), [](const ParameterError& e) { return e.parameter == "bias (thresholds)"; });
  ASSERT_NE(at, all.end());
  EXPECT_NEAR(at->got, 0.5, 0.02);
}

TEST(Quantise, SynapsesThatVanishAreCounted) {
  NetworkDescription d;
  d.populations = {external("in", 64), neurons("out", 1)};
  d.projections = {projection("in", "out", 1)};
  std::vector<double> weights(64, 1);
  for (int i = 0; i < 5; ++i) weights[static_cast<std::size_t>(i)] = 0.01;
  d.projections[0].weight.kind = Listed{std::make_shared<const std::vector<double>>(weights)};
  const Compiled c = compiled(Network(std::move(d)));
  EXPECT_EQ(c.quantised.weights[0].vanished, 5U);
}

TEST(Recompile, KeepsPlacesAndChangesFewWords) {
  NetworkDescription d;
  d.populations = {external("in", 16), neurons("out", 10)};
  d.projections = {projection("in", "out", 0.5)};
  d.projections[0].weight.kind = Uniform{-1, 1};
  const Network network(std::move(d));
  const Compiled before = compiled(network);
  std::vector<float> weights;
  for (const Circuit::Wire& wire : before.circuit.bundles[0].wires) weights.push_back(wire.weight_mv);
  const Compiled same = recompile(network, dynapse1(), before, {{0, weights}});
  for (unsigned chip = 0; chip < 4; ++chip) EXPECT_TRUE(changed_words(before.configuration, same.configuration, chip).empty());
  weights[7] = -weights[7];
  const Compiled after = recompile(network, dynapse1(), before, {{0, weights}});
  EXPECT_EQ(after.placement.places, before.placement.places);
  const std::vector<std::uint32_t> changed = changed_words(before.configuration, after.configuration, 0);
  EXPECT_FALSE(changed.empty());
  EXPECT_LT(changed.size(), 64U);
  Configuration patched;  // the words that are left, and those that were sent
  patched.words[0] = complete_words(before.configuration, 0);
  Configuration wanted;
  wanted.words[0] = complete_words(after.configuration, 0);
  for (const std::uint32_t word : changed) {
    const auto at = std::find_if(patched.words[0].begin(), patched.words[0].end(), [&](std::uint32_t old) {
      return (word & 1U << 17) != 0 ? ((old ^ word) & 0x3FFFF) == 0 : ((old ^ word) & 0x1FF0000) == 0 && (old & 1U << 16) != 0;
    });
    ASSERT_NE(at, patched.words[0].end());
    *at = word;
  }
  EXPECT_EQ(decode(patched), decode(wanted));
}

}  // namespace
}  // namespace spikeloop::dynapse
