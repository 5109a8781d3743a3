// SPDX-License-Identifier: Apache-2.0
#include "backends/dynapse/circuit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace spikeloop::dynapse {
namespace {

SynapseType type_of(bool slow, float weight) {
  const bool excites = weight >= 0;
  if (slow) return excites ? SynapseType::kSlowExcitatory : SynapseType::kSlowInhibitory;
  return excites ? SynapseType::kFastExcitatory : SynapseType::kFastInhibitory;
}

}  // namespace

std::vector<Home> homes_of(const Network& network, const MapOptions& options) {
  std::vector<Home> homes;
  for (const Population& p : network.populations()) homes.push_back(p.is_source() ? Home::kInput : Home::kChip);
  const auto to_host = [&](const std::string& name) {
    Home& home = homes[network.population_index(name)];
    if (home == Home::kChip) home = Home::kHost;
  };
  for (const std::string& name : options.host) to_host(name);
  if (options.controller_on_chip) return homes;
  for (const Controller& c : network.controllers()) to_host(controller_plus(c.population)), to_host(controller_minus(c.population));
  return homes;
}

std::span<const Circuit::Synapse> Circuit::fan_in(std::uint32_t target) const {
  return std::span(synapses).subspan(begin.at(target), begin.at(target + 1U) - begin.at(target));
}

void gather(Circuit& circuit) {
  std::vector<Circuit::Synapse>& all = circuit.synapses;
  all.clear();
  for (const Circuit::Bundle& bundle : circuit.bundles)
    for (const Circuit::Wire& wire : bundle.wires)
      if (wire.weight_mv != 0 || bundle.plastic)
        all.push_back(
            {wire.source, wire.target, type_of(bundle.slow, wire.weight_mv), std::abs(wire.weight_mv) / circuit.threshold_mv[wire.target]});
  const auto key = [](const Circuit::Synapse& s) { return std::tuple(s.target, s.source, s.type); };
  std::stable_sort(all.begin(), all.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (kept > 0 && key(all[kept - 1]) == key(all[i]))
      all[kept - 1].weight += all[i].weight;
    else
      all[kept++] = all[i];
  }
  all.resize(kept);
  circuit.begin.assign(circuit.neurons.size() + 1, 0);
  for (const Circuit::Synapse& s : all) ++circuit.begin[s.target + 1];
  for (std::size_t i = 1; i < circuit.begin.size(); ++i) circuit.begin[i] += circuit.begin[i - 1];
}

void set_weights(Circuit& circuit, std::size_t projection, std::span<const float> weights_mv) {
  std::vector<Circuit::Wire>& wires = circuit.bundles.at(projection).wires;
  if (wires.size() != weights_mv.size())
    throw DescriptionError(
        fmt::format("projection {} has {} synapses on the chip, but {} weights are given", projection, wires.size(), weights_mv.size()));
  for (std::size_t i = 0; i < wires.size(); ++i) wires[i].weight_mv = weights_mv[i];
  gather(circuit);
}

Diagnostic to_diagnostic(const Violation& v) {
  std::string what = v.population.empty() ? std::string() : fmt::format("\"{}\": ", v.population);
  if (v.resource.empty())
    what += v.why;
  else
    what += fmt::format("needs {:.6g} {}, but there are {:.6g}{}{}", v.need, v.resource, v.limit, v.why.empty() ? "" : "; ", v.why);
  return {v.path, what, v.change, "", 0, 0};
}

std::vector<Diagnostic> diagnostics_of(const std::vector<Violation>& violations) {
  std::vector<Diagnostic> faults;
  for (const Violation& v : violations) faults.push_back(to_diagnostic(v));
  return faults;
}

void refuse(const std::vector<Diagnostic>& faults) {
  std::string text;
  for (const Diagnostic& d : faults) text += (text.empty() ? "" : "\n") + to_string(d);
  if (!text.empty()) throw CapacityError(text);
}

}  // namespace spikeloop::dynapse
