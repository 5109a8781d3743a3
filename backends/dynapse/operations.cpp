// SPDX-License-Identifier: Apache-2.0
#include "backends/dynapse/operations.hpp"

#include <bit>
#include <limits>

#include "backends/dynapse/placer.hpp"

namespace spikeloop::dynapse {
std::vector<ChipOperations> operations_per_spike(const Compiled& c, const ChipSpec& chip) {
  const Board board(chip);
  const auto neurons = static_cast<std::uint32_t>(c.circuit.neurons.size());
  std::vector<ChipOperations> of(c.circuit.sources());
  for (std::uint32_t s = 0; s < of.size(); ++s) {
    const bool on_chip = s < neurons;
    if (on_chip) of[s].spikes = 1;
    for (const ChipRoute& r : c.placement.routes[s]) {
      ++(on_chip ? of[s].routes : of[s].played);
      if (!on_chip) ++of[s].routes;
      of[s].broadcasts += static_cast<unsigned>(std::popcount(r.core_mask));
      if (on_chip) of[s].hops += board.distance(c.placement.places[s].chip, r.chip);
    }
    if (!on_chip || !c.circuit.observed[s]) continue;
    const ChipPlace& at = c.placement.places[s];
    const firmware::Hops out = firmware::monitoring_route(at.chip, firmware::neuron_address(at.core, at.neuron)).hops;
    ++of[s].routes;
    of[s].hops += static_cast<std::uint64_t>(out.dx) + out.dy;
  }
  for (std::size_t i = 0; i < c.circuit.synapses.size(); ++i) of[c.circuit.synapses[i].source].matches += c.quantised.counts[i];
  for (const Circuit::Bundle& bundle : c.circuit.bundles)
    for (const Circuit::Wire& wire : bundle.wires) ++of[wire.source].synaptic_events;
  return of;
}

PriceList prices_of(const ChipSpec& chip) {
  const ChipPrices& p = chip.prices;
  PriceList list{chip.name, chip.note, static_cast<std::uint64_t>(chip.limits.neurons_per_core.value), {}};
  const auto price = [&](const char* part, Operation operation, const Figure& figure) {
    list.prices.push_back({part, operation, figure.value, figure.source, figure.verified});
  };
  price("neuron", Operation::kSpike, p.spike_j);
  price("encoder", Operation::kSpike, p.encode_j);
  price("network", Operation::kCoreBroadcast, p.broadcast_j);
  price("router", Operation::kRoute, p.route_j);
  price("mesh", Operation::kHop, p.hop_j);
  price("synapse", Operation::kCamMatch, p.match_j);
  price("static", Operation::kStaticSecond, {std::numeric_limits<double>::quiet_NaN(), "not known: nobody has published it", false});
  return list;
}

}  // namespace spikeloop::dynapse
