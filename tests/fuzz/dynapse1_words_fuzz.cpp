// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "firmware-interface/dynapse1/biases.hpp"
#include "firmware-interface/dynapse1/stimulus.hpp"
#include "firmware-interface/dynapse1/words.hpp"

namespace {

using namespace spikeloop::firmware;

void check(bool right) {
  if (!right) std::abort();
}

/// A chip word decodes, and encodes to itself; a bias that decodes is in the table.
void chip_word(std::uint32_t word) {
  const ChipWord decoded = decode_word(word);
  check(encode(decoded) == word);
  check(decode_word(encode(decoded)) == decoded);
  if (const auto* bias = std::get_if<BiasWord>(&decoded)) {
    check(find_bias(bias->address) != nullptr);
    check(bias_current(*bias).ampere >= 0 && bias_current(*bias).ampere <= kCoarseFullScaleA[0]);
  }
  if (const auto* malformed = std::get_if<MalformedWord>(&decoded)) check(!malformed->reason.empty());
}

}  // namespace

/// Any words are chip words, legal or malformed; any 16-bit words are a program or none, and give back what they were.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (std::size_t i = 0; i + 4 <= size; i += 4)
    chip_word(std::uint32_t{data[i]} << 24 | std::uint32_t{data[i + 1]} << 16 | std::uint32_t{data[i + 2]} << 8 | data[i + 3]);
  std::vector<std::uint16_t> words;
  for (std::size_t i = 0; i + 2 <= size; i += 2) words.push_back(static_cast<std::uint16_t>(data[i] << 8 | data[i + 1]));
  if (const auto program = decode_variable_isi(words)) check(program_words({*program}) == words);
  if (const auto program = decode_fixed_isi(words, 1)) check(program_words({*program}) == words);
  return 0;
}
