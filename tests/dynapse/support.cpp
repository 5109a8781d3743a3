// SPDX-License-Identifier: Apache-2.0
#include "tests/dynapse/support.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>

#include "firmware-interface/virtual_board/dynapse1_router.hpp"
#include "proto/load.hpp"

namespace spikeloop::dynapse {
namespace {

/// A synapse of a core, as it listens.
struct Listener {
  std::uint8_t neuron = 0;
  SynapseType type = SynapseType::kSlowInhibitory;
};
/// By core, then tag.
using Ears = std::map<std::tuple<unsigned, unsigned, unsigned>, std::vector<Listener>>;

struct Sent {
  firmware::Hops hops;
  std::uint8_t core_mask = 0;
  firmware::NeuronAddress tag = 0;
};

}  // namespace

const ChipSpec& dynapse1() {
  static const ChipSpec chip = load_chip(SPIKELOOP_SOURCE_DIR "/examples/chips/dynapse1.txtpb");
  return chip;
}

Population external(const std::string& name, std::uint64_t size) {
  Population p;
  p.name = name;
  p.shape = {size};
  p.kind = SourceModel{ExternalSource{}};
  return p;
}

Population neurons(const std::string& name, std::uint64_t size, double tau_m_ms, double tau_syn_ms) {
  LifExp model;
  model.tau_m_ms = tau_m_ms;
  model.tau_syn_ms = tau_syn_ms;
  model.v_floor_mv = 0;
  Population p;
  p.name = name;
  p.shape = {size};
  p.kind = NeuronModel{model};
  return p;
}

Projection projection(const std::string& source, const std::string& target, double weight_mv) {
  Projection p;
  p.source = source;
  p.target = target;
  p.weight.kind = Constant{weight_mv};
  return p;
}

Probe spikes_of(const std::string& population) {
  Probe probe;
  probe.population = population;
  return probe;
}

Graph rebuild(const Mapping& mapping) {
  Ears ears;
  std::map<std::tuple<unsigned, firmware::NeuronAddress>, std::vector<Sent>> sent;
  for (unsigned chip = 0; chip < mapping.words.size(); ++chip)
    for (const std::uint32_t word : mapping.words[chip]) {
      const firmware::ChipWord decoded = firmware::decode_word(word);
      if (const auto* cam = std::get_if<firmware::CamWord>(&decoded))
        ears[{chip, firmware::core_of(cam->neuron), cam->source}].push_back({static_cast<std::uint8_t>(cam->neuron & 0xFF), cam->type});
      if (const auto* sram = std::get_if<firmware::SramWord>(&decoded))
        sent[{chip, sram->neuron}].push_back(
            {sram->hops, sram->core_mask, firmware::neuron_address(sram->virtual_core, sram->neuron & 0xFF)});
    }
  const PlaceIndex index(mapping);
  Graph graph;
  const auto arrive = [&](std::uint32_t p, std::uint32_t n, unsigned chip, unsigned mask, firmware::NeuronAddress tag) {
    for (unsigned core = 0; core < firmware::kCores; ++core) {
      if ((mask >> core & 1) == 0) continue;
      const auto at = ears.find({chip, core, tag});
      if (at == ears.end()) continue;
      for (const Listener& l : at->second) {
        const auto target = index.find({static_cast<std::uint8_t>(chip), static_cast<std::uint8_t>(core), l.neuron});
        ++graph[{p, n, target ? target->population : 0xFFFF, target ? target->neuron : 0xFFFF, l.type}];
      }
    }
  };
  for (std::uint32_t p = 0; p < mapping.populations.size(); ++p) {
    const MappedPopulation& population = mapping.populations[p];
    for (std::uint32_t n = 0; n < population.size; ++n) {
      if (population.home == Home::kChip) {
        const ChipPlace& at = population.places[n];
        for (const Sent& s : sent[{at.chip, firmware::neuron_address(at.core, at.neuron)}]) {
          const firmware::RoutedTo to = firmware::route(at.chip, s.hops);
          EXPECT_NE(to.where, firmware::RoutedTo::Where::kLost);
          if (to.where == firmware::RoutedTo::Where::kChip) arrive(p, n, to.chip, s.core_mask, s.tag);
        }
      } else if (!population.routes.empty()) {
        for (const ChipRoute& r : population.routes[n]) arrive(p, n, r.chip, r.core_mask, r.tag);
      }
    }
  }
  return graph;
}

Graph graph_of(const Compiled& c) {
  Graph graph;
  const auto logical = [&](std::uint32_t source) {
    return source < c.circuit.neurons.size() ? c.circuit.neurons[source] : c.circuit.inputs[source - c.circuit.neurons.size()];
  };
  for (std::size_t i = 0; i < c.circuit.synapses.size(); ++i) {
    const Circuit::Synapse& s = c.circuit.synapses[i];
    if (c.quantised.counts[i] == 0) continue;
    const LogicalNeuron from = logical(s.source), to = logical(s.target);
    graph[{from.population, from.neuron, to.population, to.neuron, s.type}] += c.quantised.counts[i];
  }
  return graph;
}

std::string text_of(const std::vector<Violation>& violations) {
  std::string text;
  for (const Violation& v : violations) text += to_string(to_diagnostic(v)) + "\n";
  return text;
}

Compiled compiled(const Network& network, const MapOptions& options) {
  Outcome outcome = compile(network, dynapse1(), options);
  EXPECT_EQ(text_of(outcome.violations), "");
  return std::move(outcome.compiled);
}

}  // namespace spikeloop::dynapse
