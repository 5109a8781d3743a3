// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "firmware-interface/dynapse1/steps.hpp"

/// The board's own sources of spikes: the FPGA's spike generator, which plays a program from its SRAM, and its Poisson generator.
/// Sources of the layouts: firmware-interface/PROTOCOL.md.
namespace spikeloop::firmware {

inline constexpr std::uint32_t kFpgaSramWords = 1U << 20;  ///< of 16 bits
inline constexpr unsigned kFpgaClockMhz = 90;

/// A spike of the generator, to the chip that CHIP.CHIP_ID names. It has no hops.
struct GeneratorSpike {
  std::uint8_t neuron = 0;
  std::uint8_t virtual_core = 0;  ///< 0..3
  std::uint8_t core_mask = 0;     ///< bit i = core i
  friend bool operator==(const GeneratorSpike&, const GeneratorSpike&) = default;
};
/// Throws std::out_of_range when a value does not fit its bits.
std::uint16_t encode_generator_spike(const GeneratorSpike& spike);
/// Nothing when bit 15 or 14 is set.
std::optional<GeneratorSpike> decode_generator_spike(std::uint16_t word);

/// The generator waits `isi` steps and then sends.
struct TimedSpike {
  GeneratorSpike spike;
  std::uint16_t isi = 0;
  friend bool operator==(const TimedSpike&, const TimedSpike&) = default;
};
/// One word for each spike, all `isi` steps apart.
struct FixedIsi {
  std::vector<GeneratorSpike> spikes;
  std::uint16_t isi = 0;
  friend bool operator==(const FixedIsi&, const FixedIsi&) = default;
};
/// Two words for each spike: the spike and its own `isi`.
struct VariableIsi {
  std::vector<TimedSpike> spikes;
  friend bool operator==(const VariableIsi&, const VariableIsi&) = default;
};

/// What the generator is to play.
struct GeneratorProgram {
  std::variant<FixedIsi, VariableIsi> spikes;
  std::uint32_t isi_base = kFpgaClockMhz;  ///< FPGA cycles in a step: 90 = 1 us, steps up to 65.5 ms; 900 = 10 us
  std::uint32_t base_address = 0;          ///< in the FPGA's SRAM, 16-bit words
  bool repeat = false;
  friend bool operator==(const GeneratorProgram&, const GeneratorProgram&) = default;
};

/// ISIBASE / 90, in us.
constexpr double isi_step_us(std::uint32_t isi_base) { return static_cast<double>(isi_base) / kFpgaClockMhz; }

/// The program's words in the FPGA's SRAM.
std::vector<std::uint16_t> program_words(const GeneratorProgram& program);
/// Spikes of such words, variable or fixed; nothing when a word is no spike or half a pair is missing.
std::optional<VariableIsi> decode_variable_isi(std::span<const std::uint16_t> words);
std::optional<FixedIsi> decode_fixed_isi(std::span<const std::uint16_t> words, std::uint16_t isi);

/// Writes words to the FPGA's SRAM from a base on: a last odd one by itself first, the others in pairs, the low half first. The pairs are
/// preceded by a write of 0 to the base, which sets the address. Throws std::out_of_range when they do not fit.
Steps write_fpga_sram(std::uint32_t base_address, std::span<const std::uint16_t> words);
/// Stops the generator, writes the program and the generator's parameters (STIMCOUNT is the number of spikes less one), but does not start
/// it. Throws std::out_of_range for an empty program or one that does not fit the SRAM.
Steps load_program(const GeneratorProgram& program);
/// The rising edge that starts it.
Steps start_program();
Steps stop_program();

// --- Poisson generator ---

inline constexpr unsigned kPoissonSources = 1024;
inline constexpr double kPoissonMaxHz = 4300, kPoissonHzPerUnit = 0.06706;  ///< READ; 90 MHz / (20 x 1024) / 65534 (INFERRED)

/// The rate register, cut off to a whole number; throws std::out_of_range for a rate that is not in 0..4300 Hz.
std::uint32_t encode_poisson_rate(double hz);
constexpr double decode_poisson_rate(std::uint32_t value) { return value * kPoissonHzPerUnit; }

/// How often a source of the Poisson generator fires on average.
struct PoissonRate {
  std::uint16_t source = 0;  ///< 0..1023
  double hz = 0;
};
/// Chooses the chip (0..3) and sets the rates of some sources, without starting or stopping the generator. Throws std::out_of_range for
/// another source, rate or chip.
Steps set_poisson_rates(unsigned chip, std::span<const PoissonRate> rates);

}  // namespace spikeloop::firmware
