// SPDX-License-Identifier: Apache-2.0
// What the neurons of a network ask for, and what the silicon neuron is.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "backends/dynapse/checker.hpp"

namespace spikeloop::dynapse {
namespace {

constexpr double kMs = 1e-3;
constexpr double kDcMargin = 0.95;  // of the constant input's largest current, that a leak may need

/// Membrane, reset and threshold by themselves; 1 where nothing sensible can be said.
double threshold_of(const NeuronModel& model) {
  const Spiking* s = spiking_of(model);
  const double apart = s == nullptr ? 1 : s->v_threshold_mv - membrane_of(model).v_rest_mv;
  return apart > 0 ? apart : 1;
}

/// Makes one set of two that may share a core: what one does not use does not matter.
bool merge(ParameterSet& known, const ParameterSet& set) {
  if (known.tau_m_s != set.tau_m_s || known.bias != set.bias || known.refractory_s != set.refractory_s) return false;
  for (std::size_t type = 0; type < kTypes; ++type)
    if (known.tau_s[type] != 0 && set.tau_s[type] != 0 && (known.tau_s[type] != set.tau_s[type] || known.delta[type] != set.delta[type]))
      return false;
  for (std::size_t type = 0; type < kTypes; ++type)
    if (known.tau_s[type] == 0) known.tau_s[type] = set.tau_s[type], known.delta[type] = set.delta[type];
  return true;
}

}  // namespace

void Checker::check_model(std::size_t i) {
  const Population& p = population(i);
  const NeuronModel& model = p.neuron();
  const std::string name = model_name(model),
                    path = path_of_population(i) == "controllers" ? "controllers" : path_of_population(i) + ".neuron";
  if (std::holds_alternative<Li>(model))
    refuse(path, p.name, "is li, which never spikes; the chip sends nothing but spikes", "lif, and a readout by spikes");
  if (std::holds_alternative<If>(model))
    refuse(path, p.name, "is if, which has no leak; the chip's membrane always leaks", "lif with a long tau_m_ms");
  if (std::holds_alternative<Alif>(model)) refuse(path, p.name, "is alif; the chip adapts by a current, not by its threshold", "lif");
  const Spiking* s = spiking_of(model);
  if (s == nullptr) return;
  const Membrane& m = membrane_of(model);
  if (s->reset == Reset::kSubtract && p.name.starts_with("ctrl.")) {
    refuse(path_of_model(i, "reset"), p.name, "counts by RESET_SUBTRACT and a rest out of reach, as neurons on a computer can",
           "neuron { lif { reset: RESET_TO_VALUE refractory_ms: 1 } } in the controller, or the controller on the computer");
    of_another_kind_.push_back(p.name);
  } else if (s->reset == Reset::kSubtract)
    refuse(path_of_model(i, "reset"), p.name, "has RESET_SUBTRACT; the chip resets to a value", "reset: RESET_TO_VALUE");
  if (s->reset == Reset::kToValue && s->v_reset_mv != m.v_rest_mv)
    refuse(path_of_model(i, "v_reset_mv"), p.name,
           fmt::format("is reset to {:.6g} mV, but rests at {:.6g} mV; the chip resets to rest", s->v_reset_mv, m.v_rest_mv),
           fmt::format("v_reset_mv: {:.6g}", m.v_rest_mv));
  if (s->v_threshold_mv <= m.v_rest_mv)
    refuse(
        path_of_model(i, "v_threshold_mv"), p.name,
        fmt::format("has its threshold ({:.6g} mV) not above rest ({:.6g} mV), and so would fire for ever", s->v_threshold_mv, m.v_rest_mv),
        "a threshold above rest");
  if (!s->v_floor_mv || *s->v_floor_mv != m.v_rest_mv)
    out_.notes.push_back(
        fmt::format("\"{}\": the chip's membrane does not fall below rest; inhibition of a neuron at rest is lost (in the "
                    "simulator: v_floor_mv: {:.6g})",
                    p.name, m.v_rest_mv));
}

void Checker::check_state(std::size_t i) {
  const Population& p = population(i);
  if (p.homeostasis)
    refuse(path_of_population(i) + ".homeostasis", p.name, "adapts its threshold; all neurons of the chip have one",
           "train with homeostasis in the simulator, or leave it out");
  if (!p.v_initial_mv) return;
  const bool at_rest = is_constant(*p.v_initial_mv) && draw(*p.v_initial_mv, 0, 0, 0) == membrane_of(p.neuron()).v_rest_mv;
  if (!at_rest)
    refuse(path_of_population(i) + ".v_initial_mv", p.name, "does not start at rest; the chip's state cannot be set", "no v_initial_mv");
}

void Checker::check_probes() {
  for (std::size_t k = 0; k < network_.probes().size(); ++k) {
    const Probe& probe = network_.probes()[k];
    using Variable = Probe::Variable;
    const bool of_weights =
        probe.variable == Variable::kWeights || probe.variable == Variable::kPreTrace || probe.variable == Variable::kPostTrace;
    if (of_weights || probe.variable == Variable::kSpikes || probe.population.empty()) continue;
    if (!on_chip(network_.population_index(probe.population))) continue;
    out_.notes.push_back(fmt::format("\"{}\" is probed for its {}, but the chip shows spikes only: that probe sees nothing",
                                     probe.population, variable_name(probe.variable)));
  }
}

void Checker::check_time(std::size_t i, const char* field, double tau_s, double capacitance, std::size_t bias) {
  if (tau_s == 0) return;
  const firmware::DpiConstants device = device_of(chip_);
  const double longest = firmware::time_constant_s(device, capacitance, device.floor_a),
               shortest = firmware::time_constant_s(device, capacitance, largest_a(chip_, bias));
  const Population& p = population(i);
  if (tau_s > longest)
    violate({path_of_model(i, field), p.name, fmt::format("ms of {}", field), tau_s / kMs, longest / kMs,
             "a longer one needs less current than a transistor leaks", fmt::format("{}: {:.4g} or less", field, longest / kMs)});
  if (tau_s < shortest)
    refuse(path_of_model(i, field), p.name,
           fmt::format("needs {} = {:.4g} ms, but the shortest is {:.4g} ms", field, tau_s / kMs, shortest / kMs),
           fmt::format("{}: {:.4g} or more", field, shortest / kMs));
}

void Checker::check_times(std::size_t i, const ParameterSet& set) {
  const auto type = [](SynapseType t) { return static_cast<std::size_t>(t); };
  check_time(i, "tau_m_ms", set.tau_m_s, chip_.device.membrane_f.value, bias_index("IF_TAU1_N"));
  const auto synapse = [&](SynapseType t, const char* field) {
    check_time(i, field, set.tau_s[type(t)], capacitance_f(chip_, type(t)), kTypeBiases[type(t)].tau);
  };
  if (const auto* exp = std::get_if<LifExp>(&population(i).neuron())) {
    synapse(SynapseType::kFastExcitatory, "tau_syn_ms");
    synapse(SynapseType::kFastInhibitory, exp->tau_syn_inhibitory_ms ? "tau_syn_inhibitory_ms" : "tau_syn_ms");
  }
  const bool excites = set.tau_s[type(SynapseType::kSlowExcitatory)] > 0;
  synapse(excites ? SynapseType::kSlowExcitatory : SynapseType::kSlowInhibitory, "tau_apical_ms");
  check_refractory(i, set.refractory_s);
  check_bias(i, set);
}

void Checker::check_refractory(std::size_t i, double refractory_s) {
  const firmware::DpiConstants device = device_of(chip_);
  const double longest = firmware::timer_s(device, device.refractory_f, device.floor_a);
  if (refractory_s > longest)
    violate({path_of_model(i, "refractory_ms"), population(i).name, "ms of refractory_ms", refractory_s / kMs, longest / kMs, "",
             fmt::format("refractory_ms: {:.4g} or less", longest / kMs)});
}

/// A constant current has first to overcome the leak; what the chip can give at most bounds the time constant, not the current.
void Checker::check_bias(std::size_t i, const ParameterSet& set) {
  if (set.bias == 0) return;
  if (set.bias < 0) {
    refuse(path_of_model(i, "bias_mv"), population(i).name, "has a negative bias_mv; the chip's constant input only excites",
           "bias_mv: 0 or more");
    return;
  }
  const firmware::DpiConstants device = device_of(chip_);
  const double leak = firmware::leak_current_a(device, device.membrane_f, set.tau_m_s),
               most = largest_a(chip_, bias_index("IF_DC_P")) * kDcMargin;
  if (leak <= most) return;
  const double tau_ms = firmware::time_constant_s(device, device.membrane_f, most) / kMs;
  violate({path_of_model(i, "bias_mv"), population(i).name, "pA of constant input to overcome the leak", leak * 1e12, most * 1e12, "",
           fmt::format("bias_mv: 0, or tau_m_ms: {:.4g} or more", std::ceil(tau_ms * 10) / 10)});
}

/// A delta synapse is a short current, and what is left of it after a spike counts towards the next.
void Checker::note_overshoot(std::size_t i, const ParameterSet& set) {
  constexpr double kGone = 5;  // time constants
  double left_s = 0;
  for (std::size_t type = 0; type < kTypes; ++type)
    if (set.delta[type] && is_excitatory(type)) left_s = kGone * set.tau_s[type];
  if (set.refractory_s >= left_s) return;
  out_.notes.push_back(
      fmt::format("\"{}\": what a delta input is above threshold counts towards the next spike, unless the neuron is refractory "
                  "meanwhile (refractory_ms: {:.3g} or more)",
                  population(i).name, left_s / kMs));
}

void Checker::make_parameters(std::size_t i) {
  Circuit& c = out_.circuit;
  const NeuronModel& model = population(i).neuron();
  const Membrane& m = membrane_of(model);
  const double threshold = threshold_of(model);
  ParameterSet set;
  set.tau_m_s = m.tau_m_ms * kMs;
  set.bias = m.bias_mv / threshold;
  if (const Spiking* s = spiking_of(model)) set.refractory_s = s->refractory_ms * kMs;
  const auto* exp = std::get_if<LifExp>(&model);
  for (std::size_t type = 0; type < kTypes; ++type) {
    if (!types_used_[i * kTypes + type]) continue;
    if (is_slow(type))
      set.tau_s[type] = m.tau_apical_ms * kMs;
    else if (exp != nullptr)
      set.tau_s[type] = (is_excitatory(type) ? exp->tau_syn_ms : exp->tau_syn_inhibitory_ms.value_or(exp->tau_syn_ms)) * kMs;
    else
      set.tau_s[type] = chip_.delays.delta_tau_ms.value * kMs, set.delta[type] = true;
  }
  check_times(i, set);
  note_overshoot(i, set);
  auto at = std::find_if(c.parameters.begin(), c.parameters.end(), [&](ParameterSet& known) { return merge(known, set); });
  if (at == c.parameters.end()) at = c.parameters.insert(at, set);
  const std::uint32_t first = c.first[i];
  std::fill_n(c.parameters_of.begin() + first, population(i).size(), static_cast<std::uint32_t>(at - c.parameters.begin()));
  std::fill_n(c.threshold_mv.begin() + first, population(i).size(), static_cast<float>(threshold));
}

}  // namespace spikeloop::dynapse
