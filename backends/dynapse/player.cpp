// SPDX-License-Identifier: Apache-2.0
#include "backends/dynapse/player.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "firmware-interface/dynapse1/modules.hpp"

namespace spikeloop::dynapse {
namespace {

namespace fw = firmware;

constexpr fw::Milliseconds kPoll{1};
constexpr fw::Milliseconds kFlush{3};  // the board sends what fills no packet after one
constexpr std::int64_t kPatienceUs = 1'000'000;
constexpr std::int64_t kLongestIsi = 0xFFFF;
constexpr std::int64_t kCyclesBetween = 9;  // FPGA cycles between two spikes of the generator at least

}  // namespace

fw::VariableIsi generator_program(std::span<const PlayedSpike> spikes) {
  fw::VariableIsi program;
  std::int64_t cycles = 0;  // of the FPGA, at the spike before
  const auto add = [&](const fw::GeneratorSpike& spike, std::int64_t isi) {
    program.spikes.push_back({spike, static_cast<std::uint16_t>(isi)});
    cycles += std::max(isi * fw::kFpgaClockMhz, kCyclesBetween);
  };
  for (const PlayedSpike& s : spikes) {
    const std::int64_t due = (s.time + 500) / 1000 * fw::kFpgaClockMhz;
    std::int64_t isi = std::max<std::int64_t>(0, (due - cycles + fw::kFpgaClockMhz / 2) / fw::kFpgaClockMhz);
    for (; isi > kLongestIsi; isi -= kLongestIsi) add({}, kLongestIsi);
    add({static_cast<std::uint8_t>(s.route.tag & 0xFF), static_cast<std::uint8_t>(s.route.tag >> 8), s.route.core_mask}, isi);
  }
  return program;
}

void Player::start(std::span<const PlayedSpike> spikes) {
  constexpr fw::Register kReset = fw::reg("MUX.TIMESTAMP_RESET"), kRun = fw::reg("SPIKEGEN.RUN");
  fw::WritesStep go{{{kReset, 1}, {kReset, 0}}};
  if (!spikes.empty()) {
    board_.write(fw::reg("CHIP.CHIP_ID"), fw::wire_chip_id(spikes.front().route.chip));
    board_.carry_out(fw::load_program({generator_program(spikes)}));
    go.writes.push_back({kRun, 1});
  }
  board_.carry_out({go});
}

void Player::gather(Time length, std::vector<SeenSpike>& seen) {
  const std::int64_t length_us = length / kMicrosecond;
  bool begun = false;          // the mark of the reset has been read
  std::int64_t now_us = 0;     // the board's time is this or later
  std::int64_t waited_us = 0;  // for the mark
  for (;;) {
    const bool over = begun && now_us >= length_us;
    const fw::Milliseconds patience = over ? kFlush : kPoll;
    const fw::EventSlice slice = board_.read_events(buffer_, patience);
    for (std::size_t i = 0; i < slice.events; ++i) {
      const fw::StreamEvent& e = buffer_[i];
      if (!begun) {
        ++strays_;
        continue;
      }
      now_us = std::max(now_us, e.time_us);
      if (e.time_us < length_us) seen.push_back({e.time_us * kMicrosecond, {e.chip, e.core, e.neuron}});
    }
    if (slice.stop == fw::StreamStop::kReset) begun = true;
    if (slice.bytes > 0) continue;
    if (over) return;
    (begun ? now_us : waited_us) += std::chrono::microseconds(patience).count();
    if (waited_us > kPatienceUs)
      throw fw::ProtocolFault("the board's time stamps were reset, but the mark of it never came in the stream",
                              "Plug the board in again.");
  }
}

void Player::play(Time length, std::span<const PlayedSpike> spikes, std::vector<SeenSpike>& seen) {
  start(spikes);
  gather(length, seen);
  if (!spikes.empty()) board_.carry_out(fw::stop_program());
}

void Player::settle(Time length) {
  std::int64_t left_us = length / kMicrosecond;
  while (left_us > 0) {
    const fw::Milliseconds step(std::clamp<std::int64_t>(left_us / 1000, 1, 20));
    const fw::EventSlice slice = board_.read_events(buffer_, step);
    strays_ += slice.events;
    if (slice.bytes == 0) left_us -= std::chrono::microseconds(step).count();
  }
}

}  // namespace spikeloop::dynapse
