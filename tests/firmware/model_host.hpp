// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include "firmware-interface/dynapse1/event_stream.hpp"
#include "firmware-interface/dynapse1/sequences.hpp"
#include "firmware-interface/dynapse1/stimulus.hpp"
#include "firmware-interface/virtual_board/dynapse1_model.hpp"

namespace spikeloop::firmware {

/// The least of a driver, beside a virtual board: it sends what codecs make, and decodes what comes.
class ModelHost {
 public:
  explicit ModelHost(DynapSe1Options options = {}) : model(std::move(options)) {}

  void write(Register at, std::uint32_t value);
  std::uint32_t read(Register at);
  std::uint64_t read_wide(Register at);
  /// Sends words to a chip as they are, and gives the status of the last transfer.
  int send(unsigned chip, const std::vector<ChipWord>& words);
  int send(unsigned chip, const ChipWord& word) { return send(chip, std::vector<ChipWord>{word}); }
  void carry_out(const Steps& steps);
  /// Everything runs, and all neurons are monitored.
  void start();
  void biases_for_all(const std::vector<ChipWord>& words);
  /// Time passes in steps, and the host takes what there is.
  void run(std::chrono::nanoseconds time, std::chrono::nanoseconds step = std::chrono::microseconds(50));
  /// Takes what the board sends now.
  void fetch();
  /// Until nothing comes any more.
  void drain();
  std::uint64_t spikes_of(unsigned chip, unsigned core, unsigned neuron) const;

  DynapSe1Model model;
  std::vector<std::byte> bytes;     ///< all that came
  std::vector<StreamEvent> events;  ///< of it
  StreamDecoder decoder;
};

/// CAM words by which `neuron` listens to `source` with `times` of its entries, from entry `first` on.
std::vector<ChipWord> connect(NeuronAddress source, NeuronAddress neuron, SynapseType type, unsigned times = 1, unsigned first = 0);
/// The words with another setting of a bias of core 0..3 (`name` without the core).
std::vector<ChipWord> with_bias(std::vector<ChipWord> words, std::string_view name, std::uint8_t coarse, std::uint8_t fine);
/// The tag of the tests' own input.
inline constexpr NeuronAddress kInputTag = 0x3C5;

}  // namespace spikeloop::firmware
