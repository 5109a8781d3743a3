// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/dynapse1/biases.hpp"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

namespace spikeloop::firmware {
namespace {

TEST(Biases, Are106WithAddressesOfTheirOwn) {
  EXPECT_EQ(biases().size(), 106U);
  std::set<unsigned> addresses;
  for (const Bias& bias : biases()) {
    addresses.insert(bias.address);
    EXPECT_EQ(find_bias(bias.name), &bias);
    EXPECT_EQ(find_bias(bias.address), &bias);
  }
  EXPECT_EQ(addresses.size(), 106U);
  EXPECT_EQ(find_bias("C4_IF_DC_P"), nullptr);
  EXPECT_EQ(find_bias(std::uint8_t{53}), nullptr);
}

TEST(Biases, AreWhereTheChipHasThem) {
  EXPECT_EQ(find_bias("C0_IF_TAU1_N")->address, 12);
  EXPECT_EQ(find_bias("C1_PULSE_PWLK_P")->address, 1);
  EXPECT_EQ(find_bias("C2_R2R_P")->address, 112);
  EXPECT_EQ(find_bias("C3_IF_DC_P")->address, 101);
  EXPECT_EQ(find_bias(std::uint8_t{115})->name, "D_SSP");
  EXPECT_EQ(find_bias(std::uint8_t{65})->core, 3);
  for (const Bias& bias : biases()) {
    if (bias.core) {
      EXPECT_TRUE(bias.name.ends_with(bias.kind == BiasKind::kN ? "_N" : "_P")) << bias.name;
    }
  }
}

TEST(Biases, SettingsHaveTheFormOfTheirKind) {
  EXPECT_EQ(encode(bias_setting(*find_bias("C0_IF_TAU1_N"), 7, 5, false)), 0x00317057U);
  EXPECT_EQ(encode(bias_setting(*find_bias("C0_PULSE_PWLK_P"), 3, 106)), 0x000166ADU);
  EXPECT_EQ(encode(bias_setting(*find_bias("U_SSP"), 0, 7)), 0x00CDFC70U);
  EXPECT_EQ(encode(bias_setting(*find_bias("U_BUFFER"), 1, 2)), 0x00C94020U);
  EXPECT_THROW(bias_setting(*find_bias("C0_IF_DC_P"), 8, 0), std::out_of_range);
  EXPECT_THROW(bias_setting(*find_bias("D_SSN"), 0, 64), std::out_of_range);
}

TEST(Biases, CoarseZeroIsTheLargestRange) {
  EXPECT_DOUBLE_EQ(nominal_current_a(0, 255), 2.4e-5);
  EXPECT_DOUBLE_EQ(nominal_current_a(7, 255), 1.5e-11);
  EXPECT_DOUBLE_EQ(nominal_current_a(4, 51), 6.5e-9 / 5);
  for (unsigned coarse = 1; coarse < 8; ++coarse) EXPECT_LT(nominal_current_a(coarse, 255), nominal_current_a(coarse - 1, 255));
  EXPECT_EQ(coarse_from_samna(0), 7U);
  EXPECT_THROW(nominal_current_a(8, 0), std::out_of_range);
}

TEST(Biases, FactorsAreSaidToBeUnverified) {
  const BiasCurrent tau1 = bias_current({12, 7, 5, false, true, true, true});
  EXPECT_DOUBLE_EQ(tau1.ampere, 1.5e-11 * 5 / 255 * 1e-4);
  EXPECT_FALSE(tau1.verified);
  EXPECT_DOUBLE_EQ(bias_current({13 + 64, 7, 5}).ampere, tau1.ampere);
  EXPECT_DOUBLE_EQ(bias_current({18, 7, 5}).ampere, 1.5e-11 * 5 / 255);
  BiasWord off{18, 0, 255};
  off.enabled = false;
  EXPECT_EQ(bias_current(off).ampere, 0);
}

std::set<std::uint32_t> addresses_of(const std::vector<ChipWord>& words) {
  std::set<std::uint32_t> addresses;
  for (const ChipWord& word : words) addresses.insert(encode(word) >> 18);
  return addresses;
}

TEST(Biases, DefaultsSetEveryBiasOnce) {
  for (const auto& words : {low_power_biases(), silent_biases()}) {
    EXPECT_EQ(words.size(), 106U);
    EXPECT_EQ(addresses_of(words).size(), 106U);
  }
}

TEST(Biases, LowPowerIsWhatTheOtherDriverSends) {
  const auto words = low_power_biases();
  EXPECT_EQ(words[0], ChipWord(BiasWord{20, 3, 80, true, true, false, true}));
  EXPECT_EQ(words[4], ChipWord(BiasWord{12, 7, 5, false, true, true, true}));
  EXPECT_EQ(words[24], ChipWord(BiasWord{48, 4, 85, true, true, false, true}));
  EXPECT_EQ(words[25], ChipWord(BiasWord{21, 3, 80, true, true, false, true}));
  EXPECT_EQ(words[100], ChipWord(BufferBiasWord{50, 1, 2}));
  EXPECT_EQ(words[104], ChipWord(ShiftedSourceBiasWord{115, 7}));
  EXPECT_EQ(words[105], ChipWord(ShiftedSourceBiasWord{116, 15}));
}

TEST(Biases, SilentOnesAreTheSmallestCurrent) {
  for (const ChipWord& word : silent_biases())
    if (const auto* bias = std::get_if<BiasWord>(&word)) {
      EXPECT_EQ(bias->coarse, 7);
      EXPECT_EQ(bias->fine, 0);
    }
}

}  // namespace
}  // namespace spikeloop::firmware
