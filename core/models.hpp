// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "core/time.hpp"

namespace spikeloop {

/// What a spike does to the membrane potential.
enum class Reset {
  kToValue,   ///< v <- v_reset
  kSubtract,  ///< v <- v - (v_threshold - v_reset); keeps the residual above threshold
};

/// What all models share. Between events tau_m dv/dt = -(v - v_rest) + bias + I_basal + I_apical, solved in closed form;
/// currents are in mV (a current of w pA on a membrane of C pF is w tau_m / C mV).
struct Membrane {
  double tau_m_ms = 20;       ///< membrane time constant, > 0
  double v_rest_mv = 0;       ///< resting potential E_L
  double bias_mv = 0;         ///< constant current
  double tau_apical_ms = 20;  ///< decay of the exponential current of the apical and modulator ports, > 0
};

/// What the spiking models share.
struct Spiking {
  double v_threshold_mv = 1;  ///< a spike is emitted at the first tick with v >= v_threshold
  double v_reset_mv = 0;      ///< value after a spike (kToValue), or level that the threshold is measured from (kSubtract)
  Reset reset = Reset::kToValue;
  double refractory_ms = 0;  ///< v is held, and delta input discarded, for this long after a spike; >= 0
  /// If set, v is raised to it, but only where non-zero input arrives: at a tick at which spikes bring input to any port. Inputs that sum
  /// to exactly 0 count as none (each port, and each synaptic time constant, has a sum of its own). At all other ticks v may lie lower, and
  /// where v is held, and at a spike, the floor does nothing.
  std::optional<double> v_floor_mv;
};

/// Leaky integrate-and-fire; a basal spike of weight w moves v by w at once (delta synapse).
struct Lif : Membrane, Spiking {};

/// Non-leaky integrate-and-fire, delta synapses: tau_m dv/dt = bias + I_apical. v_rest is only the initial potential.
struct If : Membrane, Spiking {};

/// Lif with adaptive threshold: theta = v_threshold + b, b jumps by `adaptation_mv` at each spike and decays with `tau_adaptation_ms`
/// (Bellec et al. 2018, arXiv 1803.09574).
struct Alif : Membrane, Spiking {
  double tau_adaptation_ms = 200;  ///< > 0
  double adaptation_mv = 0.1;
};

/// Lif whose basal input is an exponential current: a spike of weight w adds w mV to the current, which decays with `tau_syn_ms`
/// (excitatory, w >= 0) or `tau_syn_inhibitory_ms` (w < 0; the same as `tau_syn_ms` where not set).
struct LifExp : Membrane, Spiking {
  double tau_syn_ms = 5;  ///< > 0
  std::optional<double> tau_syn_inhibitory_ms;
};

/// Leaky integrator, delta synapses, never spikes: a readout.
struct Li : Membrane {};

using NeuronModel = std::variant<Lif, If, Alif, LifExp, Li>;

/// Every time constant that the model has, in ms: membrane, apical, then synaptic (the inhibitory one where it is set) or of adaptation.
std::vector<double*> time_constants(NeuronModel& model);

/// "lif", "if", "alif", "lif_exp" or "li", as in the schema.
const char* model_name(const NeuronModel& model);

/// The part that all models share.
const Membrane& membrane_of(const NeuronModel& model);

/// The part that the spiking models share; null for `Li`.
const Spiking* spiking_of(const NeuronModel& model);

/// Spikes are handed to `Session::advance`.
struct ExternalSource {};

/// Independent Poisson trains, one a neuron. Where rate x tick >= 0.1 one count is drawn per neuron and tick, exponential gaps otherwise.
struct PoissonSource {
  double rate_hz = 0;  ///< 0 .. 1e6
};

/// Regular trains: spike k (from 0) of a neuron at the first tick at or after (k + phase) / rate.
struct RegularSource {
  double rate_hz = 0;         ///< > 0, at most one spike a tick
  double phase = 0;           ///< in [0, 1), fraction of a period
  bool random_phase = false;  ///< drawn per neuron and trial, instead of `phase`
};

/// A list of spikes; need not be sorted. Times are from the start of the trial and lie on ticks after rounding to the nearest.
struct SpikeListSource {
  struct Event {
    Time time = 0;
    std::uint32_t neuron = 0;
  };
  std::vector<Event> events;
};

/// The same piecewise-constant current from every neuron of the population: `value_mv` holds from `time` on (0 before the first step).
/// A projection multiplies it by its weight; the basal port receives it as a membrane current, the apical port as feedback current too.
struct CurrentSource {
  struct Step {
    Time time = 0;
    double value_mv = 0;
  };
  std::vector<Step> steps;  ///< strictly increasing in time
};

using SourceModel = std::variant<ExternalSource, PoissonSource, RegularSource, SpikeListSource, CurrentSource>;

/// "external", "poisson", "regular", "spike_list" or "current", as in the schema.
const char* source_name(const SourceModel& source);

}  // namespace spikeloop
