// SPDX-License-Identifier: Apache-2.0
// What the chip has not is said at once, with numbers.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/dynapse/support.hpp"

namespace spikeloop::dynapse {
namespace {

NetworkDescription pair(std::uint64_t sources, std::uint64_t targets, double weight_mv = 1) {
  NetworkDescription d;
  d.populations = {external("in", sources), neurons("out", targets)};
  d.projections = {projection("in", "out", weight_mv)};
  d.probes = {spikes_of("out")};
  return d;
}

std::vector<Violation> violations_of(NetworkDescription d, const MapOptions& options = {}, const ChipSpec& chip = dynapse1()) {
  return compile(Network(std::move(d)), chip, options).violations;
}

/// The only violation.
Violation violation_of(NetworkDescription d, const MapOptions& options = {}) {
  const std::vector<Violation> all = violations_of(std::move(d), options);
  EXPECT_EQ(all.size(), 1U) << text_of(all);
  return all.empty() ? Violation{} : all.front();
}

Lif plain_lif() {
  Lif lif;
  lif.v_floor_mv = 0;
  return lif;
}

TEST(Check, FullCamFits) { EXPECT_EQ(text_of(violations_of(pair(64, 3))), ""); }

TEST(Check, OneCamWordTooManyIsRefusedWithThatNumber) {
  const Violation v = violation_of(pair(65, 3));
  EXPECT_EQ(v.population, "out");
  EXPECT_EQ(v.resource, "CAM words in neuron 0");
  EXPECT_EQ(v.need, 65);
  EXPECT_EQ(v.limit, 64);
  EXPECT_EQ(v.path, "projections[0].connect");
  EXPECT_EQ(v.change, "1 synapse fewer, or keep the 64 largest of a neuron (--prune)");
  EXPECT_EQ(to_diagnostic(v).what,
            "\"out\": needs 65 CAM words in neuron 0, but there are 64; 3 of 3 neurons have too many synapses; this one: in->out 65");
}

TEST(Check, FanInIsThatOfAllProjectionsTogether) {
  NetworkDescription d = pair(60, 2);
  d.populations.push_back(external("more", 5));
  d.projections.push_back(projection("more", "out", -1));
  EXPECT_EQ(violation_of(std::move(d)).need, 65);
}

TEST(Check, ParallelSynapsesShareWords) {
  NetworkDescription d = pair(64, 2);
  d.projections.push_back(projection("in", "out", 0.5));
  d.projections.back().name = "again";
  EXPECT_EQ(text_of(violations_of(std::move(d))), "");
}

TEST(Check, SynapsesOfWeightZeroNeedNoWord) {
  NetworkDescription d = pair(64, 2);
  d.populations.push_back(external("more", 50));
  d.projections.push_back(projection("more", "out", 0));
  EXPECT_EQ(text_of(violations_of(std::move(d))), "");
}

TEST(Check, PruningKeepsTheLargest) {
  NetworkDescription d = pair(100, 2);
  std::vector<double> weights;
  for (int i = 0; i < 200; ++i) weights.push_back(i < 100 ? 1 : 2);  // rows are sources
  d.projections[0].weight.kind = Listed{std::make_shared<const std::vector<double>>(weights)};
  const Network network(std::move(d));
  const Outcome outcome = compile(network, dynapse1(), {.prune = true});
  ASSERT_EQ(text_of(outcome.violations), "");
  for (const std::uint32_t used : outcome.compiled.quantised.cam_used) EXPECT_LE(used, 64U);
  const auto row = outcome.compiled.circuit.fan_in(0);
  for (std::size_t i = 50; i < 100; ++i) EXPECT_GT(outcome.compiled.quantised.counts[i], 0) << row[i].weight;
}

TEST(Check, TooManyNeuronsAreRefusedWithTheirNumber) {
  NetworkDescription d = pair(1, 4097);
  const Violation v = violation_of(std::move(d));
  EXPECT_EQ(v.resource, "neurons (all populations)");
  EXPECT_EQ(v.need, 4097);
  EXPECT_EQ(v.limit, 4096);
  EXPECT_EQ(v.change, "1 neurons fewer");
}

TEST(Check, TooManySetsOfParametersAreRefused) {
  NetworkDescription d;
  d.populations = {external("in", 1)};
  for (int i = 0; i < 17; ++i) {
    d.populations.push_back(neurons("n" + std::to_string(i), 2, 10 + i));
    d.projections.push_back(projection("in", d.populations.back().name, 1));
  }
  const Violation v = violation_of(d);
  EXPECT_EQ(v.resource, "cores");
  EXPECT_EQ(v.need, 17);
  EXPECT_EQ(v.limit, 16);
  d.populations.back() = neurons("n16", 2, 10);
  EXPECT_EQ(text_of(violations_of(d)), "");
}

TEST(Check, AProbeOfPotentialsIsNotedForItSeesNothing) {
  NetworkDescription d = pair(4, 2);
  Probe potential = spikes_of("out");
  potential.variable = Probe::Variable::kPotential;
  d.probes.push_back(potential);
  const Compiled c = compiled(Network(d));
  EXPECT_NE(std::find(c.notes.begin(), c.notes.end(),
                      "\"out\" is probed for its potential, but the chip shows spikes only: that probe sees nothing"),
            c.notes.end());
}

TEST(Check, AllViolationsComeAtOnce) {
  NetworkDescription d = pair(65, 2);
  Lif subtract = plain_lif();
  subtract.reset = Reset::kSubtract;
  subtract.tau_m_ms = 1000;
  d.populations.push_back(neurons("b", 2));
  d.populations.back().kind = NeuronModel{subtract};
  d.populations.back().homeostasis = Homeostasis{};
  d.projections.push_back(projection("in", "b", 1));
  d.projections.back().connect = FixedInDegree{3};
  d.projections.back().delay_ms.kind = Constant{5};
  const std::vector<Violation> all = violations_of(std::move(d));
  const std::string text = text_of(all);
  EXPECT_EQ(all.size(), 5U) << text;
  for (const char* part : {"RESET_SUBTRACT", "homeostasis", "5 ms", "ms of tau_m_ms", "CAM words"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  for (const Violation& v : all) EXPECT_FALSE(v.change.empty()) << v.resource << v.why;
}

TEST(Check, ModelsThatTheChipHasNotAreRefused) {
  for (const NeuronModel& model : {NeuronModel{Li{}}, NeuronModel{If{}}, NeuronModel{Alif{}}}) {
    NetworkDescription d = pair(1, 1);
    d.probes.clear();
    d.populations[1].kind = model;
    const Violation v = violation_of(std::move(d));
    EXPECT_EQ(v.path, "populations[1].neuron");
  }
}

TEST(Check, ConstantCurrentThatCannotOvercomeTheLeakIsRefused) {
  NetworkDescription d = pair(1, 1);
  auto& model = std::get<LifExp>(std::get<NeuronModel>(d.populations[1].kind));
  model.bias_mv = 0.5;
  const Violation v = violation_of(d);
  EXPECT_EQ(v.path, "populations[1].neuron.lif_exp.bias_mv");
  EXPECT_NEAR(v.need, 5.32, 0.01);  // pA of leak for 20 ms
  EXPECT_NEAR(v.limit, 4.56, 0.01);
  model.tau_m_ms = 24;
  EXPECT_EQ(text_of(violations_of(d)), "");
  model.bias_mv = -0.5;
  EXPECT_EQ(violation_of(d).path, "populations[1].neuron.lif_exp.bias_mv");
}

TEST(Check, MachineOfAnotherFamilyIsADescriptionFault) {
  ChipSpec chip = dynapse1();
  chip.family = "loihi";
  EXPECT_THROW(violations_of(pair(1, 1), {}, chip), DescriptionError);
  chip = dynapse1();
  chip.limits.cam_words.value = 65;
  EXPECT_THROW(violations_of(pair(1, 1), {}, chip), DescriptionError);
}

TEST(Check, SmallerChipsHaveTheirOwnLimits) {
  ChipSpec chip = dynapse1();
  chip.limits.cam_words.value = 8;
  const std::vector<Violation> all = violations_of(pair(9, 1), {}, chip);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].need, 9);
  EXPECT_EQ(all[0].limit, 8);
}

TEST(Check, ControllersLiveOnTheHostAndTheirTargetsAreSeen) {
  NetworkDescription d = pair(4, 2);
  d.probes.clear();
  Controller controller;
  controller.population = "out";
  controller.feedback = {{"out", {Identity{}, {}}, 1, true, ""}};
  d.controllers = {controller};
  const Network network(std::move(d));
  const Outcome host = compile(network, dynapse1());
  ASSERT_EQ(text_of(host.violations), "");
  const Mapping mapping = mapping_of(network, dynapse1(), host.compiled);
  const auto find = [&](const std::string& name) -> const MappedPopulation& { return mapping.populations[network.population_index(name)]; };
  EXPECT_EQ(find("ctrl.out.plus").home, Home::kHost);
  EXPECT_EQ(find("ctrl.out.plus").routes.size(), 2U);
  EXPECT_EQ(find("ctrl.out.target").home, Home::kInput);
  EXPECT_TRUE(find("ctrl.out.target").routes.empty());  // heard on the host only
  EXPECT_TRUE(find("out").observed);
  const std::vector<Violation> on_chip = compile(network, dynapse1(), {.controller_on_chip = true}).violations;
  ASSERT_EQ(on_chip.size(), 2U) << "one for each population, and not every consequence: " << text_of(on_chip);
  EXPECT_EQ(on_chip[0].population, "ctrl.out.plus");
  EXPECT_EQ(on_chip[1].population, "ctrl.out.minus");
  for (const Violation& v : on_chip) EXPECT_NE(v.change.find("RESET_TO_VALUE"), std::string::npos);
}

TEST(Check, NetworksFarTooLargeAreRefusedWithoutBeingMade) {
  NetworkDescription d;
  d.populations = {external("in", 100'000), neurons("out", 100'000)};
  d.projections = {projection("in", "out", 1)};
  const std::vector<Violation> all = violations_of(std::move(d));
  const std::string text = text_of(all);
  EXPECT_EQ(all.size(), 2U) << text;
  EXPECT_NE(text.find("100000 CAM words in each neuron"), std::string::npos) << text;
}

}  // namespace
}  // namespace spikeloop::dynapse
