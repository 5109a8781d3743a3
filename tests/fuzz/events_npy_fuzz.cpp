// SPDX-License-Identifier: Apache-2.0
#include "core/io/events_npy.hpp"
#include "tests/fuzz/events_fuzz.hpp"

/// An event takes a byte or more.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spikeloop::io;
  fuzz::drain(size, [&] { return open_events_npy(fuzz::source_of(data, size), {spikeloop::kMicrosecond}); });
  return 0;
}
