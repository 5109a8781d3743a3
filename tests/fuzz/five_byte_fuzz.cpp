// SPDX-License-Identifier: Apache-2.0
#include "core/io/five_byte.hpp"
#include "tests/fuzz/events_fuzz.hpp"

/// An event takes five bytes; all of them are events but for the marks of row 240.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spikeloop::io;
  for (const bool one_dimensional : {false, true})
    fuzz::drain(size / 5, [&] { return open_five_byte(fuzz::source_of(data, size), one_dimensional); });
  return 0;
}
