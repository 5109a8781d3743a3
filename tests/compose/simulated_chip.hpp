// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "core/backend.hpp"
#include "core/mapping.hpp"

namespace spikeloop::compose {

/// A chip without any imperfection: the simulator runs the populations that live on it and learns nothing. Spikes of the others are handed
/// to it.
std::shared_ptr<Backend> make_simulated_chip();

/// Controllers live on the host, all other neurons on the chip.
std::vector<Home> homes_without_controllers(const Network& network);

}  // namespace spikeloop::compose
