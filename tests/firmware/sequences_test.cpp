// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/dynapse1/sequences.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <stdexcept>

#include "firmware-interface/dynapse1/biases.hpp"

namespace spikeloop::firmware {
namespace {

TEST(Sequences, StartAndStopAreInTheDriversOrder) {
  EXPECT_EQ(data_start(),
            (Steps{write_step({9, 0}, 1), write_step({0, 0}, 1), write_step({0, 1}, 1), write_step({5, 0}, 1), write_step({1, 3}, 1)}));
  EXPECT_EQ(data_stop(), (Steps{write_step({5, 0}, 0), write_step({1, 3}, 0), write_step({0, 3}, 0), write_step({0, 1}, 0),
                                write_step({0, 0}, 0), write_step({9, 0}, 0)}));
}

TEST(Sequences, DefaultConfigurationBeginsAndEndsAsTheDrivers) {
  const Steps steps = default_configuration();
  const Steps first = {write_step({0, 3}, 0),     write_step({0, 4}, 0),  write_step({1, 4}, 0),  write_step({1, 6}, 0),
                       write_step({1, 8}, 0),     write_step({1, 10}, 0), write_step({5, 3}, 30), write_step({5, 4}, 30),
                       write_step({9, 1}, 30000), write_step({5, 0}, 1),  write_step({1, 3}, 1),  write_step({5, 1}, 0)};
  ASSERT_GT(steps.size(), first.size());
  EXPECT_EQ(Steps(steps.begin(), steps.begin() + 12), first);
  const Steps last = {write_step({5, 0}, 0), write_step({1, 3}, 0), WaitStep{std::chrono::milliseconds(4000)}};
  EXPECT_EQ(Steps(steps.end() - 3, steps.end()), last);
}

/// What the words of some steps program, chip by chip in the order of choice.
struct Programmed {
  std::vector<std::uint32_t> chips;
  std::vector<std::vector<std::uint32_t>> words;
  std::vector<std::size_t> transfers;
};
Programmed programmed(const Steps& steps) {
  Programmed p;
  for (const Step& step : steps) {
    if (const auto* one = std::get_if<WriteStep>(&step); one != nullptr && one->write.at == reg("CHIP.CHIP_ID")) {
      p.chips.push_back(one->write.value);
      p.words.emplace_back();
      p.transfers.push_back(0);
    }
    if (const auto* words = std::get_if<WordsStep>(&step)) {
      p.words.back().insert(p.words.back().end(), words->words.begin(), words->words.end());
      ++p.transfers.back();
    }
  }
  return p;
}

TEST(Sequences, DefaultConfigurationProgramsSixteenTimes) {
  const Programmed p = programmed(default_configuration());
  const std::vector<std::uint32_t> ids = {0, 8, 4, 12};
  ASSERT_EQ(p.chips.size(), 16U);
  for (std::size_t k = 0; k < 16; ++k) EXPECT_EQ(p.chips[k], ids[k % 4]);
  const std::array<std::size_t, 4> words = {106, 4096, 106, 1024}, transfers = {106, 49, 106, 13};
  for (std::size_t k = 0; k < 16; ++k) {
    EXPECT_EQ(p.words[k].size(), words[k / 4]);
    EXPECT_EQ(p.transfers[k], transfers[k / 4]);
  }
  for (std::size_t k = 0; k < 106; ++k) {
    EXPECT_EQ(p.words[1][k], encode(silent_biases()[k]));
    EXPECT_EQ(p.words[9][k], encode(low_power_biases()[k]));
  }
}

TEST(Sequences, SramsAreEmptiedOnceEach) {
  const Programmed p = programmed(empty_srams(3));
  std::set<std::uint32_t> entries;
  for (const std::uint32_t word : p.words[0]) {
    const auto sram = std::get<SramWord>(decode_word(word));
    EXPECT_EQ(sram, empty_sram(sram.neuron, sram.sram));
    entries.insert(sram.neuron * 4U + sram.sram);
  }
  EXPECT_EQ(entries.size(), 4096U);
}

TEST(Sequences, CamsAreClearedOnceEachIn772Transfers) {
  const Programmed p = programmed(clear_cams(1));
  EXPECT_EQ(p.chips, std::vector<std::uint32_t>{8});
  EXPECT_EQ(p.transfers[0], 772U);
  std::set<std::uint32_t> entries;
  for (const std::uint32_t word : p.words[0]) {
    const auto cam = std::get<CamWord>(decode_word(word));
    EXPECT_EQ(cam, cleared_cam(cam.neuron, cam.cam));
    entries.insert(cam.neuron * 64U + cam.cam);
  }
  EXPECT_EQ(entries.size(), 65536U);
}

TEST(Sequences, EveryNeuronIsMonitored) {
  const Programmed p = programmed(monitor_all(2));
  for (unsigned neuron = 0; neuron < 1024; ++neuron)
    EXPECT_EQ(p.words[0][neuron], encode(monitoring_route(2, static_cast<NeuronAddress>(neuron))));
  EXPECT_THROW(monitor_all(4), std::out_of_range);
}

TEST(Sequences, TransfersHoldAtMost85Words) {
  for (const Step& step : default_configuration())
    if (const auto* words = std::get_if<WordsStep>(&step)) {
      EXPECT_GE(words->words.size(), 1U);
      EXPECT_LE(words->words.size(), kMaxConfigs);
    }
}

}  // namespace
}  // namespace spikeloop::firmware
