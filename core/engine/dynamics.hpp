// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "core/models.hpp"
#include "core/time.hpp"

/// The closed-form solution of the neuron models between events, and a bound that finds the tick of the next threshold crossing without
/// visiting those before it (Rotter, Diesmann 1999, DOI 10.1007/s004220050570, for the propagators).
namespace spikeloop::engine {

/// So many ticks are tabulated; a shorter table changes no value, it only costs time.
inline constexpr std::size_t kTabulated = 1024;

/// exp(-n dt / tau), tabulated for small n.
class Decay {
 public:
  Decay() = default;
  Decay(double tau_ms, Time resolution, std::size_t tabulated = kTabulated);
  double operator()(Tick n) const { return static_cast<std::size_t>(n) < table_.size() ? table_[static_cast<std::size_t>(n)] : far(n); }
  /// dt / tau: one tick in units of the time constant.
  double rate() const { return rate_; }

 private:
  double far(Tick n) const { return std::exp(-static_cast<double>(n) * rate_); }
  double rate_ = 0;
  std::vector<double> table_;
};

/// Response of the membrane, after n ticks, to an exponential current of 1 mV at tick 0; never negative, one maximum.
/// Leaky: tau_s / (tau_s - tau_m) (exp(-t / tau_s) - exp(-t / tau_m)), its limit where the two are equal; not leaky: tau_s / tau_m (1 -
/// exp(-t / tau_s)).
class CurrentKernel {
 public:
  CurrentKernel() = default;
  CurrentKernel(double tau_current_ms, double tau_m_ms, bool leaky, Time resolution, std::size_t tabulated = kTabulated);
  double operator()(Tick n) const { return static_cast<std::size_t>(n) < table_.size() ? table_[static_cast<std::size_t>(n)] : far(n); }
  /// Largest and smallest value at ticks in [a, b]; b = kNever means for ever.
  double most(Tick a, Tick b) const;
  double least(Tick a, Tick b) const;
  double peak() const { return peak_; }

 private:
  double at(double ticks) const;
  double far(Tick n) const { return at(static_cast<double>(n)); }
  double at_infinity() const { return leaky_ ? 0 : 1 / (rate_current_ / rate_m_); }
  double rate_current_ = 1, rate_m_ = 1;
  bool leaky_ = true;
  double peak_ticks_ = 0, peak_ = 0;
  std::vector<double> table_;
};

/// State of one neuron at tick `last`.
struct NeuronState {
  double v = 0;
  double excitatory = 0, inhibitory = 0;  ///< exponential basal currents (lif_exp)
  double apical = 0, modulator = 0;       ///< exponential feedback currents; the modulator does not enter v
  double adaptation = 0;                  ///< what adaptive thresholds add
  Tick last = 0;
  Tick hold = -1;  ///< v is held up to and including this tick
};

/// What a population's neurons have in common, or one neuron that has parameters of its own.
struct Dynamics {
  Dynamics() = default;
  Dynamics(const NeuronModel& model, Time resolution, std::size_t tabulated = kTabulated);

  bool leaky = true, synaptic = false, adaptive = false, spiking = true;
  double v_rest = 0, bias = 0;
  Decay membrane, excitatory, inhibitory, apical, adaptation;
  CurrentKernel excitatory_kernel, inhibitory_kernel, apical_kernel;
  double threshold = 0, v_reset = 0, adaptation_jump = 0;
  double v_floor = -std::numeric_limits<double>::infinity();
  Reset reset = Reset::kToValue;
  Tick refractory = 0;

  /// The state advanced to `tick` >= state.last, no arrivals in between. `extra` is current in mV on top of the bias.
  void advance(NeuronState& s, Tick tick, double extra) const;

  /// A tick after state.last at or before which nothing can happen without arrivals: no tick before it has v >= threshold. kNever if no
  /// crossing can come. Look again there: the closer, the tighter.
  Tick look_again(const NeuronState& s, double theta, double extra) const {
    if (!spiking || below_for_ever(s, theta, extra)) return kNever;
    return search(s, theta, extra);
  }

 private:
  /// A bound without any exponential, which settles almost every case.
  bool below_for_ever(const NeuronState& s, double theta, double extra) const {
    if (!leaky) return false;
    const double v_inf = v_rest + bias + extra;
    double most = s.v > v_inf ? s.v : v_inf;
    if (synaptic)
      most += (s.excitatory > 0 ? s.excitatory * excitatory_kernel.peak() : 0) +
              (s.inhibitory > 0 ? s.inhibitory * inhibitory_kernel.peak() : 0);
    if (s.apical > 0) most += s.apical * apical_kernel.peak();
    return most < theta;
  }
  Tick search(const NeuronState& s, double theta, double extra) const;
  double ticks_below(const NeuronState& s, double theta, double extra) const;
  double upper(const NeuronState& s, Tick a, Tick b, double extra, Tick before) const;
};

inline void Dynamics::advance(NeuronState& s, Tick tick, double extra) const {
  if (tick == s.last) return;
  if (adaptive) s.adaptation *= adaptation(tick - s.last);
  const bool feedback = s.apical != 0 || s.modulator != 0;
  Tick from = s.last;
  s.last = tick;
  if (s.hold > from) {  // v is held; currents decay
    const Tick n = (s.hold < tick ? s.hold : tick) - from;
    if (synaptic) s.excitatory *= excitatory(n), s.inhibitory *= inhibitory(n);
    if (feedback) s.apical *= apical(n), s.modulator *= apical(n);
    from += n;
    if (from == tick) return;
  }
  const Tick n = tick - from;
  const double drive = bias + extra;
  if (leaky) {
    const double v_inf = v_rest + drive;
    s.v = v_inf + (s.v - v_inf) * membrane(n);
  } else {
    s.v += drive * static_cast<double>(n) * membrane.rate();
  }
  if (synaptic) {
    s.v += s.excitatory * excitatory_kernel(n) + s.inhibitory * inhibitory_kernel(n);
    s.excitatory *= excitatory(n), s.inhibitory *= inhibitory(n);
  }
  if (feedback) {
    s.v += s.apical * apical_kernel(n);
    s.apical *= apical(n), s.modulator *= apical(n);
  }
}

}  // namespace spikeloop::engine
