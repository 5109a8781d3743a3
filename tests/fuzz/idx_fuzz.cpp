// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/errors.hpp"
#include "core/io/idx.hpp"

/// Bytes that are not an array are refused by a DescriptionError; what is accepted has as many values as its shape says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto array = spikeloop::io::parse_idx({reinterpret_cast<const char*>(data), size}, "fuzz");
    std::size_t values = 1;
    for (const std::size_t n : array.shape) values *= n;
    if (values != array.values.size()) std::abort();
  } catch (const spikeloop::DescriptionError&) {
  }
  return 0;
}
