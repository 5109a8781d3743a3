// SPDX-License-Identifier: Apache-2.0
#include "core/validation.hpp"

namespace spikeloop::validation {

namespace {

void check_membrane(const Faults& f, const Membrane& m) {
  f.positive("tau_m_ms", m.tau_m_ms);
  f.positive("tau_apical_ms", m.tau_apical_ms);
  f.finite("v_rest_mv", m.v_rest_mv);
  f.finite("bias_mv", m.bias_mv);
}

void check_spiking(const Faults& f, const Spiking& s) {
  const bool both = f.finite("v_threshold_mv", s.v_threshold_mv) && f.finite("v_reset_mv", s.v_reset_mv);
  if (both && s.v_reset_mv >= s.v_threshold_mv)
    f.at("v_reset_mv")
        .add(fmt::format("is {}, which is not below v_threshold_mv = {}: the neuron would spike at every tick", s.v_reset_mv,
                         s.v_threshold_mv));
  if (f.not_negative("refractory_ms", s.refractory_ms)) f.between("refractory_ms", s.refractory_ms, 0, kMaxTimeMs);
  if (s.v_floor_mv && f.finite("v_floor_mv", *s.v_floor_mv) && *s.v_floor_mv >= s.v_threshold_mv)
    f.at("v_floor_mv").add("is not below v_threshold_mv");
}

void check_neuron(const Faults& f, const NeuronModel& model) {
  const Faults m = f.at("neuron").at(model_name(model));
  check_membrane(m, membrane_of(model));
  if (const Spiking* s = spiking_of(model)) check_spiking(m, *s);
  if (const auto* e = std::get_if<LifExp>(&model)) {
    m.positive("tau_syn_ms", e->tau_syn_ms);
    if (e->tau_syn_inhibitory_ms) m.positive("tau_syn_inhibitory_ms", *e->tau_syn_inhibitory_ms);
  }
  if (const auto* a = std::get_if<Alif>(&model))
    m.positive("tau_adaptation_ms", a->tau_adaptation_ms), m.not_negative("adaptation_mv", a->adaptation_mv);
}

void check_time(const Faults& f, Time t) {
  if (t < 0 || t > from_ms(kMaxTimeMs)) f.add(fmt::format("is at {} ms; times must lie between 0 and {} ms", to_ms(t), kMaxTimeMs));
}

struct SourceCheck {
  Faults f;
  double size;
  double tick_s;
  void operator()(const ExternalSource&) const {}
  void operator()(const PoissonSource& s) const { f.between("rate_hz", s.rate_hz, 0, 1e6); }
  void operator()(const RegularSource& s) const {
    if (f.positive("rate_hz", s.rate_hz) && s.rate_hz * tick_s > 1)
      f.at("rate_hz").add(fmt::format("is {}: more than one spike a tick of {} s", s.rate_hz, tick_s), "lower the rate or the resolution");
    if (s.phase < 0 || !(s.phase < 1)) f.at("phase").add(fmt::format("is {}, but must be in [0, 1)", s.phase));
  }
  void operator()(const SpikeListSource& s) const {
    for (std::size_t i = 0; i < s.events.size(); ++i) {
      check_time(f.at("spikes", i), s.events[i].time);
      if (s.events[i].neuron >= size)
        f.at("spikes", i).at("neuron").add(fmt::format("is {}, but the population has {} neurons", s.events[i].neuron, size));
    }
  }
  void operator()(const CurrentSource& s) const {
    for (std::size_t i = 0; i < s.steps.size(); ++i) {
      check_time(f.at("steps", i), s.steps[i].time);
      f.at("steps", i).finite("value_mv", s.steps[i].value_mv);
      if (i > 0 && s.steps[i].time <= s.steps[i - 1].time)
        f.at("steps", i).at("time_ms").add("is not later than the step before it", "sort the steps by time");
    }
  }
};

void check_shape(const Faults& f, const Population& p) {
  if (p.shape.empty()) return f.at("shape").add("is missing: it must say how many neurons there are");
  for (std::size_t i = 0; i < p.shape.size(); ++i)
    if (p.shape[i] == 0) f.at("shape", i).add("is 0, but must be at least 1");
  if (size_or_more(p.shape) > static_cast<double>(kMaxNeurons))
    f.at("shape").add(fmt::format("asks for {:.3g} neurons; at most {} can be described", size_or_more(p.shape), kMaxNeurons),
                      "use a smaller shape");
}

}  // namespace

void check_population(const Faults& f, const Population& p, Time resolution) {
  if (p.name.empty()) f.at("name").add("is missing");
  if (p.name.starts_with("ctrl."))
    f.at("name").add(fmt::format("is \"{}\": the prefix ctrl. is reserved for controllers", p.name), "choose another name");
  check_shape(f, p);
  const double size = size_or_more(p.shape);
  if (p.is_source()) {
    std::visit(SourceCheck{f.at("source").at(source_name(p.source())), size, static_cast<double>(resolution) * 1e-9}, p.source());
    if (p.homeostasis) f.at("homeostasis").add("needs neurons with a threshold, but the population is a source");
    if (p.v_initial_mv) f.at("v_initial_mv").add("needs neurons, but the population is a source");
    return;
  }
  check_neuron(f, p.neuron());
  if (p.v_initial_mv) check_value(f.at("v_initial_mv"), *p.v_initial_mv, size, "one a neuron");
  if (!p.homeostasis) return;
  if (!spiking_of(p.neuron())) f.at("homeostasis").add("needs a spiking neuron model, but li never spikes");
  f.at("homeostasis").not_negative("target_hz", p.homeostasis->target_hz);
  f.at("homeostasis").not_negative("rate", p.homeostasis->rate);
  f.at("homeostasis").finite("threshold_min_mv", p.homeostasis->threshold_min_mv);
}

}  // namespace spikeloop::validation
