// SPDX-License-Identifier: Apache-2.0
#include "core/io/event_stream.hpp"
#include "tests/fuzz/events_fuzz.hpp"

/// An event takes two bytes or more.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spikeloop::io;
  fuzz::drain(size / 2, [&] { return open_event_stream(fuzz::source_of(data, size)); });
  return 0;
}
