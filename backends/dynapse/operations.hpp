// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "backends/dynapse/compile.hpp"
#include "core/energy.hpp"

namespace spikeloop::dynapse {

/// What one spike of each source of the circuit costs. Neurons that the host does not see are not counted by anybody
/// (`ChipCounts::unseen_neurons`).
std::vector<ChipOperations> operations_per_spike(const Compiled& compiled, const ChipSpec& chip);

/// What the chip's operations cost. Static power is a price of its own; nobody knows it, and it says so.
PriceList prices_of(const ChipSpec& chip);

}  // namespace spikeloop::dynapse
