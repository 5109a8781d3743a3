// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

/// One DPI integrate-and-fire neuron in the current domain, to first order and in closed form between its events. Equations, their sources
/// and what is left out: DYNAPSE1_MODEL.md. Currents in A, times of a board in ns.
namespace spikeloop::firmware {

inline constexpr std::size_t kCurrents = 5;    ///< of the four synapse types, in the order of their wire values, and of adaptation
inline constexpr std::size_t kAdaptation = 4;  ///< its place among them
inline constexpr double kFloorA = 5e-13;       ///< I0, the least current of any transistor (facts B.2)
inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

/// What biases and mismatch make of a neuron.
struct NeuronParameters {
  std::array<double, kCurrents> tau_s{1, 1, 1, 1, 1};  ///< of each current
  std::array<double, kCurrents> jump_a{};              ///< by which an event raises each current
  double tau_membrane_s = 1;
  double gain = 1;             ///< of the membrane: Ithr / Itau
  double drive_a = -kFloorA;   ///< constant input: Idc less the leak
  double threshold_a = 2e-10;  ///< of the membrane current
  std::int64_t refractory_ns = 1000;
};

/// What a neuron is at `time_ns`; the time of a state is that of the neuron's last event.
struct NeuronState {
  double membrane_a = kFloorA;
  std::array<double, kCurrents> current_a{};  ///< each >= 0
  std::int64_t time_ns = 0;
  std::int64_t held_until_ns = 0;  ///< refractory before
};

/// The state at a later time, if no event comes and no spike is due before.
void advance_neuron(const NeuronParameters& parameters, NeuronState& state, std::int64_t until_ns);
/// The first ns behind the state's time at which the membrane is at its threshold, if no event comes before; `kNever` if there is none.
std::int64_t next_spike_ns(const NeuronParameters& parameters, const NeuronState& state);
/// When to look at a neuron next, if no event comes before.
struct NeuronOutlook {
  std::int64_t time_ns = kNever;
  bool spikes = false;  ///< it spikes then; else it does not before, and is to be advanced and looked at again
};
/// Cheaper than `next_spike_ns` where a spike cannot be near.
NeuronOutlook outlook(const NeuronParameters& parameters, const NeuronState& state);
/// The neuron has spiked at `time_ns`: the state moves there, the membrane is reset and held, adaptation grows.
void spike_neuron(const NeuronParameters& parameters, NeuronState& state, std::int64_t time_ns);

}  // namespace spikeloop::firmware
