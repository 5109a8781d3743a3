// SPDX-License-Identifier: Apache-2.0
#include "backends/dynapse/quantise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "backends/dynapse/device.hpp"
#include "backends/dynapse/units.hpp"

namespace spikeloop::dynapse {
namespace {

constexpr double kMs = 1e-3;
constexpr double kShortestRefractoryS = 1e-6;
constexpr const char* kTypeNames[kTypes] = {"slow_inhibitory", "fast_inhibitory", "slow_excitatory", "fast_excitatory"};

/// The biases of one core, from what its neurons are to be.
class CoreBiasing {
 public:
  CoreBiasing(const ChipSpec& chip, const ParameterSet& set, CoreSetting& setting, std::string population,
              std::vector<ParameterError>& errors)
      : chip_(chip), device_(device_of(chip)), set_(set), setting_(setting), population_(std::move(population)), errors_(errors) {}

  void run(const std::array<double, kTypes>& units, double threshold_mv) {
    defaults();
    membrane();
    pulse_s_ = firmware::timer_s(device_, device_.pulse_f,
                                 set(bias_index("PULSE_PWLK_P"), timer(chip_.device.pulse_f, chip_.delays.pulse_s.value)));
    for (std::size_t type = 0; type < kTypes; ++type)
      if (set_.tau_s[type] > 0) synapse(type, units[type], threshold_mv);
  }

 private:
  double timer(const Figure& capacitance, double time_s) const { return firmware::timer_current_a(device_, capacitance.value, time_s); }

  /// Sets a bias to the nearest code and returns the current that it has, never less than a transistor leaks.
  double set(std::size_t bias, double ampere) {
    setting_.biases[bias] = nearest_code(chip_, bias, ampere);
    return std::max(ampere_of(chip_, bias, setting_.biases[bias]), device_.floor_a);
  }
  void note(const char* parameter, const char* unit, double wanted, double got) {
    errors_.push_back({setting_.chip, setting_.core, population_, parameter, unit, wanted, got});
  }

  /// What is not set below stays as drivers have it; what must not act is silent.
  void defaults() {
    for (const firmware::ChipWord& word : firmware::low_power_biases())
      if (const auto* w = std::get_if<firmware::BiasWord>(&word); w != nullptr && w->address < 64 && w->address % 2 == 0)
        setting_.biases[w->address / 2U] = {w->coarse, w->fine};
    for (std::size_t type = 0; type < kTypes; ++type) setting_.biases[kTypeBiases[type].weight] = {7, 0};
    setting_.biases[bias_index("IF_DC_P")] = setting_.biases[bias_index("IF_AHW_P")] = {7, 0};
  }

  /// Without a constant current the gain is 1: the leak, which is subtracted from the input, is then small against the threshold. With one,
  /// gain x (Idc - leak) has to be the current's share of the threshold.
  void membrane() {
    const double leak = set(bias_index("IF_TAU1_N"), firmware::leak_current_a(device_, device_.membrane_f, set_.tau_m_s));
    tau_m_s_ = firmware::time_constant_s(device_, device_.membrane_f, leak);
    note("tau_m_ms", "ms", set_.tau_m_s / kMs, tau_m_s_ / kMs);
    double gain = 1, dc = 0;
    if (set_.bias > 0) {
      const std::size_t bias = bias_index("IF_DC_P");
      setting_.biases[bias] = nearest_code(chip_, bias, largest_a(chip_, bias));
      dc = ampere_of(chip_, bias, setting_.biases[bias]);
      gain = set_.bias * device_.threshold_a / (dc - leak);
    }
    gain_ = set(bias_index("IF_THR_N"), gain * leak) / leak;
    const double rest = gain_ * (dc - leak) / device_.threshold_a;
    setting_.tau_m_s = tau_m_s_, setting_.rest = rest;
    note(set_.bias > 0 ? "bias (thresholds)" : "rest (thresholds)", "", set_.bias, rest);
    const double wanted = std::max(set_.refractory_s, kShortestRefractoryS);
    const double got =
        firmware::timer_s(device_, device_.refractory_f, set(bias_index("IF_RFR_N"), timer(chip_.device.refractory_f, wanted)));
    note("refractory_ms", "ms", set_.refractory_s / kMs, got / kMs);
  }

  void synapse(std::size_t type, double unit, double threshold_mv) {
    const TypeBiases& b = kTypeBiases[type];
    const double capacitance = capacitance_f(chip_, type);
    const double leak = set(b.tau, firmware::leak_current_a(device_, capacitance, set_.tau_s[type]));
    const double tau = firmware::time_constant_s(device_, capacitance, leak);
    note(time_name(type), "ms", set_.delta[type] ? 0 : set_.tau_s[type] / kMs, tau / kMs);
    const double gain = set(b.threshold, leak) / leak;
    if (unit == 0) return;
    const double peak = set_.delta[type] ? response_peak(tau, tau_m_s_) : 1, jump = unit * device_.threshold_a / (gain_ * peak);
    setting_.biases[b.weight] = nearest_code(chip_, b.weight, firmware::synapse_weight_a(gain, jump, pulse_s_, tau));
    const double weight = ampere_of(chip_, b.weight, setting_.biases[b.weight]);
    setting_.unit[type] = firmware::synapse_jump_a(gain, weight, pulse_s_, tau) * gain_ * peak / device_.threshold_a;
    errors_.push_back({setting_.chip, setting_.core, population_, fmt::format("weight of a {} word", kTypeNames[type]), "mV",
                       unit * threshold_mv, setting_.unit[type] * threshold_mv});
  }

  const char* time_name(std::size_t type) const {
    if (is_slow(type)) return is_excitatory(type) ? "tau_apical_ms (excitatory)" : "tau_apical_ms (inhibitory)";
    return is_excitatory(type) ? "tau_syn_ms (excitatory)" : "tau_syn_ms (inhibitory)";
  }

  const ChipSpec& chip_;
  firmware::DpiConstants device_;
  const ParameterSet& set_;
  CoreSetting& setting_;
  std::string population_;
  std::vector<ParameterError>& errors_;
  double tau_m_s_ = 1, gain_ = 1, pulse_s_ = 1;
};

std::vector<std::vector<std::uint32_t>> members_of(const Placement& placement) {
  std::vector<std::vector<std::uint32_t>> members(placement.cores.size());
  for (std::uint32_t n = 0; n < placement.places.size(); ++n)
    for (std::size_t c = 0; c < members.size(); ++c)
      if (placement.cores[c].chip == placement.places[n].chip && placement.cores[c].core == placement.places[n].core)
        members[c].push_back(n);
  return members;
}

void set_core(const Network& network, const Circuit& circuit, const CoreUse& use, std::span<const std::uint32_t> neurons,
              const ChipSpec& chip, QuantisedNetwork& q) {
  const auto budget = static_cast<std::uint32_t>(chip.limits.cam_words.value);
  const Units units = choose_units(circuit, neurons, budget);
  CoreSetting& setting = q.cores.emplace_back();
  setting.chip = use.chip, setting.core = use.core;
  const std::string population = network.populations()[circuit.neurons[neurons.front()].population].name;
  CoreBiasing(chip, circuit.parameters[use.parameters], setting, population, q.parameters)
      .run(units.unit, static_cast<double>(circuit.threshold_mv[neurons.front()]));
  std::size_t index = 0;
  for (const std::uint32_t n : neurons) {
    std::uint32_t used = 0;
    for (std::uint32_t s = circuit.begin[n]; s < circuit.begin[n + 1]; ++s, ++index) {
      q.counts[s] = units.counts[index];
      q.achieved[s] = static_cast<float>(q.counts[s] * setting.unit[static_cast<std::size_t>(circuit.synapses[s].type)]);
      used += q.counts[s];
    }
    q.cam_used[n] = used;
  }
}

/// The synapse of the circuit that a wire is part of.
std::size_t synapse_of(const Circuit& circuit, const Circuit::Wire& wire, bool slow) {
  const bool excites = wire.weight_mv >= 0;
  const auto type = static_cast<SynapseType>((slow ? 0 : 1) + (excites ? 2 : 0));
  const auto all = circuit.fan_in(wire.target);
  const auto at = std::lower_bound(all.begin(), all.end(), std::pair(wire.source, type),
                                   [](const Circuit::Synapse& s, const auto& key) { return std::pair(s.source, s.type) < key; });
  return circuit.begin[wire.target] + static_cast<std::size_t>(at - all.begin());
}

void note_weights(const Circuit& circuit, QuantisedNetwork& q) {
  for (std::uint32_t k = 0; k < circuit.bundles.size(); ++k) {
    const Circuit::Bundle& bundle = circuit.bundles[k];
    if (bundle.wires.empty()) continue;
    WeightError error;
    error.projection = k;
    error.synapses = bundle.wires.size();
    double square = 0, scale = 0;
    const std::vector<float> achieved = achieved_weights(circuit, q, k);
    for (std::size_t i = 0; i < achieved.size(); ++i) {
      const double wanted = static_cast<double>(bundle.wires[i].weight_mv), apart = std::abs(static_cast<double>(achieved[i]) - wanted);
      error.vanished += wanted != 0 && achieved[i] == 0;
      error.max_mv = std::max(error.max_mv, apart);
      square += apart * apart, scale += wanted * wanted;
    }
    error.rms_mv = std::sqrt(square / static_cast<double>(error.synapses));
    error.scale_mv = std::sqrt(scale / static_cast<double>(error.synapses));
    q.weights.push_back(error);
  }
}

}  // namespace

std::vector<float> achieved_weights(const Circuit& circuit, const QuantisedNetwork& q, std::size_t projection) {
  const Circuit::Bundle& bundle = circuit.bundles.at(projection);
  std::vector<float> weights;
  for (const Circuit::Wire& wire : bundle.wires) {
    if (wire.weight_mv == 0) {
      weights.push_back(0);
      continue;
    }
    const std::size_t s = synapse_of(circuit, wire, bundle.slow);
    weights.push_back(wire.weight_mv * q.achieved[s] / circuit.synapses[s].weight);
  }
  return weights;
}

Quantised quantise(const Network& network, const Circuit& circuit, const Placement& placement, const ChipSpec& chip,
                   const MapOptions& options) {
  Quantised result;
  QuantisedNetwork& q = result.network;
  q.counts.assign(circuit.synapses.size(), 0);
  q.achieved.assign(circuit.synapses.size(), 0);
  q.cam_used.assign(circuit.neurons.size(), 0);
  const auto limit = static_cast<std::size_t>(chip.limits.cam_words.value);
  for (std::uint32_t n = 0; n < circuit.neurons.size() && !options.prune;
       ++n)  // `check` has seen to it, but weights may have changed sides
    if (const std::size_t need = circuit.fan_in(n).size(); need > limit)
      result.violations.push_back({"", network.populations()[circuit.neurons[n].population].name,
                                   fmt::format("CAM words in neuron {}", circuit.neurons[n].neuron), static_cast<double>(need),
                                   static_cast<double>(limit), "", "fewer synapses, or keep the largest (--prune)"});
  if (!result.violations.empty()) return result;
  const auto members = members_of(placement);
  for (std::size_t c = 0; c < members.size(); ++c) set_core(network, circuit, placement.cores[c], members[c], chip, q);
  note_weights(circuit, q);
  return result;
}

}  // namespace spikeloop::dynapse
