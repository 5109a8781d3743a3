// SPDX-License-Identifier: Apache-2.0
#include "proto/load.hpp"
#include "proto/write.hpp"
#include "tests/fuzz/description.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace spikeloop;
  fuzz::description(data, size, load_mapping_text, load_mapping_binary, write_mapping, write_mapping_binary);
  return 0;
}
