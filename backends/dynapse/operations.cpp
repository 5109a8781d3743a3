// SPDX-License-Identifier: Apache-2.0
#include "backends/dynapse/operations.hpp"

#include <fmt/format.h>

#include <bit>
#include <limits>

#include "backends/dynapse/placer.hpp"
#include "core/experiment.hpp"

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
  price("synapse", Operation::kSynapticEvent, p.match_j);
  price("static", Operation::kStaticSecond, {std::numeric_limits<double>::quiet_NaN(), "not known: nobody has published it", false});
  return list;
}

EnergyReport estimate_energy(const ChipOperations& o, const ChipSpec& chip, const PriceList& prices, double seconds, double inferences) {
  const auto number = [&](auto count) { return Counted{static_cast<double>(count) / inferences}; };
  return spikeloop::estimate_energy(prices, [&](Operation operation) -> Counted {
    switch (operation) {
      case Operation::kSpike:
        return number(o.spikes);
      case Operation::kSynapticEvent:
        return number(o.matches);
      case Operation::kCoreBroadcast:
        if (static_cast<double>(prices.neurons_per_core) == chip.limits.neurons_per_core.value) return number(o.broadcasts);
        return {0, fmt::format("not counted: cores of {} neurons, but the mapping is onto cores of {:.0f}", prices.neurons_per_core,
                               chip.limits.neurons_per_core.value)};
      case Operation::kRoute:
        return number(o.routes);
      case Operation::kHop:
        return number(o.hops);
      case Operation::kStaticSecond:
        return number(seconds);
      case Operation::kPlasticUpdate:
        return {0};  // nothing on the chip learns
      case Operation::kNeuronUpdate:
        return {0, "not counted: the neurons of this chip are analogue, and are not updated"};
    }
    throw BugError("unknown operation");
  });
}

EnergyReport estimate_energy(const ChipOperations& operations, const ChipSpec& chip, double seconds, double inferences) {
  return estimate_energy(operations, chip, prices_of(chip), seconds, inferences);
}

std::optional<double> energy_spread(std::span<const ChipOperations> inferences, const ChipSpec& chip, const PriceList& prices) {
  if (inferences.size() < 2) return std::nullopt;
  std::vector<double> joules;
  for (const ChipOperations& o : inferences)
    joules.push_back(estimate_energy(o, chip, prices, 0, 1).total());  // static power does not vary
  return mean_spread(joules).spread;
}

}  // namespace spikeloop::dynapse
