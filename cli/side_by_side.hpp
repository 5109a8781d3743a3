// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <exception>
#include <functional>

namespace spikeloop::cli {

/// Calls `work` on `threads` threads and waits for all of them. One that throws sets `interrupted`, so that the others stop at their next
/// trial and save. Returns the first failure in the order of the threads; null if there is none.
std::exception_ptr run_side_by_side(std::size_t threads, const std::function<void()>& work);

}  // namespace spikeloop::cli
