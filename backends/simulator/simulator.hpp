// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "core/backend.hpp"
#include "core/engine/layout.hpp"
#include "core/engine/update.hpp"

namespace spikeloop {

/// The event-driven simulator as a back end, with so many threads a session (results do not depend on it). How neurons are updated is
/// chosen by what costs less; tests force it.
std::unique_ptr<Backend> make_simulator(std::size_t threads = 1, engine::Update update = engine::Update::kAuto);

/// What a network will need in the simulator, in bytes; nothing is drawn or allocated. Throws CapacityError if it does not fit into lanes.
engine::Memory memory_in_simulator(const Network& network, std::size_t threads = 1);

}  // namespace spikeloop
