// SPDX-License-Identifier: Apache-2.0
#include "core/engine/dynamics.hpp"

#include <algorithm>

namespace spikeloop::engine {

Decay::Decay(double tau_ms, Time resolution, std::size_t tabulated) : rate_(to_ms(resolution) / tau_ms) {
  table_.resize(tabulated);
  for (std::size_t n = 0; n < tabulated; ++n) table_[n] = far(static_cast<Tick>(n));
}

CurrentKernel::CurrentKernel(double tau_current_ms, double tau_m_ms, bool leaky, Time resolution, std::size_t tabulated)
    : rate_current_(to_ms(resolution) / tau_current_ms), rate_m_(to_ms(resolution) / tau_m_ms), leaky_(leaky) {
  const double ratio = tau_current_ms / tau_m_ms;
  const double peak_tau_m = std::abs(ratio - 1) < 1e-6 ? 1 : std::log(ratio) * ratio / (ratio - 1);  // in units of tau_m
  peak_ticks_ = leaky ? peak_tau_m / rate_m_ : std::numeric_limits<double>::infinity();
  peak_ = leaky ? at(peak_ticks_) : at_infinity();
  table_.resize(tabulated);
  for (std::size_t n = 0; n < tabulated; ++n) table_[n] = far(static_cast<Tick>(n));
}

double CurrentKernel::at(double ticks) const {
  if (!leaky_) return -std::expm1(-ticks * rate_current_) * rate_m_ / rate_current_;
  const double x = ticks * rate_m_, y = ticks * rate_current_;
  const double difference = rate_m_ / rate_current_ - 1;  // (tau_s - tau_m) / tau_m
  if (std::abs(difference) > 1e-3) return (1 + difference) / difference * (std::exp(-y) - std::exp(-x));
  if (x > 700) return 0;
  const double z = x - y;  // small: expm1 keeps what the difference of two near exponentials would lose
  return std::exp(-x) * x * (z == 0 ? 1 : std::expm1(z) / z);
}

double CurrentKernel::most(Tick a, Tick b) const {
  const double end = b == kNever ? std::numeric_limits<double>::infinity() : static_cast<double>(b);
  if (peak_ticks_ >= static_cast<double>(a) && peak_ticks_ <= end) return peak_;
  return std::max((*this)(a), b == kNever ? at_infinity() : (*this)(b));
}

double CurrentKernel::least(Tick a, Tick b) const { return std::min((*this)(a), b == kNever ? at_infinity() : (*this)(b)); }

Dynamics::Dynamics(const NeuronModel& model, Time resolution, std::size_t tabulated) {
  const Membrane& m = membrane_of(model);
  leaky = !std::holds_alternative<If>(model);
  v_rest = m.v_rest_mv;
  bias = m.bias_mv;
  membrane = Decay(m.tau_m_ms, resolution, tabulated);
  apical = Decay(m.tau_apical_ms, resolution, tabulated);
  apical_kernel = CurrentKernel(m.tau_apical_ms, m.tau_m_ms, leaky, resolution, tabulated);
  if (const Spiking* s = spiking_of(model)) {
    threshold = s->v_threshold_mv;
    v_reset = s->v_reset_mv;
    reset = s->reset;
    refractory = static_cast<Tick>(std::llround(s->refractory_ms / to_ms(resolution)));
    if (s->v_floor_mv) v_floor = *s->v_floor_mv;
  } else {
    spiking = false;
  }
  if (const auto* e = std::get_if<LifExp>(&model)) {
    synaptic = true;
    const double tau_inhibitory = e->tau_syn_inhibitory_ms.value_or(e->tau_syn_ms);
    excitatory = Decay(e->tau_syn_ms, resolution, tabulated);
    inhibitory = Decay(tau_inhibitory, resolution, tabulated);
    excitatory_kernel = CurrentKernel(e->tau_syn_ms, m.tau_m_ms, leaky, resolution, tabulated);
    inhibitory_kernel = CurrentKernel(tau_inhibitory, m.tau_m_ms, leaky, resolution, tabulated);
  }
  if (const auto* a = std::get_if<Alif>(&model)) {
    adaptive = true;
    adaptation = Decay(a->tau_adaptation_ms, resolution, tabulated);
    adaptation_jump = a->adaptation_mv;
  }
}

/// At least as large as v - adaptation at every tick in [a, b] after s.last; each term by itself at its best end. `before` is how long the
/// adaptation has decayed before s.last.
double Dynamics::upper(const NeuronState& s, Tick a, Tick b, double extra, Tick before) const {
  const bool ever = b == kNever;
  const double drive = bias + extra;
  double bound = 0;
  if (leaky) {
    const double v_inf = v_rest + drive, away = s.v - v_inf;
    bound = v_inf + (away > 0 ? away * membrane(a) : ever ? 0 : away * membrane(b));
  } else {
    if (drive > 0 && ever) return std::numeric_limits<double>::infinity();
    bound = s.v + drive * membrane.rate() * static_cast<double>(drive > 0 ? b : a);
  }
  const auto current = [&](double i, const CurrentKernel& kernel) {
    return i > 0 ? i * kernel.most(a, b) : i < 0 ? i * kernel.least(a, b) : 0;
  };
  if (synaptic) bound += current(s.excitatory, excitatory_kernel) + current(s.inhibitory, inhibitory_kernel);
  bound += current(s.apical, apical_kernel);
  if (adaptive && !ever) bound -= s.adaptation * adaptation(b + before);
  return bound;
}

/// For so many ticks v stays below theta, as it rises no faster than with its present positive currents and without more leak (for constant
/// drive this is a step of Newton's method, and from below, since v is concave).
double Dynamics::ticks_below(const NeuronState& s, double theta, double extra) const {
  double push = bias + extra + (leaky ? v_rest - s.v : 0) + std::max(0.0, s.apical);
  if (synaptic) push += std::max(0.0, s.excitatory) + std::max(0.0, s.inhibitory);
  if (s.v >= theta) return 0;
  if (push <= 0) return std::numeric_limits<double>::infinity();
  return (theta - s.v) / (push * membrane.rate()) * (1 - 1e-9);  // less what rounding may have added
}

Tick Dynamics::search(const NeuronState& state, double theta, double extra) const {
  NeuronState s = state;
  Tick before = 0;
  if (s.hold > s.last) {  // start from the end of the refractory time, with the currents of then
    before = s.hold - s.last;
    const Decay* decays[] = {&excitatory, &inhibitory, &apical};
    double* currents[] = {&s.excitatory, &s.inhibitory, &s.apical};
    for (std::size_t k = synaptic ? 0 : 2; k < 3; ++k)
      if (*currents[k] != 0) *currents[k] *= (*decays[k])(before);
    s.last = s.hold;
  }
  if (upper(s, 1, kNever, extra, before) < theta) return kNever;
  const double earliest = ticks_below(s, theta, extra);
  if (earliest > 4e18) return kNever;
  if (earliest > 32) return s.last + static_cast<Tick>(earliest);  // far: looking again there costs less than looking closer here
  Tick a = std::max(Tick{1}, static_cast<Tick>(earliest));
  for (Tick width = 1;; width *= 2) {
    if (upper(s, a, kNever, extra, before) < theta) return kNever;
    const Tick b = a + width - 1;
    if (upper(s, a, b, extra, before) >= theta) return s.last + a;
    a = b + 1;
    if (width > (Tick{1} << 58)) return kNever;
  }
}

}  // namespace spikeloop::engine
