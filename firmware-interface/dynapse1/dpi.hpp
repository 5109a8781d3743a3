// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

/// The relations of the silicon neuron between currents and times (Chicca et al. 2014, doi:10.1109/JPROC.2014.2313954), and their inverses.
/// One place for both who sets biases and who models what they do.
namespace spikeloop::firmware {

/// Constants of the device. The defaults are DynapSim's (facts B.2), a model of the chip's successor in the same process; threshold and
/// factor of the constant input are ours: DYNAPSE1_MODEL.md says why. A, F, V.
struct DpiConstants {
  double thermal_v = 25e-3;
  double kappa = (0.75 + 0.66) / 2;
  double stage_v = 0.7;
  double membrane_f = 3e-12, fast_f = 24.5e-12, slow_f = 25e-12, adaptation_f = 40e-12, refractory_f = 1.5e-12, pulse_f = 0.5e-12;
  double threshold_a = 2e-10;  ///< of the membrane current
  double floor_a = 5e-13;      ///< I0, the least current of any transistor
  double dc_factor = 2e-7;     ///< of the constant input's nominal current
};

/// tau = Ut C / (kappa Itau) in s: the DPI.
inline double time_constant_s(const DpiConstants& c, double capacitance_f, double current_a) {
  return c.thermal_v * capacitance_f / (c.kappa * current_a);
}
/// Itau in A of a time constant: the inverse.
inline double leak_current_a(const DpiConstants& c, double capacitance_f, double tau_s) {
  return time_constant_s(c, capacitance_f, tau_s);  // tau and Itau change places
}

/// Time in s in which a current moves a capacitor to where a stage switches: refractory period, pulse.
inline double timer_s(const DpiConstants& c, double capacitance_f, double current_a) { return c.stage_v * capacitance_f / current_a; }
/// The inverse.
inline double timer_current_a(const DpiConstants& c, double capacitance_f, double time_s) { return timer_s(c, capacitance_f, time_s); }

/// By how much in A one event raises a synapse's current: gain (Ithr / Itau) x Iw x (1 - exp(-T / tau)), T the pulse.
inline double synapse_jump_a(double gain, double weight_a, double pulse_s, double tau_s) {
  return gain * weight_a * -std::expm1(-pulse_s / tau_s);
}
/// Iw in A of a jump: the inverse.
inline double synapse_weight_a(double gain, double jump_a, double pulse_s, double tau_s) {
  return jump_a / (gain * -std::expm1(-pulse_s / tau_s));
}

}  // namespace spikeloop::firmware
