// SPDX-License-Identifier: Apache-2.0
#include "core/io/events.hpp"
#include "tests/fuzz/events_fuzz.hpp"

/// Whatever it is taken for.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spikeloop::io;
  fuzz::drain((size + 8) * 255 / 16, [&] { return try_open_events(fuzz::source_of(data, size), {}); });
  return 0;
}
