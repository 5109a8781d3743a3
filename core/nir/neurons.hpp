// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "core/models.hpp"
#include "core/nir/conventions.hpp"
#include "core/nir/flat.hpp"

namespace spikeloop::nir {

/// A decay so slow that a current stays until it is taken back: what a rectangular pulse is made of. (The longest that is valid; of a pulse
/// of 0.1 ms it leaves 1e-13.)
inline constexpr double kPersistentMs = 9e11;

/// The neurons of a node, and how much they make of what comes in.
struct Neurons {
  std::vector<NeuronModel> models;  ///< one a neuron
  std::vector<double> current;      ///< mV of lasting current for an input of 1
  std::vector<double> jump;         ///< mV that an impulse of area 1 (file's unit of time) adds to v, or to the synaptic current
  bool synaptic = false;            ///< input goes through a synaptic current
};

/// Models whose parameters are those of the node, with `bias` (one a neuron) as continuous input; I and LI, CubaLI never reach their
/// threshold. Needs a node that keeps state.
Neurons neurons_of(const FlatNode& node, const Conventions& conventions, const std::vector<double>& bias);

/// Whether two models are the same in everything.
bool equal(const NeuronModel& a, const NeuronModel& b);

}  // namespace spikeloop::nir
