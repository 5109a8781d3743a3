// SPDX-License-Identifier: Apache-2.0
#include "core/io/aedat4.hpp"
#include "tests/fuzz/events_fuzz.hpp"

/// LZ4 packs 255 bytes into one at most, and an event has 16.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spikeloop::io;
  fuzz::drain((size + 8) * 255 / 16, [&] { return open_aedat4(fuzz::source_of(data, size)); });
  return 0;
}
