// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "backends/dynapse/circuit.hpp"

namespace spikeloop::dynapse {

/// The weight of a CAM word for each type (thresholds; 0: not used), and how often each synapse is repeated.
struct Units {
  std::array<double, kTypes> unit{};
  std::vector<std::uint8_t> counts;  ///< by synapse, in the order of `neurons`
};

/// Chooses units and counts for the neurons of one core, which share the units: no neuron has more than `budget` words. Least square error,
/// by steps that gain most for a word; synapses that are too many (`prune`) are left out from the smallest on.
Units choose_units(const Circuit& circuit, std::span<const std::uint32_t> neurons, std::uint32_t budget);

}  // namespace spikeloop::dynapse
