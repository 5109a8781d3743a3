// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "firmware-interface/dynapse1/words.hpp"
#include "tests/firmware/random_words.hpp"

namespace spikeloop::firmware {
namespace {

TEST(WordsAtLength, EncodingIsUndoneByDecodingForAMillionLegalWords) {
  RandomWords random(3);
  for (int k = 0; k < 1'000'000; ++k) {
    const ChipWord word = random.next();
    ASSERT_TRUE(decode_word(encode(word)) == word) << std::hex << encode(word) << " of kind " << word.index();
  }
}

TEST(WordsAtLength, DecodingIsUndoneByEncodingForEverySeventeenthWord) {
  for (std::uint64_t word = 0; word < std::uint64_t{1} << 32; word += 17)
    ASSERT_EQ(encode(decode_word(static_cast<std::uint32_t>(word))), static_cast<std::uint32_t>(word));
}

}  // namespace
}  // namespace spikeloop::firmware
