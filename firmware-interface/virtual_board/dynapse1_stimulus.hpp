// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "firmware-interface/dynapse1/modules.hpp"
#include "firmware-interface/dynapse1/stimulus.hpp"
#include "firmware-interface/dynapse1/words.hpp"
#include "firmware-interface/virtual_board/dynapse1_statistics.hpp"
#include "firmware-interface/virtual_board/event_heap.hpp"

/// The FPGA's own sources of spikes, as the board's registers drive them (facts A.8).
namespace spikeloop::firmware {

/// The FPGA's SRAM of 2^20 16-bit words, and the registers by which it is reached. Addresses wrap (INFERRED).
class FpgaSram {
 public:
  /// A write to a parameter of module SRAM.
  void write(std::uint8_t parameter, std::uint32_t value);
  std::uint32_t read_data() const { return read_data_; }
  std::uint16_t at(std::uint64_t address) const;

 private:
  void store(std::uint32_t address, std::uint32_t word);

  std::vector<std::uint16_t> words_;  ///< as far as was written
  std::uint32_t address_ = 0, write_data_ = 0, read_data_ = 0;
  bool writing_ = false, burst_ = false;
};

/// A spike for a chip's input.
struct GeneratedSpike {
  InjectedSpike spike;
  std::optional<std::uint32_t> wire_chip;  ///< nothing: the chip that CHIP.CHIP_ID names
};

/// Plays a program out of the SRAM. A rising edge of RUN starts it with the parameters of that moment but REPEAT; clearing RUN stops it.
/// Spikes are at least 9 FPGA cycles (0.1 us) apart, for no bus is faster (INFERRED).
class SpikeGenerator {
 public:
  /// A write to a parameter of module SPIKEGEN.
  void write(std::uint8_t parameter, std::uint32_t value, std::int64_t now_ns, const FpgaSram& sram);
  std::int64_t next_ns() const { return next_ns_; }
  /// What is due at `next_ns`; nothing when the word is no spike, which is counted.
  std::optional<GeneratedSpike> take(const FpgaSram& sram, DynapSe1Statistics& statistics);

 private:
  struct Program {
    bool variable = false;
    std::uint32_t base = 0, last = 0, isi = 0, isi_base = 0;
  };
  void wait(const FpgaSram& sram);

  Program set_, playing_;
  bool run_ = false, repeat_ = false;
  std::uint32_t at_ = 0;  ///< the next spike of the program
  std::uint64_t cycles_ = 0;
  std::int64_t start_ns_ = 0, next_ns_ = EventHeap::kNone;
};

/// 1024 sources, visited in turn every 20 FPGA cycles, each of which then fires with the probability that gives its rate: at most one
/// spike each 228 us. Source k fires as neuron k (core in 9:8) to all cores of the chip (INFERRED).
class PoissonGenerator {
 public:
  explicit PoissonGenerator(std::uint64_t seed) : seed_(seed) {}
  /// A write to a parameter of module POISSONSPIKEGEN.
  void write(std::uint8_t parameter, std::uint32_t value, std::int64_t now_ns);
  std::int64_t next_ns() const { return due_.next_ns(); }
  GeneratedSpike take();

 private:
  std::int64_t visit_ns(std::uint32_t source, std::uint64_t round) const;
  void schedule(std::uint32_t source, std::int64_t now_ns);

  std::uint64_t seed_;
  std::array<std::uint32_t, kPoissonSources> rate_{};
  std::array<std::uint64_t, kPoissonSources> drawn_{};
  EventHeap due_{kPoissonSources};
  std::int64_t start_ns_ = 0;
  std::uint32_t write_data_ = 0, wire_chip_ = 0;
  bool run_ = false;
};

}  // namespace spikeloop::firmware
