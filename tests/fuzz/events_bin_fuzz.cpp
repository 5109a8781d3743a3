// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/errors.hpp"
#include "core/io/events_bin.hpp"

/// Bytes that are no events are refused by a DescriptionError; what is accepted is a whole number of events, each within its bounds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::uint32_t kAddresses = 30000;
  try {
    const auto events = spikeloop::io::parse_events_bin({reinterpret_cast<const char*>(data), size}, "fuzz", kAddresses);
    if (events.size() * 5 != size) std::abort();
    for (const auto& event : events)
      if (event.address >= kAddresses || event.time < 0 || event.time >= 8'388'608 * spikeloop::kMicrosecond) std::abort();
  } catch (const spikeloop::DescriptionError&) {
  }
  return 0;
}
