// SPDX-License-Identifier: Apache-2.0
#include "core/energy.hpp"

#include <array>

namespace spikeloop {
namespace {

/// Spikes times the cores that each one is sent to, summed over the projections that leave the population.
double core_broadcasts(const Network& network, const OperationCounts& counts, std::uint64_t neurons_per_core) {
  double total = 0;
  for (const Projection& p : network.projections()) {
    const auto spikes = counts.populations[network.population_index(p.source)].spikes;
    const std::uint64_t targets = network.populations()[network.population_index(p.target)].size();
    total += static_cast<double>(spikes) * static_cast<double>((targets + neurons_per_core - 1) / neurons_per_core);
  }
  return total;
}

double count_of(Operation operation, const Network& network, const OperationCounts& counts, const PriceList& prices) {
  double total = 0;
  switch (operation) {
    case Operation::kSpike:
      for (const auto& p : counts.populations) total += static_cast<double>(p.spikes);
      return total;
    case Operation::kNeuronUpdate:
      for (const auto& p : counts.populations) total += static_cast<double>(p.updates);
      return total;
    case Operation::kSynapticEvent:
      for (const auto& p : counts.projections) total += static_cast<double>(p.synaptic_events);
      return total;
    case Operation::kPlasticUpdate:
      for (const auto& p : counts.projections) total += static_cast<double>(p.plastic_updates);
      return total;
    case Operation::kCoreBroadcast:
      return core_broadcasts(network, counts, prices.neurons_per_core);
    case Operation::kStaticSecond:
      return static_cast<double>(counts.simulated) / static_cast<double>(kSecond);
    case Operation::kRoute:
    case Operation::kHop:
      return 0;  // the simulator has one chip of any size
  }
  throw BugError("unknown operation");
}

}  // namespace

const char* operation_name(Operation operation) {
  constexpr std::array names = {"spike", "neuron_update", "synaptic_event", "core_broadcast", "plastic_update", "second", "route", "hop"};
  return names.at(static_cast<std::size_t>(operation));
}

double EnergyReport::total() const {
  double sum = 0;
  for (const EnergyLine& line : lines) sum += line.joules;
  return sum;
}

EnergyReport estimate_energy(const Network& network, const OperationCounts& counts, const PriceList& prices, double inferences) {
  EnergyReport report{prices.machine, prices.note, {}};
  for (const Price& price : prices.prices) {
    const double count = count_of(price.operation, network, counts, prices) / inferences;
    report.lines.push_back({price.part, price.operation, count, count * price.joules, false, price.verified, price.source});
  }
  return report;
}

}  // namespace spikeloop
