// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/dynapse1/sequences.hpp"

#include <algorithm>

#include "firmware-interface/dynapse1/biases.hpp"

namespace spikeloop::firmware {
namespace {

constexpr std::uint32_t kReqCycles = 30;
constexpr std::uint32_t kEarlyPacketDelay = 8 * kUsbCyclesPerDelay;  // 1 ms
constexpr std::chrono::seconds kChipsReady{4};

void append(Steps& steps, Steps more) { std::move(more.begin(), more.end(), std::back_inserter(steps)); }

/// `make(neuron, entry)` for all neurons and entries of a chip.
template <typename Make>
std::vector<std::uint32_t> words_of_chip(unsigned entries, Make make) {
  std::vector<std::uint32_t> words;
  words.reserve(std::size_t{kNeuronsPerChip} * entries);
  for (unsigned neuron = 0; neuron < kNeuronsPerChip; ++neuron)
    for (unsigned entry = 0; entry < entries; ++entry)
      words.push_back(encode(make(static_cast<NeuronAddress>(neuron), static_cast<std::uint8_t>(entry))));
  return words;
}

}  // namespace

Steps program_chip(unsigned chip, std::span<const std::uint32_t> words) {
  Steps steps = {write_step(reg("CHIP.CHIP_ID"), wire_chip_id(chip))};
  while (!words.empty()) {
    const auto now = words.first(std::min(words.size(), kMaxConfigs));
    steps.push_back(WordsStep{{now.begin(), now.end()}});
    words = words.subspan(now.size());
  }
  return steps;
}

Steps program_chip_singly(unsigned chip, std::span<const ChipWord> words) {
  Steps steps = {write_step(reg("CHIP.CHIP_ID"), wire_chip_id(chip))};
  for (const ChipWord& word : words) steps.push_back(WordsStep{{encode(word)}});
  return steps;
}

Steps clear_cams(unsigned chip) { return program_chip(chip, words_of_chip(kCamsPerNeuron, cleared_cam)); }

Steps empty_srams(unsigned chip) { return program_chip(chip, words_of_chip(kSramsPerNeuron, empty_sram)); }

Steps monitor_all(unsigned chip) {
  return program_chip(chip, words_of_chip(1, [chip](NeuronAddress neuron, std::uint8_t) { return monitoring_route(chip, neuron); }));
}

Steps default_configuration() {
  Steps steps = {
      write_step(reg("MUX.FORCE_CHIP_BIAS_ENABLE"), 0),
      write_step(reg("MUX.DROP_AER_ON_TRANSFER_STALL"), 0),
      write_step(reg("AER.ACK_DELAY"), 0),
      write_step(reg("AER.ACK_EXTENSION"), 0),
      write_step(reg("AER.WAIT_ON_TRANSFER_STALL"), 0),
      write_step(reg("AER.EXTERNAL_AER_CONTROL"), 0),
      write_step(reg("CHIP.REQ_DELAY"), kReqCycles),
      write_step(reg("CHIP.REQ_EXTENSION"), kReqCycles),
      write_step(reg("USB.EARLY_PACKET_DELAY"), kEarlyPacketDelay),
      write_step(reg("CHIP.RUN"), 1),
      write_step(reg("AER.RUN"), 1),
  };
  const auto silent = silent_biases(), low_power = low_power_biases();
  for (unsigned chip = 0; chip < kChips; ++chip) append(steps, program_chip_singly(chip, silent));
  for (unsigned chip = 0; chip < kChips; ++chip) append(steps, empty_srams(chip));
  for (unsigned chip = 0; chip < kChips; ++chip) append(steps, program_chip_singly(chip, low_power));
  for (unsigned chip = 0; chip < kChips; ++chip) append(steps, monitor_all(chip));
  append(steps, {write_step(reg("CHIP.RUN"), 0), write_step(reg("AER.RUN"), 0), WaitStep{kChipsReady}});
  return steps;
}

Steps data_start() {
  return {write_step(reg("USB.RUN"), 1), write_step(reg("MUX.RUN"), 1), write_step(reg("MUX.TIMESTAMP_RUN"), 1),
          write_step(reg("CHIP.RUN"), 1), write_step(reg("AER.RUN"), 1)};
}

Steps data_stop() {
  return {write_step(reg("CHIP.RUN"), 0),          write_step(reg("AER.RUN"), 0), write_step(reg("MUX.FORCE_CHIP_BIAS_ENABLE"), 0),
          write_step(reg("MUX.TIMESTAMP_RUN"), 0), write_step(reg("MUX.RUN"), 0), write_step(reg("USB.RUN"), 0)};
}

}  // namespace spikeloop::firmware
