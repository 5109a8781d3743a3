// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "firmware-interface/dynapse1/words.hpp"

/// The biases of a DYNAP-SE1 chip: 25 for each core, and three for each of its two bias generators (U: cores 0 and 1, D: 2 and 3).
namespace spikeloop::firmware {

/// What a bias drives, and so which form its word has.
enum class BiasKind : std::uint8_t { kN, kP, kBuffer, kShiftedSourceP, kShiftedSourceN };

/// One line of the table of biases.
struct BiasRow {
  std::string_view name;
  std::uint8_t offset = 0;  ///< core biases: to the core's base; others: the address
  BiasKind kind = BiasKind::kN;
};

/// The biases that every core has.
inline constexpr std::array kCoreBiases = std::to_array<BiasRow>({
    {"PULSE_PWLK_P", 0, BiasKind::kP},
    {"PS_WEIGHT_INH_S_N", 2, BiasKind::kN},
    {"PS_WEIGHT_INH_F_N", 4, BiasKind::kN},
    {"PS_WEIGHT_EXC_S_N", 6, BiasKind::kN},
    {"PS_WEIGHT_EXC_F_N", 8, BiasKind::kN},
    {"IF_RFR_N", 10, BiasKind::kN},
    {"IF_TAU1_N", 12, BiasKind::kN},
    {"IF_AHTAU_N", 14, BiasKind::kN},
    {"IF_CASC_N", 16, BiasKind::kN},
    {"IF_TAU2_N", 18, BiasKind::kN},
    {"IF_BUF_P", 20, BiasKind::kP},
    {"IF_AHTHR_N", 22, BiasKind::kN},
    {"IF_THR_N", 24, BiasKind::kN},
    {"NPDPIE_THR_S_P", 26, BiasKind::kP},
    {"NPDPIE_THR_F_P", 28, BiasKind::kP},
    {"NPDPII_THR_F_P", 30, BiasKind::kP},
    {"NPDPII_THR_S_P", 32, BiasKind::kP},
    {"IF_NMDA_N", 34, BiasKind::kN},
    {"IF_DC_P", 36, BiasKind::kP},
    {"IF_AHW_P", 38, BiasKind::kP},
    {"NPDPII_TAU_S_P", 40, BiasKind::kP},
    {"NPDPII_TAU_F_P", 42, BiasKind::kP},
    {"NPDPIE_TAU_F_P", 44, BiasKind::kP},
    {"NPDPIE_TAU_S_P", 46, BiasKind::kP},
    {"R2R_P", 48, BiasKind::kP},
});

/// The biases of the two generators.
inline constexpr std::array kGlobalBiases = std::to_array<BiasRow>({
    {"U_BUFFER", 50, BiasKind::kBuffer},
    {"U_SSP", 51, BiasKind::kShiftedSourceP},
    {"U_SSN", 52, BiasKind::kShiftedSourceN},
    {"D_BUFFER", 114, BiasKind::kBuffer},
    {"D_SSP", 115, BiasKind::kShiftedSourceP},
    {"D_SSN", 116, BiasKind::kShiftedSourceN},
});

/// Address of the first bias of each core.
inline constexpr std::array<std::uint8_t, kCores> kCoreBiasBase = {0, 1, 64, 65};
inline constexpr std::size_t kBiasesPerChip = kCoreBiases.size() * kCores + kGlobalBiases.size();

/// Offset of a core bias; a name that is not in the table does not compile. The address is `kCoreBiasBase[core] + offset`.
consteval std::uint8_t bias_offset(std::string_view name) {
  for (const BiasRow& row : kCoreBiases)
    if (row.name == name) return row.offset;
  throw "no such bias";
}

/// Place of a core bias in the table; a name that is not in it does not compile.
consteval std::size_t bias_index(std::string_view name) {
  for (std::size_t i = 0; i < kCoreBiases.size(); ++i)
    if (kCoreBiases[i].name == name) return i;
  throw "no such bias";
}

/// A bias of a chip.
struct Bias {
  std::string name;  ///< "C0_IF_TAU1_N", "U_SSP"
  std::uint8_t address = 0;
  BiasKind kind = BiasKind::kN;
  std::optional<std::uint8_t> core;  ///< nothing for those of a generator
};

/// All 106 biases of a chip: core by core, then the generators'.
std::span<const Bias> biases();
/// The bias of that name or address; null if there is none.
const Bias* find_bias(std::string_view name);
const Bias* find_bias(std::uint8_t address);

/// The word that sets a bias in the form of its kind: flags high range (or low), normal, N or P, enabled; shifted sources and buffers have
/// no flags, shifted sources no coarse either. Throws std::out_of_range as `encode` does.
ChipWord bias_setting(const Bias& bias, std::uint8_t coarse, std::uint8_t fine, bool high_range = true);

/// Full scale in A of the coarse ranges as this chip counts them: 0 is the LARGEST. Other software (samna, Rockpool) counts from the
/// smallest: its coarse is 7 less ours. From old Rockpool's biasgen; nominal, not of silicon.
inline constexpr std::array<double, 8> kCoarseFullScaleA = {2.4e-5, 3.2e-6, 4e-7, 5e-8, 6.5e-9, 8.2e-10, 1.05e-10, 1.5e-11};
constexpr unsigned coarse_from_samna(unsigned coarse) { return 7 - coarse; }

/// Full scale x fine / 255, in A; throws std::out_of_range for a coarse above 7.
double nominal_current_a(unsigned coarse, unsigned fine);

/// A current with what it rests on.
struct BiasCurrent {
  double ampere = 0;
  bool verified = false;  ///< false: a factor of the bias, which its authors did not verify, is in it
};
/// Nominal current x the bias's factor (1e-4 for IF_TAU1_N, 1 for all others: unverified); 0 when the bias is not enabled.
BiasCurrent bias_current(const BiasWord& word);

/// What libcaer sends by default after its silent pass, the same for all cores, in its order: core by core, then the generators'. 106.
std::vector<ChipWord> low_power_biases();
/// Biases at which nothing fires: coarse 7, fine 0 for every bias of a core. That the generators' own keep their default is INFERRED. 106.
std::vector<ChipWord> silent_biases();

}  // namespace spikeloop::firmware
