// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

/// Events in five bytes each, as N-MNIST and its relatives have them (Orchard et al. 2015, DOI 10.3389/fnins.2015.00437).
namespace spikeloop::io {

/// Something happened at one place: a pixel changed, a neuron spiked.
struct Event {
  Time time = 0;  ///< a whole number of microseconds, below 8.4 s
  std::uint32_t address = 0;
  bool on = true;  ///< polarity; always true for spikes

  friend bool operator==(const Event&, const Event&) = default;
};

/// The events in the bytes of a file of one-dimensional events (.bs1), in the order of the file, which need not be that of time. An event
/// is a big-endian 16-bit address, one bit of polarity, and a big-endian 23-bit time in us. Throws DescriptionError with every fault (at
/// most ten): bytes that are no whole event, an address that is not below `addresses`. `name` stands in errors.
std::vector<Event> parse_events_bin(std::string_view bytes, const std::string& name, std::uint32_t addresses);

/// Reads such a file; `expected_sha256` and `origin` as `check_sha256` and `read_file` take them. Throws DescriptionError or DeviceError.
std::vector<Event> read_events_bin(const std::filesystem::path& path, std::uint32_t addresses, std::string_view expected_sha256 = {},
                                   std::string_view origin = {});

}  // namespace spikeloop::io
