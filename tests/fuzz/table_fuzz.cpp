// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/errors.hpp"
#include "core/io/table.hpp"

/// Text that is no table is refused by a DescriptionError; what is accepted is whole.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  spikeloop::TableSource source;
  source.file = "fuzz", source.header_lines = 1, source.ignore = {0};
  try {
    const auto table = spikeloop::io::parse_table({reinterpret_cast<const char*>(data), size}, source);
    if (table.samples.size() != table.size() * table.features) std::abort();
    for (const auto label : table.labels)
      if (label >= table.classes) std::abort();
  } catch (const spikeloop::DescriptionError&) {
  }
  return 0;
}
