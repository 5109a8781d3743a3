// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/dynapse1/words.hpp"

#include <array>
#include <stdexcept>
#include <string>

namespace spikeloop::firmware {
namespace {

constexpr std::uint32_t bit(unsigned position) { return std::uint32_t{1} << position; }
constexpr std::uint32_t bits(unsigned high, unsigned low) { return (bit(high - low + 1) - 1) << low; }

// What tells the words apart.
constexpr std::uint32_t kMemory = bit(17), kSram = bit(4), kBias = bit(16), kSpike = bit(13), kTauReset = bit(12), kMonitorReset = bit(11),
                        kTau2 = bit(10);
constexpr std::uint32_t kAllOnes = bits(15, 10);

/// `value` in bits high:low.
std::uint32_t field(std::uint32_t value, unsigned high, unsigned low, const char* name) {
  const std::uint32_t largest = bits(high - low, 0);
  if (value > largest)
    throw std::out_of_range(std::string(name) + " " + std::to_string(value) + " is not in 0.." + std::to_string(largest));
  return value << low;
}

constexpr std::uint32_t part(std::uint32_t word, unsigned high, unsigned low) { return (word & bits(high, low)) >> low; }
constexpr std::uint8_t byte(std::uint32_t word, unsigned high, unsigned low) { return static_cast<std::uint8_t>(part(word, high, low)); }
constexpr NeuronAddress address(std::uint32_t word, unsigned high, unsigned low) {
  return static_cast<NeuronAddress>(part(word, high, low));
}
constexpr bool has(std::uint32_t word, std::uint32_t mask) { return (word & mask) != 0; }

enum class BiasForm { kNone, kNormal, kBuffer, kShiftedSource };

/// Biases are at 0..52 of each half (64) of the addresses: 50 of two cores, a buffer, SSP and SSN.
constexpr BiasForm form_of(unsigned bias) {
  const unsigned in_half = bias & 63;
  if (bias > 127 || in_half > 52) return BiasForm::kNone;
  if (in_half < 50) return BiasForm::kNormal;
  return in_half == 50 ? BiasForm::kBuffer : BiasForm::kShiftedSource;
}

std::uint32_t bias_header(std::uint8_t bias, BiasForm form) {
  if (form_of(bias) != form) throw std::out_of_range("no bias of this kind has the address " + std::to_string(bias));
  return kBias | field(bias, 24, 18, "bias address");
}

std::uint32_t coarse_and_fine(std::uint8_t coarse, std::uint8_t fine) {
  field(coarse, 14, 12, "coarse");
  return reverse_coarse(coarse) << 12 | field(fine, 11, 4, "fine");
}

std::uint32_t neuron_of(std::uint32_t value) { return field(value, 9, 0, "neuron"); }
std::uint32_t core_field(std::uint32_t core) { return field(core, 9, 8, "core"); }

/// The tag (core and neuron) of a source, at the same place in CAM words and spikes.
std::uint32_t source_field(NeuronAddress source) {
  field(source, 9, 0, "source");
  return (source & 0xFFU) << 20 | core_of(source) << 18;
}
NeuronAddress source_of(std::uint32_t word) { return neuron_address(part(word, 19, 18), part(word, 27, 20)); }

ChipWord malformed(std::uint32_t word, std::string_view reason) { return MalformedWord{word, reason}; }

ChipWord decode_memory(std::uint32_t w) {
  if (has(w, bits(31, 30))) return malformed(w, "bits 31:30 of a CAM or SRAM word are set");
  if (!has(w, kSram)) {
    const auto neuron = static_cast<NeuronAddress>(part(w, 16, 11) << 4 | part(w, 3, 0));
    return CamWord{neuron, byte(w, 10, 5), source_of(w), static_cast<SynapseType>(part(w, 29, 28))};
  }
  if (has(w, bits(3, 0))) return malformed(w, "bits 3:0 of an SRAM word are set");
  const Hops hops{byte(w, 23, 22), has(w, bit(24)), byte(w, 26, 25), has(w, bit(27))};
  return SramWord{address(w, 16, 7), byte(w, 6, 5), byte(w, 29, 28), hops, byte(w, 21, 18)};
}

ChipWord decode_bias(std::uint32_t w) {
  if (has(w, bits(31, 25))) return malformed(w, "bits 31:25 of a BIAS word are set");
  const std::uint8_t bias = byte(w, 24, 18);
  const auto coarse = static_cast<std::uint8_t>(reverse_coarse(part(w, 14, 12)));
  switch (form_of(bias)) {
    case BiasForm::kNormal:
      if (has(w, bit(15))) return malformed(w, "bit 15 of a BIAS word that is not of a shifted source is set");
      return BiasWord{bias, coarse, byte(w, 11, 4), has(w, bit(3)), has(w, bit(2)), has(w, bit(1)), has(w, bit(0))};
    case BiasForm::kBuffer:
      if (has(w, bit(15) | bits(3, 0))) return malformed(w, "bit 15 or a flag of a buffer's BIAS word is set");
      return BufferBiasWord{bias, coarse, byte(w, 11, 4)};
    case BiasForm::kShiftedSource:
      if ((w & kAllOnes) != kAllOnes) return malformed(w, "bits 15:10 of a shifted source's BIAS word are not all set");
      if (has(w, bits(3, 0))) return malformed(w, "bits 3:0 of a shifted source's BIAS word are set");
      return ShiftedSourceBiasWord{bias, byte(w, 9, 4)};
    case BiasForm::kNone:
      break;
  }
  return malformed(w, "no bias has this address");
}

ChipWord decode_spike(std::uint32_t w) {
  if (has(w, bits(31, 28) | bits(15, 14) | bits(12, 10))) return malformed(w, "bits 31:28, 15:14 or 12:10 of a spike are set");
  return InjectedSpike{source_of(w), {byte(w, 5, 4), has(w, bit(6)), byte(w, 8, 7), has(w, bit(9))}, byte(w, 3, 0)};
}

/// The words below bit 13: each is 13 bits, of which those for a core leave 10 and 7:0 empty.
ChipWord decode_small(std::uint32_t w) {
  if (has(w, bits(31, 14))) return malformed(w, "bits 31:14 of a TAU or MONITOR word are set");
  if (has(w, kTauReset | kMonitorReset)) {
    if (has(w, kTau2 | bits(7, 0))) return malformed(w, "bit 10 or 7:0 of a word for a core are set");
    const std::uint8_t core = byte(w, 9, 8);
    if (!has(w, kTauReset)) return ResetMonitor{core};
    if (has(w, kMonitorReset)) return ResetTau2{core};
    return ResetTau1{core};
  }
  if (has(w, kTau2)) return SetTau2{address(w, 9, 0)};
  return SelectMonitor{address(w, 9, 0)};
}

}  // namespace

std::uint32_t encode(const CamWord& w) {
  neuron_of(w.neuron);
  const std::uint32_t row_and_core = static_cast<std::uint32_t>(w.neuron) >> 4, column = w.neuron & 0xFU;
  return kMemory | field(static_cast<std::uint32_t>(w.type), 29, 28, "synapse type") | source_field(w.source) | row_and_core << 11 |
         field(w.cam, 10, 5, "CAM entry") | column;
}

std::uint32_t encode(const SramWord& w) {
  return kMemory | kSram | field(w.virtual_core, 29, 28, "virtual core") | (w.hops.south ? bit(27) : 0) | field(w.hops.dy, 26, 25, "dy") |
         (w.hops.west ? bit(24) : 0) | field(w.hops.dx, 23, 22, "dx") | field(w.core_mask, 21, 18, "core mask") |
         field(w.neuron, 16, 7, "neuron") | field(w.sram, 6, 5, "SRAM entry");
}

std::uint32_t encode(const BiasWord& w) {
  return bias_header(w.address, BiasForm::kNormal) | coarse_and_fine(w.coarse, w.fine) | (w.high_range ? bit(3) : 0) |
         (w.normal ? bit(2) : 0) | (w.n_type ? bit(1) : 0) | (w.enabled ? bit(0) : 0);
}

std::uint32_t encode(const BufferBiasWord& w) { return bias_header(w.address, BiasForm::kBuffer) | coarse_and_fine(w.coarse, w.fine); }

std::uint32_t encode(const ShiftedSourceBiasWord& w) {
  return bias_header(w.address, BiasForm::kShiftedSource) | kAllOnes | field(w.fine, 9, 4, "fine");
}

std::uint32_t encode(const InjectedSpike& w) {
  return kSpike | source_field(w.source) | (w.hops.south ? bit(9) : 0) | field(w.hops.dy, 8, 7, "dy") | (w.hops.west ? bit(6) : 0) |
         field(w.hops.dx, 5, 4, "dx") | field(w.core_mask, 3, 0, "core mask");
}

std::uint32_t encode(const SetTau2& w) { return kTau2 | neuron_of(w.neuron); }
std::uint32_t encode(const ResetTau1& w) { return kTauReset | core_field(w.core); }
std::uint32_t encode(const ResetTau2& w) { return kTauReset | kMonitorReset | core_field(w.core); }
std::uint32_t encode(const ResetMonitor& w) { return kMonitorReset | core_field(w.core); }
std::uint32_t encode(const SelectMonitor& w) { return neuron_of(w.neuron); }
std::uint32_t encode(const MalformedWord& w) { return w.word; }
std::uint32_t encode(const ChipWord& word) {
  return std::visit([](const auto& w) { return encode(w); }, word);
}

ChipWord decode_word(std::uint32_t word) {
  if (has(word, kMemory)) return decode_memory(word);
  if (has(word, kBias)) return decode_bias(word);
  if (has(word, kSpike)) return decode_spike(word);
  return decode_small(word);
}

SramWord monitoring_route(unsigned chip, NeuronAddress neuron) {
  static constexpr std::array<Hops, kChips> kOut = {Hops{0, false, 2, true}, Hops{1, true, 2, true}, Hops{0, false, 1, true},
                                                    Hops{1, true, 1, true}};
  if (chip >= kChips) throw std::out_of_range("chip " + std::to_string(chip) + " is not in 0..3");
  return {neuron, 0, static_cast<std::uint8_t>(core_of(neuron)), kOut[chip], static_cast<std::uint8_t>(chip + 1)};
}

}  // namespace spikeloop::firmware
