// SPDX-License-Identifier: Apache-2.0
#include "core/energy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "core/experiment.hpp"

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

Counted count_of(Operation operation, const Network& network, const OperationCounts& counts, const PriceList& prices) {
  double total = 0;
  switch (operation) {
    case Operation::kSpike:
      for (const auto& p : counts.populations) total += static_cast<double>(p.spikes);
      return {total};
    case Operation::kNeuronUpdate:
      for (const auto& p : counts.populations) total += static_cast<double>(p.updates);
      return {total};
    case Operation::kSynapticEvent:
      for (const auto& p : counts.projections) total += static_cast<double>(p.synaptic_events);
      return {total};
    case Operation::kPlasticUpdate:
      for (const auto& p : counts.projections) total += static_cast<double>(p.plastic_updates);
      return {total};
    case Operation::kCoreBroadcast:
      return {core_broadcasts(network, counts, prices.neurons_per_core)};
    case Operation::kStaticSecond:
      return {static_cast<double>(counts.simulated) / static_cast<double>(kSecond)};
    case Operation::kRoute:
    case Operation::kHop:
    case Operation::kCamMatch:
      return {0, "not counted: no mapping onto a chip says where the spikes went"};
  }
  throw BugError("unknown operation");
}

Counted count_on_chip(Operation operation, const ChipCounts& counts, double seconds, const PriceList& prices) {
  const auto number = [&](std::uint64_t count) -> Counted {
    if (counts.unseen_neurons == 0) return {static_cast<double>(count)};
    return {0, fmt::format("not counted: the host does not see what {} neurons of the chip do; probe their spikes", counts.unseen_neurons)};
  };
  const ChipOperations& o = counts.operations;
  switch (operation) {
    case Operation::kSpike:
      return number(o.spikes);
    case Operation::kSynapticEvent:
      return number(o.synaptic_events);
    case Operation::kCamMatch:
      return number(o.matches);
    case Operation::kCoreBroadcast:
      if (prices.neurons_per_core == counts.neurons_per_core) return number(o.broadcasts);
      return {0, fmt::format("not counted: cores of {} neurons, but the mapping is onto cores of {}", prices.neurons_per_core,
                             counts.neurons_per_core)};
    case Operation::kRoute:
      return number(o.routes);
    case Operation::kHop:
      return number(o.hops);
    case Operation::kStaticSecond:
      return {seconds};
    case Operation::kPlasticUpdate:
      return {0};  // nothing on the chip learns
    case Operation::kNeuronUpdate:
      return {0, "not counted: the neurons of this chip are analogue, and are not updated"};
  }
  throw BugError("unknown operation");
}

constexpr std::array<std::uint64_t ChipOperations::*, 7> kOfChip = {
    &ChipOperations::spikes, &ChipOperations::played,  &ChipOperations::routes,         &ChipOperations::broadcasts,
    &ChipOperations::hops,   &ChipOperations::matches, &ChipOperations::synaptic_events};

/// Every count of one inference, in the order of `CountSpread::covariance`.
std::vector<double> as_vector(const OperationCounts& counts) {
  std::vector<double> all;
  for (const PopulationCounts& p : counts.populations) all.push_back(static_cast<double>(p.spikes));
  for (const PopulationCounts& p : counts.populations) all.push_back(static_cast<double>(p.updates));
  for (const ProjectionCounts& p : counts.projections) all.push_back(static_cast<double>(p.synaptic_events));
  for (const ProjectionCounts& p : counts.projections) all.push_back(static_cast<double>(p.plastic_updates));
  all.push_back(static_cast<double>(counts.simulated) / static_cast<double>(kSecond));
  if (counts.chip)
    for (const auto count : kOfChip) all.push_back(static_cast<double>(counts.chip->operations.*count));
  return all;
}

/// What one of each count costs, J. An account is linear in the counts, so that the account of one operation tells.
std::vector<double> joules_each(const Network& network, const PriceList& prices, const std::optional<ChipCounts>& chip) {
  OperationCounts one;
  if (chip) one.chip = ChipCounts{{}, chip->neurons_per_core, chip->unseen_neurons};
  one.populations.resize(network.populations().size());
  one.projections.resize(network.projections().size());
  std::vector<double> each;
  const auto price = [&](auto& count, auto unit) {
    count = unit;
    each.push_back(estimate_energy(network, one, prices, 1).total());
    count = 0;
  };
  for (PopulationCounts& p : one.populations) price(p.spikes, 1u);
  for (PopulationCounts& p : one.populations) price(p.updates, 1u);
  for (ProjectionCounts& p : one.projections) price(p.synaptic_events, 1u);
  for (ProjectionCounts& p : one.projections) price(p.plastic_updates, 1u);
  price(one.simulated, kSecond);
  if (chip)
    for (const auto count : kOfChip) price(one.chip->operations.*count, 1u);
  return each;
}

}  // namespace

const char* operation_name(Operation operation) {
  constexpr std::array names = {"spike", "neuron_update", "synaptic_event", "core_broadcast", "plastic_update", "second",
                                "route", "hop",           "cam_match"};
  return names.at(static_cast<std::size_t>(operation));
}

double EnergyReport::total() const {
  double sum = 0;
  for (const EnergyLine& line : lines)
    if (line.missing.empty()) sum += line.joules;
  return sum;
}

bool EnergyReport::known() const {
  return std::any_of(lines.begin(), lines.end(), [](const EnergyLine& line) { return line.missing.empty(); });
}

bool EnergyReport::complete() const {
  return std::all_of(lines.begin(), lines.end(), [](const EnergyLine& line) { return line.missing.empty(); });
}

EnergyReport estimate_energy(const PriceList& prices, const std::function<Counted(Operation)>& count_of) {
  constexpr double kNobodyKnows = std::numeric_limits<double>::quiet_NaN();
  EnergyReport report{prices.machine, prices.note, {}};
  for (const Price& price : prices.prices) {
    const Counted counted = count_of(price.operation);
    EnergyLine line{price.part, price.operation, counted.number, counted.number * price.joules, false, price.verified, price.source};
    line.missing = counted.missing.empty() && std::isnan(price.joules) ? price.source : counted.missing;
    if (!counted.missing.empty()) line.count = kNobodyKnows;
    if (!line.missing.empty()) line.joules = kNobodyKnows;
    report.lines.push_back(std::move(line));
  }
  return report;
}

EnergyReport estimate_energy(const ChipCounts& counts, double seconds, const PriceList& prices, double inferences) {
  return estimate_energy(prices, [&](Operation operation) {
    Counted counted = count_on_chip(operation, counts, seconds, prices);
    counted.number /= inferences;
    return counted;
  });
}

std::optional<double> energy_spread(std::span<const ChipOperations> inferences, const ChipCounts& all, const PriceList& prices) {
  if (inferences.size() < 2) return std::nullopt;
  std::vector<double> joules;
  for (const ChipOperations& o : inferences)
    joules.push_back(
        estimate_energy(ChipCounts{o, all.neurons_per_core, all.unseen_neurons}, 0, prices, 1).total());  // static power does not vary
  return mean_spread(joules).spread;
}

EnergyReport estimate_energy(const Network& network, const OperationCounts& counts, const PriceList& prices, double inferences) {
  const double seconds = static_cast<double>(counts.simulated) / static_cast<double>(kSecond);
  if (counts.chip) return estimate_energy(*counts.chip, seconds, prices, inferences);
  return estimate_energy(prices, [&](Operation operation) {
    Counted counted = count_of(operation, network, counts, prices);
    counted.number /= inferences;
    return counted;
  });
}

// Welford's recurrence for every pair of counts: nothing large is subtracted from anything large.
void CountSpread::add(const OperationCounts& inference) {
  const std::vector<double> x = as_vector(inference);
  const std::size_t n = x.size();
  mean_.resize(n, 0);
  products_.resize(n * (n + 1) / 2, 0);
  ++inferences_;
  std::vector<double> before(n);
  for (std::size_t i = 0; i < n; ++i) {
    before[i] = x[i] - mean_[i];
    mean_[i] += before[i] / static_cast<double>(inferences_);
  }
  for (std::size_t i = 0, at = 0; i < n; ++i)
    for (std::size_t k = 0; k <= i; ++k) products_[at++] += before[i] * (x[k] - mean_[k]);
}

std::vector<double> CountSpread::covariance() const {
  if (inferences_ < 2) return {};
  std::vector<double> covariance = products_;
  for (double& c : covariance) c /= static_cast<double>(inferences_ - 1);
  return covariance;
}

std::optional<double> energy_spread(const Network& network, std::span<const double> covariance, const PriceList& prices,
                                    const std::optional<ChipCounts>& chip) {
  std::vector<double> each = joules_each(network, prices, chip);
  const std::size_t with_chip = each.size() + kOfChip.size();
  if (!chip && covariance.size() == with_chip * (with_chip + 1) / 2) each.resize(with_chip, 0);
  if (covariance.empty() || covariance.size() != each.size() * (each.size() + 1) / 2) return std::nullopt;
  double variance = 0;
  for (std::size_t i = 0, at = 0; i < each.size(); ++i)
    for (std::size_t k = 0; k <= i; ++k) variance += (k < i ? 2 : 1) * covariance[at++] * each[i] * each[k];
  return std::sqrt(std::max(0.0, variance));
}

}  // namespace spikeloop
