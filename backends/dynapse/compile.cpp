// SPDX-License-Identifier: Apache-2.0
#include "backends/dynapse/compile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "backends/dynapse/operations.hpp"
#include "backends/dynapse/placer.hpp"

namespace spikeloop::dynapse {
namespace {

void finish(const Network& network, const ChipSpec& chip, const MapOptions& options, Outcome& outcome) {
  Compiled& c = outcome.compiled;
  Quantised quantised = quantise(network, c.circuit, c.placement, chip, options);
  outcome.violations = std::move(quantised.violations);
  if (!outcome.violations.empty()) return;
  c.quantised = std::move(quantised.network);
  c.configuration = encode(content_of(c.circuit, c.placement, c.quantised), c.configuration);
}

/// What a session has to know of inputs.
void note_inputs(Compiled& c) {
  unsigned chips = 0;
  for (std::size_t s = c.circuit.neurons.size(); s < c.placement.routes.size(); ++s)
    for (const ChipRoute& r : c.placement.routes[s]) chips |= 1U << r.chip;
  if (const int n = std::popcount(chips); n > 1)
    c.notes.push_back(fmt::format(
        "inputs reach {} chips; the spike generator plays to one, so that this cannot be run (`run`, `train` and `deploy` refuse it)", n));
}

MappedPopulation mapped(const Network& network, const Compiled& c, std::size_t index) {
  const Population& p = network.populations()[index];
  MappedPopulation m;
  m.name = p.name;
  m.home = c.circuit.homes[index];
  m.size = static_cast<std::uint32_t>(p.size());
  const std::uint32_t first = c.circuit.first[index];
  if (first == Circuit::kNone) return m;
  m.routes.assign(c.placement.routes.begin() + first, c.placement.routes.begin() + first + m.size);
  if (m.home != Home::kChip) {
    if (std::all_of(m.routes.begin(), m.routes.end(), [](const auto& routes) { return routes.empty(); })) m.routes.clear();
    return m;
  }
  m.observed = m.size > 0 && c.circuit.observed[first];
  m.places.assign(c.placement.places.begin() + first, c.placement.places.begin() + first + m.size);
  return m;
}

}  // namespace

Outcome compile(const Network& network, const ChipSpec& chip, const MapOptions& options) {
  Outcome outcome;
  Checked checked = check(network, chip, options);
  outcome.violations = std::move(checked.violations);
  outcome.compiled.notes = std::move(checked.notes);
  if (!outcome.violations.empty()) return outcome;
  outcome.compiled.circuit = std::move(checked.circuit);
  Placed placed = place(network, outcome.compiled.circuit, chip, options);
  outcome.violations = std::move(placed.violations);
  if (!outcome.violations.empty()) return outcome;
  outcome.compiled.placement = std::move(placed.placement);
  note_inputs(outcome.compiled);
  finish(network, chip, options, outcome);
  return outcome;
}

Compiled recompile(const Network& network, const ChipSpec& chip, Compiled compiled, const std::vector<InitialWeights>& weights,
                   const MapOptions& options) {
  for (const InitialWeights& given : weights) set_weights(compiled.circuit, given.projection, given.weights);
  Outcome outcome;
  outcome.compiled = std::move(compiled);
  finish(network, chip, options, outcome);
  refuse(diagnostics_of(outcome.violations));
  return std::move(outcome.compiled);
}

Mapping mapping_of(const Network& network, const ChipSpec& chip, const Compiled& compiled, const MapOptions& options) {
  Mapping m;
  m.network = network.name();
  m.fingerprint = network.fingerprint();
  m.chip = chip.name;
  m.seed = options.seed;
  for (std::size_t i = 0; i < network.populations().size(); ++i) m.populations.push_back(mapped(network, compiled, i));
  m.words.assign(compiled.configuration.words.begin(), compiled.configuration.words.end());
  return m;
}

Traffic traffic_of(const Compiled& c, const ChipSpec& chip) {
  Traffic t;
  double routes = 0;
  const std::vector<ChipOperations> per_spike = operations_per_spike(c, chip);
  for (std::uint32_t s = 0; s < c.circuit.sources(); ++s) {
    const double rate = c.circuit.rate_hz[s];
    const auto times = [rate](std::uint64_t count) { return rate * static_cast<double>(count); };
    const ChipOperations& o = per_spike[s];
    t.spikes_hz += times(o.spikes), t.inputs_hz += times(o.played), t.broadcasts_hz += times(o.broadcasts);
    t.hops_hz += times(o.hops), t.matches_hz += times(o.matches), routes += times(o.routes);
  }
  const ChipPrices& p = chip.prices;
  t.watts = t.spikes_hz * (p.spike_j.value + p.encode_j.value) + t.broadcasts_hz * p.broadcast_j.value + routes * p.route_j.value +
            t.hops_hz * p.hop_j.value + t.matches_hz * p.match_j.value;
  return t;
}

std::vector<Utilisation> utilisation_of(const Compiled& c, const ChipSpec& chip) {
  std::array<Utilisation, 4> best = {{{"neurons", "", 0, chip.limits.neurons_per_core.value},
                                      {"CAM words", "", 0, chip.limits.cam_words.value},
                                      {"SRAM entries", "", 0, chip.limits.sram_entries.value},
                                      {"tags", "", 0, chip.limits.tags.value - 1}}};
  const auto look = [](Utilisation& u, double used, const std::string& where) {
    if (used > u.used) u.used = used, u.where = where;
  };
  for (const CoreUse& use : c.placement.cores) {
    const std::string where = fmt::format("U{} core {}", use.chip, use.core);
    look(best[0], use.neurons, where), look(best[2], use.sram_entries, where), look(best[3], use.tags, where);
  }
  for (std::uint32_t n = 0; n < c.quantised.cam_used.size(); ++n) {
    const ChipPlace& at = c.placement.places[n];
    look(best[1], c.quantised.cam_used[n], fmt::format("U{} core {}", at.chip, at.core));
  }
  std::vector<Utilisation> all(best.begin(), best.end());
  all.push_back({"cores", "", static_cast<double>(c.placement.cores.size()), chip.limits.chips.value * chip.limits.cores.value});
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.used / a.limit > b.used / b.limit; });
  return all;
}

}  // namespace spikeloop::dynapse
