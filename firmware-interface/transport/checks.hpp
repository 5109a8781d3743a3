// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>

#include "firmware-interface/transport/transport.hpp"

namespace spikeloop::firmware {

/// The most that one control transfer carries.
inline constexpr std::size_t kMaxControlBytes = 4096;

/// How much a stream may have received and nobody read; beyond it a transport asks the device for no more, and the device drops and counts.
inline constexpr std::size_t kMaxWaitingBytes = std::size_t{16} << 20;

/// The largest bulk transfer, and how many may be in flight.
inline constexpr std::size_t kMaxTransferBytes = std::size_t{1} << 20, kMaxTransfers = 1024;

/// "request 0xBE value 0x0001 index 0x0002", for messages.
std::string describe(const ControlRequest& request);

/// Throws std::invalid_argument for a control transfer that is too long.
void check_control_size(std::size_t bytes);

/// A timeout that can be added to any clock: not negative, and at most a year.
constexpr Milliseconds bounded(Milliseconds timeout) {
  return std::clamp(timeout, Milliseconds(0), std::chrono::duration_cast<Milliseconds>(std::chrono::years(1)));
}

/// Throws std::invalid_argument unless it is an IN endpoint, with transfers that are neither none nor too many or too large.
void check_stream_options(const StreamOptions& options);

}  // namespace spikeloop::firmware
