// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/errors.hpp"
#include "core/io/npy.hpp"

/// Bytes that are not an array are refused by a DescriptionError; what is accepted is written as it was.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto array = spikeloop::io::parse_npy({reinterpret_cast<const char*>(data), size}, "fuzz");
    const std::string written = spikeloop::io::npy_bytes(array);
    if (spikeloop::io::npy_bytes(spikeloop::io::parse_npy(written, "again")) != written) std::abort();
  } catch (const spikeloop::DescriptionError&) {
  }
  return 0;
}
