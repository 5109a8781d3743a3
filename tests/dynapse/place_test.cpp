// SPDX-License-Identifier: Apache-2.0
#include "backends/dynapse/place.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/dynapse/support.hpp"

namespace spikeloop::dynapse {
namespace {

/// Rings of populations of 256 neurons, each with so many synapses from itself and from the next.
NetworkDescription ring(std::size_t populations, std::uint64_t size, std::uint64_t fan_in) {
  NetworkDescription d;
  for (std::size_t i = 0; i < populations; ++i) d.populations.push_back(neurons("p" + std::to_string(i), size));
  for (std::size_t i = 0; i < populations; ++i)
    for (const std::size_t from : {i, (i + 1) % populations}) {
      Projection p = projection("p" + std::to_string(from), "p" + std::to_string(i), 0.1);
      p.connect = FixedInDegree{fan_in / 2, false, true};
      d.projections.push_back(std::move(p));
    }
  return d;
}

Placed placed(const Network& network, const Circuit& circuit, const MapOptions& options = {}) {
  return place(network, circuit, dynapse1(), options);
}

/// No core hears two sources under one tag, none under tag 0, and each hears what its neurons listen to.
void expect_sound(const Circuit& circuit, const Placement& p) {
  std::set<std::tuple<int, int, int>> places, heard;
  for (const ChipPlace& at : p.places) EXPECT_TRUE(places.insert({at.chip, at.core, at.neuron}).second);
  for (std::uint32_t s = 0; s < p.routes.size(); ++s)
    for (const ChipRoute& r : p.routes[s]) {
      EXPECT_NE(r.tag, 0);
      EXPECT_TRUE(s >= p.places.size() || (r.tag & 0xFF) == p.places[s].neuron);
      for (int core = 0; core < 4; ++core) EXPECT_TRUE((r.core_mask >> core & 1) == 0 || heard.insert({r.chip, core, r.tag}).second);
    }
  for (const Circuit::Synapse& s : circuit.synapses) {
    const ChipPlace& at = p.places[s.target];
    const auto& routes = p.routes[s.source];
    EXPECT_TRUE(
        std::any_of(routes.begin(), routes.end(), [&](const ChipRoute& r) { return r.chip == at.chip && (r.core_mask >> at.core & 1); }));
  }
  for (std::uint32_t n = 0; n < p.places.size(); ++n) EXPECT_LE(p.routes[n].size() + (circuit.observed[n] ? 1 : 0), 4U);
}

TEST(Place, FullBoardIsSound) {
  const Network network(ring(16, 256, 64));
  const Checked checked = check(network, dynapse1());
  ASSERT_EQ(text_of(checked.violations), "");
  const Placed p = placed(network, checked.circuit);
  ASSERT_EQ(text_of(p.violations), "");
  EXPECT_EQ(p.placement.cores.size(), 16U);
  expect_sound(checked.circuit, p.placement);
}

/// Each core hears 768 of 1023 tags, and all 256 numbers of every core are taken: that is only possible if the core of a tag is chosen for
/// each destination.
TEST(Place, RingOfFullCoresWithThreeNeighboursIsSound) {
  NetworkDescription d = ring(16, 256, 44);
  for (std::size_t i = 0; i < 16; ++i) {
    Projection p = projection("p" + std::to_string((i + 15) % 16), "p" + std::to_string(i), -0.2);
    p.connect = FixedInDegree{20, false, true};
    d.projections.push_back(std::move(p));
  }
  const Network network(std::move(d));
  const Checked checked = check(network, dynapse1());
  ASSERT_EQ(text_of(checked.violations), "");
  const Placed p = placed(network, checked.circuit);
  ASSERT_EQ(text_of(p.violations), "");
  expect_sound(checked.circuit, p.placement);
}

TEST(Place, PopulationLargerThanACoreIsCutWhereFewSynapsesAre) {
  // Two clusters of 200 that know nothing of each other, interleaved: a cut by number would make every source reach both cores.
  NetworkDescription d;
  d.populations = {neurons("p", 400)};
  std::vector<std::uint32_t> sources, targets;
  for (std::uint32_t t = 0; t < 400; ++t)
    for (std::uint32_t k = 1; k <= 20; ++k) sources.push_back((t + 2 * k * 7) % 400), targets.push_back(t);
  d.projections = {projection("p", "p", 0.1)};
  d.projections[0].connect =
      Pairs{std::make_shared<const std::vector<std::uint32_t>>(sources), std::make_shared<const std::vector<std::uint32_t>>(targets)};
  const Network network(std::move(d));
  const Checked checked = check(network, dynapse1());
  const Placed p = placed(network, checked.circuit);
  ASSERT_EQ(text_of(p.violations), "");
  expect_sound(checked.circuit, p.placement);
  EXPECT_LT(p.placement.broadcasts, 1.05);
}

TEST(Place, IsTheSameForTheSameSeed) {
  const Network network(ring(3, 300, 20));
  const Checked checked = check(network, dynapse1());
  const Placed a = placed(network, checked.circuit), b = placed(network, checked.circuit);
  EXPECT_EQ(a.placement.places, b.placement.places);
  EXPECT_EQ(a.placement.routes, b.placement.routes);
}

TEST(Place, NeuronsOfOneCoreShareParameters) {
  NetworkDescription d = ring(2, 300, 20);
  std::get<LifExp>(std::get<NeuronModel>(d.populations[1].kind)).tau_m_ms = 50;
  const Network network(std::move(d));
  const Checked checked = check(network, dynapse1());
  const Placed p = placed(network, checked.circuit);
  ASSERT_EQ(text_of(p.violations), "");
  EXPECT_EQ(checked.circuit.parameters.size(), 2U);
  std::map<std::pair<int, int>, std::uint32_t> set;
  for (std::uint32_t n = 0; n < p.placement.places.size(); ++n) {
    const auto at = set.emplace(std::pair(p.placement.places[n].chip, p.placement.places[n].core), checked.circuit.parameters_of[n]);
    EXPECT_EQ(at.first->second, checked.circuit.parameters_of[n]);
  }
}

/// One source population of which every neuron has targets on all four chips, since 16 cores are full of its targets.
NetworkDescription fan_out(bool probed) {
  NetworkDescription d;
  d.populations = {neurons("hub", 200), neurons("rest", 3840)};
  Projection p = projection("hub", "rest", 0.1);
  p.connect = FixedInDegree{40, false, true};
  d.projections = {p};
  if (probed) d.probes = {spikes_of("hub")};
  return d;
}

TEST(Place, SeenNeuronsHaveOneSramEntryFewer) {
  for (const bool probed : {false, true}) {
    const Network network(fan_out(probed));
    const Checked checked = check(network, dynapse1());
    ASSERT_EQ(text_of(checked.violations), "");
    const Placed p = placed(network, checked.circuit);
    if (!probed) {
      EXPECT_EQ(text_of(p.violations), "");
      continue;
    }
    ASSERT_EQ(p.violations.size(), 1U);
    EXPECT_EQ(p.violations[0].population, "hub");
    EXPECT_EQ(p.violations[0].resource, "SRAM entries in a neuron");
    EXPECT_EQ(p.violations[0].need, 5);
    EXPECT_EQ(p.violations[0].limit, 4);
    EXPECT_EQ(p.violations[0].change, "not to probe it (nor learn at it), or targets on one chip fewer");
  }
}

TEST(Place, CoreThatHearsMoreSourcesThanTagsIsRefusedWithTheirNumber) {
  NetworkDescription d;
  d.populations = {external("in", 1024), neurons("out", 16)};
  d.projections = {projection("in", "out", 1)};
  d.projections[0].connect = Pairs{};
  std::vector<std::uint32_t> sources(1024), targets(1024);
  for (std::uint32_t i = 0; i < 1024; ++i) sources[i] = i, targets[i] = i / 64;
  d.projections[0].connect =
      Pairs{std::make_shared<const std::vector<std::uint32_t>>(sources), std::make_shared<const std::vector<std::uint32_t>>(targets)};
  ChipSpec chip = dynapse1();
  const Network network(std::move(d));
  EXPECT_EQ(place(network, check(network, chip).circuit, chip).placement.cores.size(), 2U) << "there are more cores";
  chip.limits.chips.value = chip.limits.cores.value = 1;
  const Checked checked = check(network, chip);
  ASSERT_EQ(text_of(checked.violations), "");
  const Placed p = place(network, checked.circuit, chip);
  ASSERT_EQ(p.violations.size(), 1U);
  EXPECT_EQ(p.violations[0].resource, "tags in U0 core 0");
  EXPECT_EQ(p.violations[0].need, 1024);
  EXPECT_EQ(p.violations[0].limit, 1023);  // tag 0 is that of cleared CAM words
}

/// Neurons that would fit one core hear more sources than it has tags.
TEST(Place, TakesMoreCoresWhereOneHasNotTagsEnough) {
  for (const auto& [inputs, fan_in] : {std::pair<std::uint64_t, std::uint64_t>{1025, 60}, {1200, 50}}) {
    NetworkDescription d;
    d.populations = {external("in", inputs), neurons("a", 200)};
    d.projections = {projection("in", "a", 0.05)};
    d.projections[0].connect = FixedInDegree{fan_in, false, true};
    const Compiled c = compiled(Network(d));
    EXPECT_GT(c.placement.cores.size(), 1U);
    for (const CoreUse& core : c.placement.cores) EXPECT_LE(core.tags, 1023U);
  }
}

/// An input may be heard under another tag in each core: what is full in one need not be in another.
TEST(Place, PlaysAnInputUnderSeveralTagsWhereNoneIsFreeEverywhere) {
  NetworkDescription d;
  d.populations = {external("in", 1500)};
  for (int i = 0; i < 4; ++i) {
    d.populations.push_back(neurons("a" + std::to_string(i), 25, 10 + 5 * i));
    d.projections.push_back(projection("in", d.populations.back().name, 0.05));
    d.projections.back().connect = FixedInDegree{64, false, true};
  }
  const Network network(d);
  const Compiled c = compiled(network);
  EXPECT_EQ(rebuild(mapping_of(network, dynapse1(), c)), graph_of(c));
}

/// The spike generator plays to one chip: that is worth many hops between chips.
TEST(Place, KeepsTheCoresWithInputOnOneChip) {
  NetworkDescription d;
  d.populations = {external("in", 4)};
  for (int i = 0; i < 4; ++i) {
    const std::string n = std::to_string(i);
    d.populations.push_back(neurons("a" + n, 200, 10 + 2 * i)), d.populations.push_back(neurons("b" + n, 200, 30 + 2 * i));
    d.projections.push_back(projection("in", "a" + n, 0.5));
    for (const auto& [from, to] : {std::pair("a" + n, "b" + n), {"b" + n, "a" + n}}) {
      d.projections.push_back(projection(from, to, 0.5));
      d.projections.back().connect = OneToOne{};
    }
  }
  const Compiled c = compiled(Network(d));
  std::set<unsigned> chips;
  for (std::size_t s = c.circuit.neurons.size(); s < c.circuit.sources(); ++s)
    for (const ChipRoute& r : c.placement.routes[s]) chips.insert(r.chip);
  EXPECT_EQ(chips.size(), 1U);
}

}  // namespace
}  // namespace spikeloop::dynapse
