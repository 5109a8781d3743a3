// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/virtual_board/dynapse1_stimulus.hpp"

#include <algorithm>
#include <cmath>

#include "firmware-interface/virtual_board/dynapse1_random.hpp"

namespace spikeloop::firmware {
namespace {

constexpr std::uint8_t parameter(Register at) { return at.parameter; }

constexpr std::uint64_t kLeastCycles = 9;
constexpr std::uint64_t kVisitCycles = 20, kRoundCycles = kVisitCycles * kPoissonSources;
constexpr double kCertain = 65534;  // the rate register at which a source fires on each visit

/// 90 MHz: nine cycles are 100 ns.
std::int64_t cycles_to_ns(std::uint64_t cycles) { return static_cast<std::int64_t>(cycles / 9 * 100 + cycles % 9 * 100 / 9); }

}  // namespace

void FpgaSram::store(std::uint32_t address, std::uint32_t word) {
  const std::uint32_t at = address % kFpgaSramWords;
  if (at >= words_.size()) words_.resize(at + 1);
  words_[at] = static_cast<std::uint16_t>(word);
}

std::uint16_t FpgaSram::at(std::uint64_t address) const {
  const std::uint64_t at = address % kFpgaSramWords;
  return at < words_.size() ? words_[at] : std::uint16_t{0};
}

void FpgaSram::write(std::uint8_t p, std::uint32_t value) {
  if (p == parameter(reg("SRAM.RWCOMMAND"))) {
    writing_ = (value & 1) != 0;
  } else if (p == parameter(reg("SRAM.BURSTMODE"))) {
    burst_ = value != 0;
  } else if (p == parameter(reg("SRAM.WRITEDATA"))) {
    write_data_ = value;
    if (!burst_ || !writing_) return;
    store(address_++, value & 0xFFFF);
    store(address_++, value >> 16);
  } else if (p == parameter(reg("SRAM.ADDRESS"))) {
    address_ = value;
    if (writing_)
      store(address_, write_data_ & 0xFFFF);
    else
      read_data_ = at(value);
  }
}

void SpikeGenerator::write(std::uint8_t p, std::uint32_t value, std::int64_t now_ns, const FpgaSram& sram) {
  if (p == parameter(reg("SPIKEGEN.VARMODE"))) set_.variable = value != 0;
  if (p == parameter(reg("SPIKEGEN.BASEADDR"))) set_.base = value;
  if (p == parameter(reg("SPIKEGEN.STIMCOUNT"))) set_.last = value;
  if (p == parameter(reg("SPIKEGEN.ISI"))) set_.isi = value;
  if (p == parameter(reg("SPIKEGEN.ISIBASE"))) set_.isi_base = value;
  if (p == parameter(reg("SPIKEGEN.REPEAT"))) repeat_ = value != 0;
  if (p != parameter(reg("SPIKEGEN.RUN"))) return;
  const bool rises = !run_ && value != 0;
  run_ = value != 0;
  if (!run_) next_ns_ = EventHeap::kNone;
  if (!rises) return;
  playing_ = set_;
  at_ = 0;
  cycles_ = 0;
  start_ns_ = now_ns;
  wait(sram);
}

/// The generator waits for the interval of the next spike.
void SpikeGenerator::wait(const FpgaSram& sram) {
  const std::uint64_t isi = playing_.variable ? sram.at(playing_.base + 2ULL * at_ + 1) : playing_.isi & 0xFFFF;
  cycles_ += std::max(isi * playing_.isi_base, kLeastCycles);
  next_ns_ = start_ns_ + cycles_to_ns(cycles_);
}

std::optional<GeneratedSpike> SpikeGenerator::take(const FpgaSram& sram, DynapSe1Statistics& statistics) {
  const auto spike = decode_generator_spike(sram.at(playing_.base + (playing_.variable ? 2ULL : 1ULL) * at_));
  if (at_ < playing_.last) {
    ++at_;
    wait(sram);
  } else if (repeat_) {
    at_ = 0;
    wait(sram);
  } else {
    next_ns_ = EventHeap::kNone;
  }
  if (!spike) {
    ++statistics.malformed_stimuli;
    return std::nullopt;
  }
  return GeneratedSpike{{neuron_address(spike->virtual_core, spike->neuron), {}, spike->core_mask}, std::nullopt};
}

void PoissonGenerator::write(std::uint8_t p, std::uint32_t value, std::int64_t now_ns) {
  if (p == parameter(reg("POISSONSPIKEGEN.WRITEDATA"))) {
    write_data_ = value;
  } else if (p == parameter(reg("POISSONSPIKEGEN.CHIPID"))) {
    wire_chip_ = value;
  } else if (p == parameter(reg("POISSONSPIKEGEN.WRITEADDRESS"))) {
    const std::uint32_t source = value % kPoissonSources;
    rate_[source] = write_data_;
    schedule(source, now_ns);
  } else if (p == parameter(reg("POISSONSPIKEGEN.RUN"))) {
    if ((value != 0) == run_) return;
    run_ = value != 0;
    start_ns_ = now_ns;
    for (std::uint32_t source = 0; source < kPoissonSources; ++source) schedule(source, now_ns);
  }
}

std::int64_t PoissonGenerator::visit_ns(std::uint32_t source, std::uint64_t round) const {
  return start_ns_ + cycles_to_ns(round * kRoundCycles + (source + 1) * kVisitCycles);
}

/// The number of visits until one fires is geometric; it has no memory, so that it may be drawn anew when the rate changes.
void PoissonGenerator::schedule(std::uint32_t source, std::int64_t now_ns) {
  if (!run_ || rate_[source] == 0) {
    due_.set(source, EventHeap::kNone);
    return;
  }
  auto round = static_cast<std::uint64_t>(now_ns - start_ns_) * 9 / (100 * kRoundCycles);
  while (visit_ns(source, round) <= now_ns) ++round;
  const double chance = rate_[source] / kCertain;
  if (chance < 1) {
    const double u = random_uniform(seed_, 1ULL << 32 | source, drawn_[source]++);
    round += static_cast<std::uint64_t>(std::log(u) / std::log1p(-chance));
  }
  due_.set(source, visit_ns(source, round));
}

GeneratedSpike PoissonGenerator::take() {
  const std::uint32_t source = due_.next();
  schedule(source, due_.next_ns());
  return {{static_cast<NeuronAddress>(source), {}, 0xF}, wire_chip_};
}

}  // namespace spikeloop::firmware
