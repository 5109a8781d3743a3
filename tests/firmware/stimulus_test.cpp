// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/dynapse1/stimulus.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "tests/firmware/random_words.hpp"

namespace spikeloop::firmware {
namespace {

using Words = std::vector<std::uint16_t>;

TEST(SpikeGenerator, WordIsNeuronCoreAndMask) {
  EXPECT_EQ(encode_generator_spike({1, 0, 15}), 79);  // as documented for the DYNAP-SE tools
  EXPECT_EQ(encode_generator_spike({255, 3, 15}), 0x3FFF);
  EXPECT_EQ(decode_generator_spike(79), (GeneratorSpike{1, 0, 15}));
  EXPECT_THROW(encode_generator_spike({0, 4, 0}), std::out_of_range);
  EXPECT_THROW(encode_generator_spike({0, 0, 16}), std::out_of_range);
  for (unsigned word = 0; word < 0x10000; ++word) {
    const auto spike = decode_generator_spike(static_cast<std::uint16_t>(word));
    ASSERT_EQ(spike.has_value(), word < 0x4000);
    ASSERT_TRUE(!spike || encode_generator_spike(*spike) == word);
  }
}

TEST(SpikeGenerator, ProgramsAreReadAsTheyWereWritten) {
  RandomBits random(1);
  FixedIsi fixed{{}, 7};
  VariableIsi variable;
  for (int k = 0; k < 1000; ++k) {
    const GeneratorSpike spike{static_cast<std::uint8_t>(random.below(256)), static_cast<std::uint8_t>(random.below(4)),
                               static_cast<std::uint8_t>(random.below(16))};
    fixed.spikes.push_back(spike);
    variable.spikes.push_back({spike, static_cast<std::uint16_t>(random.below(65536))});
  }
  EXPECT_EQ(decode_fixed_isi(program_words({fixed}), 7), fixed);
  EXPECT_EQ(decode_variable_isi(program_words({variable})), variable);
}

TEST(SpikeGenerator, BrokenProgramsAreNone) {
  EXPECT_EQ(decode_variable_isi(Words{79, 1, 79}), std::nullopt);
  EXPECT_EQ(decode_variable_isi(Words{0x4000, 1}), std::nullopt);
  EXPECT_EQ(decode_fixed_isi(Words{79, 0x8000}, 1), std::nullopt);
  EXPECT_TRUE(decode_variable_isi(Words{79, 0xFFFF}).has_value());
}

TEST(SpikeGenerator, StepIsNinetyCyclesToTheMicrosecond) {
  EXPECT_DOUBLE_EQ(isi_step_us(90), 1);
  EXPECT_DOUBLE_EQ(isi_step_us(900), 10);
  EXPECT_DOUBLE_EQ(isi_step_us(90) * 65535, 65535);
}

TEST(FpgaSram, OddLastWordIsWrittenFirstAndPairsLowHalfFirst) {
  const Steps expected = {write_step({14, 4}, 1),                                 // write
                          write_step({14, 3}, 0xCCCC), write_step({14, 1}, 102),  // the last, by itself
                          write_step({14, 3}, 0),      write_step({14, 1}, 100),  // sets the address
                          write_step({14, 5}, 1),      WritesStep{{{{14, 3}, 0xBBBBAAAA}}},
                          write_step({14, 5}, 0)};
  EXPECT_EQ(write_fpga_sram(100, Words{0xAAAA, 0xBBBB, 0xCCCC}), expected);
}

TEST(FpgaSram, OneWordNeedsNoBurst) {
  EXPECT_EQ(write_fpga_sram(5, Words{9}), (Steps{write_step({14, 4}, 1), write_step({14, 3}, 9), write_step({14, 1}, 5)}));
  EXPECT_TRUE(write_fpga_sram(5, Words{}).empty());
}

/// What the FPGA's SRAM holds after the steps, with the address counting up in bursts.
std::vector<int> carried_out(const Steps& steps, std::size_t size) {
  std::vector<int> memory(size, -1);
  std::uint32_t data = 0, at = 0;
  bool burst = false;
  for (const Step& step : steps) {
    if (const auto* one = std::get_if<WriteStep>(&step)) {
      if (one->write.at == reg("SRAM.WRITEDATA")) data = one->write.value;
      if (one->write.at == reg("SRAM.BURSTMODE")) burst = one->write.value != 0;
      if (one->write.at == reg("SRAM.ADDRESS")) memory.at(at = one->write.value) = static_cast<int>(data);
    } else {
      EXPECT_TRUE(burst);
      for (const ConfigWrite& write : std::get<WritesStep>(step).writes) {
        memory.at(at++) = static_cast<int>(write.value & 0xFFFF);
        memory.at(at++) = static_cast<int>(write.value >> 16);
      }
    }
  }
  return memory;
}

TEST(FpgaSram, HoldsTheWordsAfterwards) {
  for (const std::size_t n : {1U, 2U, 3U, 169U, 170U, 171U, 341U, 1000U}) {
    Words words(n);
    for (std::size_t k = 0; k < n; ++k) words[k] = static_cast<std::uint16_t>(k * 40503);
    const Steps steps = write_fpga_sram(10, words);
    const auto memory = carried_out(steps, n + 20);
    for (std::size_t k = 0; k < n; ++k) ASSERT_EQ(memory[10 + k], words[k]) << n << " words, " << k;
    EXPECT_EQ(std::count(memory.begin(), memory.end(), -1), 20);
    for (const Step& step : steps)
      if (const auto* many = std::get_if<WritesStep>(&step)) {
        EXPECT_LE(many->writes.size(), kMaxConfigs);
      }
  }
}

TEST(FpgaSram, RefusesWhatDoesNotFit) {
  EXPECT_THROW(write_fpga_sram(kFpgaSramWords, Words{1}), std::out_of_range);
  EXPECT_THROW(write_fpga_sram(0xFFFFFFFF, Words{1}), std::out_of_range);
  EXPECT_NO_THROW(write_fpga_sram(kFpgaSramWords - 1, Words{1}));
}

std::uint32_t value_of(const Steps& steps, Register at) {
  for (auto step = steps.rbegin(); step != steps.rend(); ++step)
    if (const auto* one = std::get_if<WriteStep>(&*step); one != nullptr && one->write.at == at) return one->write.value;
  ADD_FAILURE() << "not written";
  return 0;
}

TEST(SpikeGenerator, CountsSpikesLessOne) {
  const Steps variable = load_program({VariableIsi{{{{1, 0, 15}, 5}, {{2, 0, 15}, 6}, {{3, 0, 15}, 7}}}, 900, 64, true});
  EXPECT_EQ(value_of(variable, reg("SPIKEGEN.STIMCOUNT")), 2U);
  EXPECT_EQ(value_of(variable, reg("SPIKEGEN.VARMODE")), 1U);
  EXPECT_EQ(value_of(variable, reg("SPIKEGEN.BASEADDR")), 64U);
  EXPECT_EQ(value_of(variable, reg("SPIKEGEN.ISIBASE")), 900U);
  EXPECT_EQ(value_of(variable, reg("SPIKEGEN.REPEAT")), 1U);
  EXPECT_EQ(value_of(variable, reg("SPIKEGEN.RUN")), 0U);
  const Steps fixed = load_program({FixedIsi{{{1, 0, 15}}, 12}});
  EXPECT_EQ(value_of(fixed, reg("SPIKEGEN.STIMCOUNT")), 0U);
  EXPECT_EQ(value_of(fixed, reg("SPIKEGEN.VARMODE")), 0U);
  EXPECT_EQ(value_of(fixed, reg("SPIKEGEN.ISI")), 12U);
  EXPECT_THROW(load_program({FixedIsi{}}), std::out_of_range);
}

TEST(SpikeGenerator, StartsOnARisingEdge) {
  EXPECT_EQ(start_program(), (Steps{write_step({16, 0}, 0), write_step({16, 0}, 1)}));
  EXPECT_EQ(stop_program(), (Steps{write_step({16, 0}, 0)}));
}

TEST(PoissonGenerator, RateIsCutOff) {
  EXPECT_EQ(encode_poisson_rate(0), 0U);
  EXPECT_EQ(encode_poisson_rate(100), 1491U);  // 1491.2
  EXPECT_EQ(encode_poisson_rate(4300), 64121U);
  EXPECT_THROW(encode_poisson_rate(4300.1), std::out_of_range);
  EXPECT_THROW(encode_poisson_rate(-0.1), std::out_of_range);
  for (double hz = 0; hz < 4300; hz += 13.7) {
    const double back = decode_poisson_rate(encode_poisson_rate(hz));
    EXPECT_LE(back, hz);
    EXPECT_GT(back, hz - kPoissonHzPerUnit);
  }
}

TEST(PoissonGenerator, AddressCommitsTheRate) {
  const PoissonRate rates[] = {{5, 100}, {1023, 0}};
  EXPECT_EQ(set_poisson_rates(1, rates), (Steps{write_step({18, 3}, 8), write_step({18, 2}, 1491), write_step({18, 1}, 5),
                                                write_step({18, 2}, 0), write_step({18, 1}, 1023)}));
  const PoissonRate none[] = {{1024, 1}};
  EXPECT_THROW(set_poisson_rates(0, none), std::out_of_range);
  EXPECT_THROW(set_poisson_rates(4, rates), std::out_of_range);
}

}  // namespace
}  // namespace spikeloop::firmware
