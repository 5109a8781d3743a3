// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

/// Chip words of the DYNAP-SE1: the 32-bit values that are written to CHIP.CONTENT and reach a chip on its input bus. The bits of each,
/// with their sources, are in firmware-interface/PROTOCOL.md. A struct is what a word says; `encode` and `decode_word` are inverses.
namespace spikeloop::firmware {

inline constexpr unsigned kChips = 4;             ///< U0..U3 of a board
inline constexpr unsigned kCores = 4;             ///< of a chip
inline constexpr unsigned kNeuronsPerCore = 256;  ///< 16 rows x 16 columns
inline constexpr unsigned kNeuronsPerChip = 1024;
inline constexpr unsigned kCamsPerNeuron = 64;  ///< synapses
inline constexpr unsigned kSramsPerNeuron = 4;  ///< destinations

/// A neuron of a chip, 0..1023: core in bits 9:8, row in 7:4, column in 3:0. As a CAM's source it is a tag: chips are not told apart.
using NeuronAddress = std::uint16_t;

/// The neuron `n` (0..255) of a core (0..3).
constexpr NeuronAddress neuron_address(unsigned core, unsigned n) { return static_cast<NeuronAddress>((core & 3) << 8 | (n & 0xFF)); }
constexpr unsigned core_of(NeuronAddress neuron) { return neuron >> 8 & 3U; }

/// What a synapse does; the values are those of the wire. Elsewhere called GABA_B, GABA_A (shunting), NMDA, AMPA.
enum class SynapseType : std::uint8_t { kSlowInhibitory = 0, kFastInhibitory = 1, kSlowExcitatory = 2, kFastExcitatory = 3 };

/// How far a spike travels on the mesh of chips: 0..3 each way. A sign without a distance is legal, and kept.
struct Hops {
  std::uint8_t dx = 0;
  bool west = false;
  std::uint8_t dy = 0;
  bool south = false;
  friend bool operator==(const Hops&, const Hops&) = default;
};

/// Programs one synapse: CAM entry `cam` (0..63) of `neuron` listens to the tag `source`.
struct CamWord {
  NeuronAddress neuron = 0;
  std::uint8_t cam = 0;
  NeuronAddress source = 0;
  SynapseType type = SynapseType::kSlowInhibitory;
  friend bool operator==(const CamWord&, const CamWord&) = default;
};

/// Programs one destination: entry `sram` (0..3) of `neuron` sends its spikes over `hops` to the cores of `core_mask` (bit i = core i; 0 =
/// nowhere), where they arrive as if from `virtual_core`.
struct SramWord {
  NeuronAddress neuron = 0;
  std::uint8_t sram = 0;
  std::uint8_t virtual_core = 0;
  Hops hops;
  std::uint8_t core_mask = 0;
  friend bool operator==(const SramWord&, const SramWord&) = default;
};

/// Sets a bias: coarse 0 (largest range) .. 7 (smallest), fine 0..255. `address` is one of the 100 biases of cores.
struct BiasWord {
  std::uint8_t address = 0;
  std::uint8_t coarse = 7;
  std::uint8_t fine = 0;
  bool high_range = true;
  bool normal = true;  ///< false: cascode
  bool n_type = false;
  bool enabled = true;
  friend bool operator==(const BiasWord&, const BiasWord&) = default;
};

/// Sets the bias of a bias generator's buffers (address 50 or 114), which has no flags.
struct BufferBiasWord {
  std::uint8_t address = 50;
  std::uint8_t coarse = 7;
  std::uint8_t fine = 0;
  friend bool operator==(const BufferBiasWord&, const BufferBiasWord&) = default;
};

/// Sets a shifted-source bias (SSP 51, 115; SSN 52, 116), fine 0..63.
struct ShiftedSourceBiasWord {
  std::uint8_t address = 51;
  std::uint8_t fine = 0;
  friend bool operator==(const ShiftedSourceBiasWord&, const ShiftedSourceBiasWord&) = default;
};

/// A spike put into the chip's input, as if `source` had fired; goes over `hops` to the cores of `core_mask`.
struct InjectedSpike {
  NeuronAddress source = 0;
  Hops hops;
  std::uint8_t core_mask = 0;
  friend bool operator==(const InjectedSpike&, const InjectedSpike&) = default;
};

/// The neuron uses the time constant TAU2 from now on.
struct SetTau2 {
  NeuronAddress neuron = 0;
  friend bool operator==(const SetTau2&, const SetTau2&) = default;
};

/// All neurons of the core (0..3) use TAU1 again.
struct ResetTau1 {
  std::uint8_t core = 0;
  friend bool operator==(const ResetTau1&, const ResetTau1&) = default;
};

/// All neurons of the core (0..3) use TAU2.
struct ResetTau2 {
  std::uint8_t core = 0;
  friend bool operator==(const ResetTau2&, const ResetTau2&) = default;
};

/// No neuron of the core (0..3) is on the analog monitor; must come before `SelectMonitor`.
struct ResetMonitor {
  std::uint8_t core = 0;
  friend bool operator==(const ResetMonitor&, const ResetMonitor&) = default;
};

/// The neuron is on the analog monitor of its core. The word is the plain address, so 0 monitors neuron 0.
struct SelectMonitor {
  NeuronAddress neuron = 0;
  friend bool operator==(const SelectMonitor&, const SelectMonitor&) = default;
};

/// A word that no encoder makes: a bit that has no meaning is set (or a fixed one is not), or no bias has the address. What silicon does
/// with it is not known.
struct MalformedWord {
  std::uint32_t word = 0;
  std::string_view reason;  ///< of static life
  friend bool operator==(const MalformedWord&, const MalformedWord&) = default;
};

using ChipWord = std::variant<CamWord, SramWord, BiasWord, BufferBiasWord, ShiftedSourceBiasWord, InjectedSpike, SetTau2, ResetTau1,
                              ResetTau2, ResetMonitor, SelectMonitor, MalformedWord>;

/// The word of each; throws std::out_of_range, naming the field, when a value does not fit its bits or no bias has the address.
std::uint32_t encode(const CamWord& word);
std::uint32_t encode(const SramWord& word);
std::uint32_t encode(const BiasWord& word);
std::uint32_t encode(const BufferBiasWord& word);
std::uint32_t encode(const ShiftedSourceBiasWord& word);
std::uint32_t encode(const InjectedSpike& word);
std::uint32_t encode(const SetTau2& word);
std::uint32_t encode(const ResetTau1& word);
std::uint32_t encode(const ResetTau2& word);
std::uint32_t encode(const ResetMonitor& word);
std::uint32_t encode(const SelectMonitor& word);
std::uint32_t encode(const MalformedWord& word);  ///< the word as it was
std::uint32_t encode(const ChipWord& word);

/// What a word says. Every value decodes, and `encode(decode_word(w)) == w` for each.
ChipWord decode_word(std::uint32_t word);

/// Coarse bits go over the wire in reverse order: 1 <-> 4, 3 <-> 6. Its own inverse.
constexpr unsigned reverse_coarse(unsigned coarse) { return (coarse & 1) << 2 | (coarse & 2) | (coarse >> 2 & 1); }

/// The word that "clears" a CAM entry. There is no empty one: it listens to core 0, neuron 0, as a slow inhibitory synapse.
constexpr CamWord cleared_cam(NeuronAddress neuron, std::uint8_t cam) { return {neuron, cam, 0, SynapseType::kSlowInhibitory}; }

/// The destination that leads nowhere (mask 0).
constexpr SramWord empty_sram(NeuronAddress neuron, std::uint8_t sram) { return {neuron, sram, 0, {}, 0}; }

/// The default route by which the host sees the spikes of `neuron` on `chip` (0..3): SRAM entry 0, out to the south of U2's column, with
/// chip + 1 in place of a core mask. Throws std::out_of_range for another chip.
SramWord monitoring_route(unsigned chip, NeuronAddress neuron);

}  // namespace spikeloop::firmware
