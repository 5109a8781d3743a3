// SPDX-License-Identifier: Apache-2.0
#include "backends/dynapse/operations.hpp"

#include <bit>

#include "backends/dynapse/placer.hpp"

namespace spikeloop::dynapse {
namespace {

/// Calls `each(field of a, field of b)` for every count.
void for_each_pair(ChipOperations& a, const ChipOperations& b, auto&& each) {
  each(a.spikes, b.spikes), each(a.played, b.played), each(a.routes, b.routes);
  each(a.broadcasts, b.broadcasts), each(a.hops, b.hops), each(a.matches, b.matches);
}

}  // namespace

ChipOperations& ChipOperations::operator+=(const ChipOperations& other) {
  for_each_pair(*this, other, [](std::uint64_t& a, std::uint64_t b) { a += b; });
  return *this;
}

ChipOperations& ChipOperations::operator-=(const ChipOperations& other) {
  for_each_pair(*this, other, [](std::uint64_t& a, std::uint64_t b) { a -= b; });
  return *this;
}

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
  return of;
}

EnergyReport estimate_energy(const ChipOperations& o, const ChipSpec& chip, double seconds, double inferences) {
  EnergyReport report{chip.name, chip.note, {}};
  const auto line = [&](const char* part, Operation operation, std::uint64_t count, const Figure& price) {
    const double each = static_cast<double>(count) / inferences;
    report.lines.push_back({part, operation, each, each * price.value, false, price.verified, price.source});
  };
  const ChipPrices& p = chip.prices;
  line("neuron", Operation::kSpike, o.spikes, p.spike_j);
  line("encoder", Operation::kSpike, o.spikes, p.encode_j);
  line("network", Operation::kCoreBroadcast, o.broadcasts, p.broadcast_j);
  line("router", Operation::kRoute, o.routes, p.route_j);
  line("mesh", Operation::kHop, o.hops, p.hop_j);
  line("synapse", Operation::kSynapticEvent, o.matches, p.match_j);
  report.lines.push_back({"static", Operation::kStaticSecond, seconds / inferences, 0, false, false, "not known: nobody has published it"});
  return report;
}

}  // namespace spikeloop::dynapse
