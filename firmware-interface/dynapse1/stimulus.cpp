// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/dynapse1/stimulus.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace spikeloop::firmware {
namespace {

constexpr std::uint32_t kWrite = 1;

std::size_t spikes_of(const GeneratorProgram& program) {
  return std::visit([](const auto& p) { return p.spikes.size(); }, program.spikes);
}

}  // namespace

std::uint16_t encode_generator_spike(const GeneratorSpike& spike) {
  if (spike.virtual_core > 3) throw std::out_of_range("virtual core " + std::to_string(spike.virtual_core) + " is not in 0..3");
  if (spike.core_mask > 15) throw std::out_of_range("core mask " + std::to_string(spike.core_mask) + " is not in 0..15");
  return static_cast<std::uint16_t>(spike.neuron << 6 | spike.virtual_core << 4 | spike.core_mask);
}

std::optional<GeneratorSpike> decode_generator_spike(std::uint16_t word) {
  if (word >> 14 != 0) return std::nullopt;
  return GeneratorSpike{static_cast<std::uint8_t>(word >> 6), static_cast<std::uint8_t>(word >> 4 & 3),
                        static_cast<std::uint8_t>(word & 0xF)};
}

std::vector<std::uint16_t> program_words(const GeneratorProgram& program) {
  std::vector<std::uint16_t> words;
  if (const auto* fixed = std::get_if<FixedIsi>(&program.spikes)) {
    for (const GeneratorSpike& spike : fixed->spikes) words.push_back(encode_generator_spike(spike));
  } else {
    for (const TimedSpike& timed : std::get<VariableIsi>(program.spikes).spikes) {
      words.push_back(encode_generator_spike(timed.spike));
      words.push_back(timed.isi);
    }
  }
  return words;
}

std::optional<VariableIsi> decode_variable_isi(std::span<const std::uint16_t> words) {
  if (words.size() % 2 != 0) return std::nullopt;
  VariableIsi program;
  for (; !words.empty(); words = words.subspan(2)) {
    const auto spike = decode_generator_spike(words[0]);
    if (!spike) return std::nullopt;
    program.spikes.push_back({*spike, words[1]});
  }
  return program;
}

std::optional<FixedIsi> decode_fixed_isi(std::span<const std::uint16_t> words, std::uint16_t isi) {
  FixedIsi program{{}, isi};
  for (const std::uint16_t word : words) {
    const auto spike = decode_generator_spike(word);
    if (!spike) return std::nullopt;
    program.spikes.push_back(*spike);
  }
  return program;
}

Steps write_fpga_sram(std::uint32_t base_address, std::span<const std::uint16_t> words) {
  if (base_address > kFpgaSramWords || words.size() > kFpgaSramWords - base_address)
    throw std::out_of_range(std::to_string(words.size()) + " words from " + std::to_string(base_address) +
                            " on do not fit the FPGA's SRAM");
  Steps steps;
  if (words.empty()) return steps;
  steps.push_back(write_step(reg("SRAM.RWCOMMAND"), kWrite));
  if (words.size() % 2 != 0) {
    steps.push_back(write_step(reg("SRAM.WRITEDATA"), words.back()));
    steps.push_back(write_step(reg("SRAM.ADDRESS"), base_address + static_cast<std::uint32_t>(words.size() - 1)));
    words = words.first(words.size() - 1);
    if (words.empty()) return steps;
  }
  steps.push_back(write_step(reg("SRAM.WRITEDATA"), 0));
  steps.push_back(write_step(reg("SRAM.ADDRESS"), base_address));
  steps.push_back(write_step(reg("SRAM.BURSTMODE"), 1));
  while (!words.empty()) {
    WritesStep step;
    for (; !words.empty() && step.writes.size() < kMaxConfigs; words = words.subspan(2))
      step.writes.push_back({reg("SRAM.WRITEDATA"), std::uint32_t{words[1]} << 16 | words[0]});
    steps.push_back(std::move(step));
  }
  steps.push_back(write_step(reg("SRAM.BURSTMODE"), 0));
  return steps;
}

Steps load_program(const GeneratorProgram& program) {
  const std::size_t spikes = spikes_of(program);
  if (spikes == 0) throw std::out_of_range("a program without spikes cannot be told from one with 2^32");
  const auto* fixed = std::get_if<FixedIsi>(&program.spikes);
  Steps steps = {write_step(reg("SPIKEGEN.RUN"), 0)};
  const Steps memory = write_fpga_sram(program.base_address, program_words(program));
  steps.insert(steps.end(), memory.begin(), memory.end());
  steps.push_back(write_step(reg("SPIKEGEN.VARMODE"), fixed != nullptr ? 0 : 1));
  steps.push_back(write_step(reg("SPIKEGEN.BASEADDR"), program.base_address));
  steps.push_back(write_step(reg("SPIKEGEN.STIMCOUNT"), static_cast<std::uint32_t>(spikes - 1)));
  if (fixed != nullptr) steps.push_back(write_step(reg("SPIKEGEN.ISI"), fixed->isi));
  steps.push_back(write_step(reg("SPIKEGEN.ISIBASE"), program.isi_base));
  steps.push_back(write_step(reg("SPIKEGEN.REPEAT"), program.repeat ? 1 : 0));
  return steps;
}

Steps start_program() { return {write_step(reg("SPIKEGEN.RUN"), 0), write_step(reg("SPIKEGEN.RUN"), 1)}; }
Steps stop_program() { return {write_step(reg("SPIKEGEN.RUN"), 0)}; }

std::uint32_t encode_poisson_rate(double hz) {
  if (!(hz >= 0 && hz <= kPoissonMaxHz)) throw std::out_of_range(std::to_string(hz) + " Hz is not in 0..4300");
  return static_cast<std::uint32_t>(hz / kPoissonHzPerUnit);
}

Steps set_poisson_rates(unsigned chip, std::span<const PoissonRate> rates) {
  Steps steps = {write_step(reg("POISSONSPIKEGEN.CHIPID"), wire_chip_id(chip))};
  for (const PoissonRate& rate : rates) {
    if (rate.source >= kPoissonSources) throw std::out_of_range("Poisson source " + std::to_string(rate.source) + " is not in 0..1023");
    steps.push_back(write_step(reg("POISSONSPIKEGEN.WRITEDATA"), encode_poisson_rate(rate.hz)));
    steps.push_back(write_step(reg("POISSONSPIKEGEN.WRITEADDRESS"), rate.source));
  }
  return steps;
}

}  // namespace spikeloop::firmware
