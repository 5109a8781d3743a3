// SPDX-License-Identifier: Apache-2.0
// How much of everything a network needs, and how much there is.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "backends/dynapse/checker.hpp"

namespace spikeloop::dynapse {
namespace {

/// The projections that end on a neuron, largest share first: "in->out 60, bias->out 5".
struct Shares {
  std::size_t largest = 0;  ///< projection
  std::string text;
};

Shares shares_of(const Network& network, const Circuit& circuit, std::uint32_t target) {
  std::map<std::size_t, std::size_t> counts;
  for (std::size_t k = 0; k < circuit.bundles.size(); ++k)
    for (const Circuit::Wire& wire : circuit.bundles[k].wires)
      if (wire.target == target && (wire.weight_mv != 0 || circuit.bundles[k].plastic)) ++counts[k];
  std::vector<std::pair<std::size_t, std::size_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  Shares shares;
  for (const auto& [k, n] : sorted) {
    if (!shares.text.empty()) shares.text += ", ";
    shares.text += fmt::format("{} {}", network.projections()[k].name, n);
  }
  if (!sorted.empty()) shares.largest = sorted.front().first;
  return shares;
}

}  // namespace

void Checker::check_neurons() {
  const double cores = chip_.limits.chips.value * chip_.limits.cores.value, limit = cores * chip_.limits.neurons_per_core.value;
  double need = 0;
  std::size_t largest = 0;
  double most = 0;
  for (std::size_t i = 0; i < network_.populations().size(); ++i) {
    if (!on_chip(i)) continue;
    const auto size = static_cast<double>(population(i).size());
    need += size;
    if (size > most) most = size, largest = i;
  }
  if (need == 0) {
    refuse("populations", "", "no population has neurons on the chip", "a population of lif or lif_exp neurons");
    return;
  }
  if (need > limit)
    violate({path_of_population(largest) + ".shape", population(largest).name, "neurons (all populations)", need, limit,
             fmt::format("\"{}\" is the largest with {:.0f}", population(largest).name, most),
             fmt::format("{:.0f} neurons fewer", need - limit)});
}

/// Of a projection that is too large to be made: on average.
void Checker::check_expected_fan_in(std::size_t k) {
  const Projection& p = network_.projections()[k];
  const auto targets = static_cast<double>(population(network_.population_index(p.target)).size());
  const double mean = std::ceil(network_.expected_synapses(p) / std::max(targets, 1.0)), limit = chip_.limits.cam_words.value;
  if (mean > limit)
    violate({path_of_projection(k) + ".connect", p.target, "CAM words in each neuron", mean, limit,
             fmt::format("for \"{}\" alone, on average", p.name), fmt::format("a fan-in of {:.0f} or less", limit)});
}

/// One finding a population: the neuron that needs most, for all its projections share one budget.
void Checker::check_fan_in() {
  const Circuit& c = out_.circuit;
  const auto limit = static_cast<std::size_t>(chip_.limits.cam_words.value);
  for (std::size_t i = 0; i < network_.populations().size(); ++i) {
    if (!on_chip(i) || options_.prune) continue;
    const auto size = static_cast<std::uint32_t>(population(i).size());
    std::size_t need = 0, over = 0;
    std::uint32_t worst = 0;
    for (std::uint32_t n = 0; n < size; ++n) {
      const std::size_t fan_in = c.fan_in(c.first[i] + n).size();
      over += fan_in > limit;
      if (fan_in > need) need = fan_in, worst = n;
    }
    if (over == 0) continue;
    const Shares shares = shares_of(network_, c, c.first[i] + worst);
    violate({path_of_projection(shares.largest) + ".connect", population(i).name, fmt::format("CAM words in neuron {}", worst),
             static_cast<double>(need), static_cast<double>(limit),
             fmt::format("{} of {} neurons have too many synapses; this one: {}", over, size, shares.text),
             fmt::format("{} synapse{} fewer, or keep the {} largest of a neuron (--prune)", need - limit, need - limit == 1 ? "" : "s",
                         limit)});
  }
}

/// Neurons of a core share their biases, so each set of parameters needs cores of its own.
void Checker::check_parameter_sets() {
  const Circuit& c = out_.circuit;
  std::vector<double> neurons(c.parameters.size());
  for (const std::uint32_t set : c.parameters_of) ++neurons[set];
  double need = 0;
  for (const double n : neurons) need += std::ceil(n / chip_.limits.neurons_per_core.value);
  const double limit = chip_.limits.chips.value * chip_.limits.cores.value;
  const bool too_many_neurons = static_cast<double>(c.neurons.size()) > limit * chip_.limits.neurons_per_core.value;
  if (need <= limit || too_many_neurons) return;  // the latter is said already
  violate({"populations", "", "cores", need, limit,
           fmt::format("neurons of a core share time constants, and there are {} sets of them (with the kinds of synapses that are used)",
                       c.parameters.size()),
           fmt::format("{:.0f} sets of parameters fewer, by making populations alike", need - limit)});
}

/// Each core tells its sources apart by tag; what every core hears is bounded before anything is placed.
void Checker::check_inputs() {
  const Circuit& c = out_.circuit;
  const auto limit = static_cast<std::size_t>(chip_.limits.tags.value) - 1;  // tag 0 is that of cleared CAM words
  for (std::size_t i = 0; i < network_.populations().size(); ++i) {
    if (!on_chip(i) || static_cast<double>(population(i).size()) > chip_.limits.neurons_per_core.value) continue;  // larger ones may be cut
    std::set<std::uint32_t> sources;
    for (std::uint32_t n = 0; n < population(i).size(); ++n)
      for (const Circuit::Synapse& s : c.fan_in(c.first[i] + n)) sources.insert(s.source);
    const auto cam = chip_.limits.cam_words.value * static_cast<double>(population(i).size());
    if (sources.size() <= limit || static_cast<double>(sources.size()) > cam) continue;  // the latter is said already
    out_.notes.push_back(fmt::format("\"{}\" hears {} sources, and a core tells {} apart: it is cut over several cores", population(i).name,
                                     sources.size(), limit));
  }
}

/// The largest weight has to be within what a neuron's whole CAM can give.
void Checker::check_weights() {
  const Circuit& c = out_.circuit;
  const firmware::DpiConstants device = device_of(chip_);
  std::set<std::pair<std::uint32_t, std::size_t>> told;
  for (const Circuit::Synapse& s : c.synapses) {
    const auto type = static_cast<std::size_t>(s.type);
    const ParameterSet& set = c.parameters[c.parameters_of[s.target]];
    const double jump =
        firmware::synapse_jump_a(1, largest_a(chip_, kTypeBiases[type].weight), chip_.delays.pulse_s.value, set.tau_s[type]);
    const double one = jump * (set.delta[type] ? response_peak(set.tau_s[type], set.tau_m_s) : 1) / device.threshold_a;
    const std::uint32_t p = c.neurons[s.target].population;
    if (s.weight <= one || !told.insert({p, type}).second) continue;
    violate({path_of_population(p), population(p).name, "thresholds of weight", s.weight, one, "one CAM word gives no more",
             fmt::format("weights of {:.4g} mV or less", one * c.threshold_mv[s.target])});
  }
}

}  // namespace spikeloop::dynapse
