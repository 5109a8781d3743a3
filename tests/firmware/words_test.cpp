// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/dynapse1/words.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/firmware/random_words.hpp"

namespace spikeloop::firmware {
namespace {

void expect_both_ways(const ChipWord& what, std::uint32_t word) {
  EXPECT_EQ(encode(what), word) << std::hex << encode(what) << " is not " << word;
  EXPECT_TRUE(decode_word(word) == what) << std::hex << word;
}

// Computed from the layouts; the CAM, SRAM and BIAS words also by the generators of another driver (facts A.5).
TEST(Words, HaveTheirGoldenValues) {
  expect_both_ways(CamWord{0x2A7, 37, 0x123, SynapseType::kFastExcitatory}, 0x323754A7);
  expect_both_ways(SramWord{0x2A7, 0, 2, {0, false, 2, true}, 1}, 0x2C075390);
  expect_both_ways(SramWord{0x3FF, 1, 0, {1, true, 0, false}, 15}, 0x017FFFB0);
  expect_both_ways(BiasWord{12, 7, 5, false, true, true, true}, 0x00317057);
  expect_both_ways(BiasWord{0, 3, 106, true, true, false, true}, 0x000166AD);
  expect_both_ways(ShiftedSourceBiasWord{51, 7}, 0x00CDFC70);
  expect_both_ways(BufferBiasWord{50, 1, 2}, 0x00C94020);
  expect_both_ways(InjectedSpike{neuron_address(2, 0x23), {}, 15}, 0x0238200F);
}

TEST(Words, OfTausAndMonitorsAreTheirBits) {
  expect_both_ways(SetTau2{0x3A5}, 1U << 10 | 0x3A5);
  expect_both_ways(ResetTau1{2}, 1U << 12 | 2U << 8);
  expect_both_ways(ResetTau2{3}, 1U << 12 | 1U << 11 | 3U << 8);
  expect_both_ways(ResetMonitor{1}, 1U << 11 | 1U << 8);
  expect_both_ways(SelectMonitor{0x3FF}, 0x3FF);
  expect_both_ways(SelectMonitor{0}, 0);
}

TEST(Words, CoarseBitsAreReversed) {
  constexpr unsigned kReversed[] = {0, 4, 2, 6, 1, 5, 3, 7};
  for (unsigned coarse = 0; coarse < 8; ++coarse) {
    EXPECT_EQ(reverse_coarse(coarse), kReversed[coarse]);
    EXPECT_EQ(encode(BiasWord{0, static_cast<std::uint8_t>(coarse), 0, false, false, false, false}) >> 12 & 7, kReversed[coarse]);
  }
}

TEST(Words, ClearedCamListensToNeuronZero) {
  expect_both_ways(cleared_cam(0x155, 63), 1U << 17 | 0x15U << 11 | 63U << 5 | 5U);
  EXPECT_EQ(cleared_cam(1, 2).source, 0);
  EXPECT_EQ(cleared_cam(1, 2).type, SynapseType::kSlowInhibitory);
}

TEST(Words, MonitoringRoutesLeaveSouthOfU2) {
  const Hops out[] = {{0, false, 2, true}, {1, true, 2, true}, {0, false, 1, true}, {1, true, 1, true}};
  for (unsigned chip = 0; chip < kChips; ++chip)
    EXPECT_EQ(monitoring_route(chip, 0x2A7), (SramWord{0x2A7, 0, 2, out[chip], static_cast<std::uint8_t>(chip + 1)}));
  EXPECT_EQ(encode(monitoring_route(0, 0x2A7)), 0x2C075390U);
  EXPECT_THROW(monitoring_route(4, 0), std::out_of_range);
}

TEST(Words, ValuesThatDoNotFitAreRefused) {
  EXPECT_THROW(encode(CamWord{1024, 0, 0, {}}), std::out_of_range);
  EXPECT_THROW(encode(CamWord{0, 64, 0, {}}), std::out_of_range);
  EXPECT_THROW(encode(CamWord{0, 0, 1024, {}}), std::out_of_range);
  EXPECT_THROW(encode(SramWord{0, 4, 0, {}, 0}), std::out_of_range);
  EXPECT_THROW(encode(SramWord{0, 0, 4, {}, 0}), std::out_of_range);
  EXPECT_THROW(encode(SramWord{0, 0, 0, {4, false, 0, false}, 0}), std::out_of_range);
  EXPECT_THROW(encode(SramWord{0, 0, 0, {0, false, 4, false}, 0}), std::out_of_range);
  EXPECT_THROW(encode(SramWord{0, 0, 0, {}, 16}), std::out_of_range);
  EXPECT_THROW(encode(BiasWord{0, 8, 0}), std::out_of_range);
  EXPECT_THROW(encode(BiasWord{50, 0, 0}), std::out_of_range);
  EXPECT_THROW(encode(BiasWord{53, 0, 0}), std::out_of_range);
  EXPECT_THROW(encode(BiasWord{128, 0, 0}), std::out_of_range);
  EXPECT_THROW(encode(BufferBiasWord{51, 0, 0}), std::out_of_range);
  EXPECT_THROW(encode(ShiftedSourceBiasWord{51, 64}), std::out_of_range);
  EXPECT_THROW(encode(InjectedSpike{0, {}, 16}), std::out_of_range);
  EXPECT_THROW(encode(SetTau2{1024}), std::out_of_range);
  EXPECT_THROW(encode(ResetTau1{4}), std::out_of_range);
  EXPECT_THROW(encode(ResetMonitor{4}), std::out_of_range);
  EXPECT_THROW(encode(SelectMonitor{1024}), std::out_of_range);
}

bool is_malformed(std::uint32_t word) { return std::holds_alternative<MalformedWord>(decode_word(word)); }

/// Setting any one of the bits that must be clear makes the word malformed.
void expect_reserved(std::uint32_t word, std::uint32_t reserved) {
  ASSERT_FALSE(is_malformed(word)) << std::hex << word;
  for (unsigned k = 0; k < 32; ++k) {
    const std::uint32_t bit = 1U << k;
    EXPECT_TRUE((reserved & bit) == 0 || is_malformed(word | bit)) << std::hex << word << " with bit " << std::dec << k;
  }
}

TEST(Words, BitsWithoutMeaningAreNotOverlooked) {
  expect_reserved(encode(CamWord{}), 0xC0000000);
  expect_reserved(encode(SramWord{}), 0xC000000F);
  expect_reserved(encode(BiasWord{}), 0xFE008000);
  expect_reserved(encode(BufferBiasWord{}), 0xFE00800F);
  expect_reserved(encode(ShiftedSourceBiasWord{}), 0xFE00000F);
  for (unsigned k = 10; k <= 15; ++k) EXPECT_TRUE(is_malformed(encode(ShiftedSourceBiasWord{}) & ~(1U << k))) << k;
  expect_reserved(encode(InjectedSpike{}), 0xF000DC00);
  expect_reserved(encode(SetTau2{}), 0xFFFCC000);
  expect_reserved(encode(ResetTau1{}), 0xFFFCC4FF);
  expect_reserved(encode(ResetTau2{}), 0xFFFCC4FF);
  expect_reserved(encode(ResetMonitor{}), 0xFFFCC4FF);
  expect_reserved(encode(SelectMonitor{}), 0xFFFCC000);
  for (const unsigned address : {53U, 63U, 117U, 127U}) EXPECT_TRUE(is_malformed(1U << 16 | address << 18)) << address;
}

TEST(Words, EncodingIsUndoneByDecoding) {
  RandomWords random(1);
  for (int k = 0; k < 100'000; ++k) {
    const ChipWord word = random.next();
    ASSERT_TRUE(decode_word(encode(word)) == word) << std::hex << encode(word) << " of kind " << word.index();
  }
}

TEST(Words, DecodingIsUndoneByEncoding) {
  RandomWords random(2);
  for (int k = 0; k < 100'000; ++k) {
    const auto word = static_cast<std::uint32_t>(random.bits());
    ASSERT_EQ(encode(decode_word(word)), word);
  }
}

// A legal word that decodes to one kind must have been made by that kind's encoder: the encoders' images do not overlap.
TEST(Words, EveryLegalSmallWordIsOfOneKind) {
  unsigned legal = 0;
  for (std::uint32_t word = 0; word < 1U << 14; ++word) legal += is_malformed(word) ? 0 : 1;
  // 1024 monitors, 1024 TAU2, 3 x 4 words for a core, and spikes of source 0: 2^10 bits of hops and mask.
  EXPECT_EQ(legal, 1024U + 1024U + 12U + 1024U);
}

}  // namespace
}  // namespace spikeloop::firmware
