// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/dynapse1/shadow.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "firmware-interface/dynapse1/biases.hpp"
#include "firmware-interface/dynapse1/describe.hpp"

namespace spikeloop::firmware {
namespace {

constexpr CamWord kCam{0x2A7, 37, 0x123, SynapseType::kFastExcitatory};

TEST(ChipShadow, KnowsNothingAtFirst) {
  const ChipShadow shadow;
  EXPECT_EQ(shadow.counts(), ShadowCounts());
  EXPECT_TRUE(shadow.words().empty());
  EXPECT_EQ(shadow.cam(0, 0), std::nullopt);
  EXPECT_EQ(shadow.bias(12), std::nullopt);
  EXPECT_EQ(shadow.bias(4000), std::nullopt);
}

TEST(ChipShadow, DoubtfulEntryIsUnknownUntilItIsProgrammedAgain) {
  ChipShadow shadow;
  shadow.programmed(encode(kCam));
  shadow.doubt(encode(CamWord{0x2A7, 37, 5, SynapseType::kSlowExcitatory}));
  shadow.doubt(encode(CamWord{0x2A7, 37, 6, SynapseType::kSlowExcitatory}));
  EXPECT_EQ(shadow.cam(0x2A7, 37), std::nullopt);
  EXPECT_EQ(shadow.counts(), (ShadowCounts{0, 0, 0, 0, 1}));
  shadow.programmed(encode(kCam));
  EXPECT_EQ(shadow.counts(), (ShadowCounts{1, 0, 0, 0, 0}));
}

TEST(ChipShadow, SpikesLeaveNoTrace) {
  ChipShadow shadow;
  shadow.programmed(encode(InjectedSpike{5, {}, 15}));
  shadow.doubt(encode(InjectedSpike{5, {}, 15}));
  EXPECT_EQ(shadow, ChipShadow());
}

TEST(ChipShadow, EntriesThatNoChipHasAreRefused) {
  const ChipShadow shadow;
  EXPECT_THROW(shadow.cam(1024, 0), std::out_of_range);
  EXPECT_THROW(shadow.cam(0, 64), std::out_of_range);
  EXPECT_THROW(shadow.sram(0, 4), std::out_of_range);
}

TEST(ChipShadow, ReplaysEveryKindOfBias) {
  ChipShadow shadow, copy;
  for (const ChipWord& word : low_power_biases()) shadow.programmed(encode(word));
  EXPECT_EQ(shadow.counts().biases, kBiasesPerChip);
  for (const std::uint32_t word : shadow.words()) copy.programmed(word);
  EXPECT_EQ(copy, shadow);
}

TEST(ChipShadow, LastWordOfAMonitorOrTimeConstantCounts) {
  ChipShadow shadow;
  for (const ChipWord& word : std::initializer_list<ChipWord>{SetTau2{300}, ResetTau2{1}, SetTau2{301}, SetTau2{5}, ResetTau1{1}})
    shadow.programmed(encode(word));
  EXPECT_EQ(shadow.words(), (std::vector<std::uint32_t>{encode(SetTau2{5}), encode(ResetTau1{1})}));
}

TEST(Describe, EveryKindOfWordIsASentence) {
  EXPECT_EQ(describe_word(encode(kCam)), "0x323754A7 (CAM 37 of core 2 neuron 167 listens to core 1 neuron 35, fast excitatory)");
  EXPECT_EQ(describe_word(0x2C075390), "0x2C075390 (SRAM 0 of core 2 neuron 167 sends as core 2, 0 east 2 south to mask 1)");
  EXPECT_EQ(describe_word(0x00317057), "0x00317057 (C0_IF_TAU1_N coarse 7 fine 5)");
  EXPECT_EQ(describe_word(0x00CDFC70), "0x00CDFC70 (U_SSP fine 7)");
  EXPECT_EQ(describe_word(0x00C94020), "0x00C94020 (U_BUFFER coarse 1 fine 2)");
  EXPECT_EQ(describe_word(0x0238200F), "0x0238200F (spike as of core 2 neuron 35, 0 east 0 north to mask 15)");
  EXPECT_EQ(describe_word(0), "0x00000000 (monitor core 0 neuron 0)");
  EXPECT_NE(describe_word(0xFFFFFFFF).find("malformed"), std::string::npos);
}

}  // namespace
}  // namespace spikeloop::firmware
