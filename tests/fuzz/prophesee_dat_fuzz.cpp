// SPDX-License-Identifier: Apache-2.0
#include "core/io/prophesee_dat.hpp"
#include "tests/fuzz/events_fuzz.hpp"

/// An event takes eight bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spikeloop::io;
  fuzz::drain(size / 8, [&] { return open_prophesee_dat(fuzz::source_of(data, size)); });
  return 0;
}
