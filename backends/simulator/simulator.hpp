// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "core/backend.hpp"

namespace spikeloop {

/// The event-driven simulator as a back end; `threads` lanes a session (results do not depend on it).
std::unique_ptr<Backend> make_simulator(std::size_t threads = 1);

}  // namespace spikeloop
