// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/dynapse1/biases.hpp"

#include <algorithm>
#include <stdexcept>

namespace spikeloop::firmware {
namespace {

struct Default {
  std::string_view name;
  std::uint8_t coarse, fine;
  bool high_range = true;
};

constexpr std::array kLowPower = std::to_array<Default>({
    {"IF_BUF_P", 3, 80},
    {"IF_RFR_N", 3, 3},
    {"IF_NMDA_N", 7, 0},
    {"IF_DC_P", 1, 30},
    {"IF_TAU1_N", 7, 5, false},
    {"IF_TAU2_N", 6, 100},
    {"IF_THR_N", 4, 120},
    {"IF_AHW_P", 7, 0},
    {"IF_AHTAU_N", 7, 35},
    {"IF_AHTHR_N", 7, 0},
    {"IF_CASC_N", 7, 0},
    {"PULSE_PWLK_P", 3, 106},
    {"PS_WEIGHT_INH_S_N", 7, 0},
    {"PS_WEIGHT_INH_F_N", 7, 0},
    {"PS_WEIGHT_EXC_S_N", 7, 0},
    {"PS_WEIGHT_EXC_F_N", 7, 0},
    {"NPDPII_TAU_S_P", 7, 40},
    {"NPDPII_TAU_F_P", 7, 0},
    {"NPDPII_THR_S_P", 7, 40},
    {"NPDPII_THR_F_P", 7, 0},
    {"NPDPIE_TAU_S_P", 7, 0},
    {"NPDPIE_TAU_F_P", 7, 40},
    {"NPDPIE_THR_S_P", 7, 0},
    {"NPDPIE_THR_F_P", 7, 0},
    {"R2R_P", 4, 85},
});

constexpr std::uint8_t kBufferCoarse = 1, kBufferFine = 2, kSspFine = 7, kSsnFine = 15;
constexpr double kTau1Factor = 1e-4;

std::vector<Bias> make_biases() {
  std::vector<Bias> all;
  all.reserve(kBiasesPerChip);
  for (std::uint8_t core = 0; core < kCores; ++core)
    for (const BiasRow& row : kCoreBiases)
      all.push_back({"C" + std::to_string(core) + "_" + std::string(row.name), static_cast<std::uint8_t>(kCoreBiasBase[core] + row.offset),
                     row.kind, core});
  for (const BiasRow& row : kGlobalBiases) all.push_back({std::string(row.name), row.offset, row.kind, std::nullopt});
  return all;
}

void append_generators(std::vector<ChipWord>& words) {
  for (const Bias& bias : biases().last(kGlobalBiases.size())) {
    if (bias.kind == BiasKind::kBuffer) words.push_back(bias_setting(bias, kBufferCoarse, kBufferFine));
    if (bias.kind == BiasKind::kShiftedSourceP) words.push_back(bias_setting(bias, 0, kSspFine));
    if (bias.kind == BiasKind::kShiftedSourceN) words.push_back(bias_setting(bias, 0, kSsnFine));
  }
}

}  // namespace

std::span<const Bias> biases() {
  static const std::vector<Bias> kAll = make_biases();
  return kAll;
}

const Bias* find_bias(std::string_view name) {
  const auto all = biases();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Bias& b) { return b.name == name; });
  return found == all.end() ? nullptr : &*found;
}

const Bias* find_bias(std::uint8_t address) {
  const auto all = biases();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Bias& b) { return b.address == address; });
  return found == all.end() ? nullptr : &*found;
}

ChipWord bias_setting(const Bias& bias, std::uint8_t coarse, std::uint8_t fine, bool high_range) {
  ChipWord word;
  switch (bias.kind) {
    case BiasKind::kN:
    case BiasKind::kP:
      word = BiasWord{bias.address, coarse, fine, high_range, true, bias.kind == BiasKind::kN, true};
      break;
    case BiasKind::kBuffer:
      word = BufferBiasWord{bias.address, coarse, fine};
      break;
    case BiasKind::kShiftedSourceP:
    case BiasKind::kShiftedSourceN:
      word = ShiftedSourceBiasWord{bias.address, fine};
      break;
  }
  static_cast<void>(encode(word));  // throws what does not fit
  return word;
}

double nominal_current_a(unsigned coarse, unsigned fine) { return kCoarseFullScaleA.at(coarse) * fine / 255; }

BiasCurrent bias_current(const BiasWord& word) {
  if (!word.enabled) return {0, true};
  const bool tau1 = std::any_of(kCoreBiasBase.begin(), kCoreBiasBase.end(),
                                [&](std::uint8_t base) { return word.address == base + bias_offset("IF_TAU1_N"); });
  return {nominal_current_a(word.coarse, word.fine) * (tau1 ? kTau1Factor : 1.0), false};
}

std::vector<ChipWord> low_power_biases() {
  std::vector<ChipWord> words;
  words.reserve(kBiasesPerChip);
  for (unsigned core = 0; core < kCores; ++core)
    for (const Default& d : kLowPower) {
      const Bias* bias = find_bias("C" + std::to_string(core) + "_" + std::string(d.name));
      words.push_back(bias_setting(*bias, d.coarse, d.fine, d.high_range));
    }
  append_generators(words);
  return words;
}

std::vector<ChipWord> silent_biases() {
  std::vector<ChipWord> words;
  words.reserve(kBiasesPerChip);
  for (const Bias& bias : biases())
    if (bias.core) words.push_back(bias_setting(bias, 7, 0));
  append_generators(words);
  return words;
}

}  // namespace spikeloop::firmware
