// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/errors.hpp"
#include "core/io/digits.hpp"

/// Bytes that are not digits are refused by a DescriptionError; what is accepted is within its ranges.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const spikeloop::Dataset digits = spikeloop::io::parse_digits(bytes, "fuzz");
    if (digits.samples.size() != 64 * digits.size()) std::abort();
    for (const float pixel : digits.samples) {
      if (!(pixel >= 0 && pixel <= 1)) std::abort();
    }
    for (const auto label : digits.labels) {
      if (label > 9) std::abort();
    }
  } catch (const spikeloop::DescriptionError&) {
  }
  try {
    spikeloop::Dataset three;
    three.labels = {1, 2, 3};
    spikeloop::io::apply_split(three, bytes, "fuzz", 0.5);
    if (three.train.size() + three.validation.size() + three.test.size() != 3) std::abort();
  } catch (const spikeloop::DescriptionError&) {
  }
  return 0;
}
