// SPDX-License-Identifier: Apache-2.0
#include "backends/dynapse/player.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "firmware-interface/dynapse1/modules.hpp"

namespace spikeloop::dynapse {
namespace {

namespace fw = firmware;

constexpr fw::Milliseconds kPoll{1};
constexpr std::int64_t kPollUs = std::chrono::microseconds(kPoll).count();
constexpr std::int64_t kFlushUs = 3000;  // the board sends what fills no packet after one millisecond
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

/// The stream is in the order of time: when the board's clock is past the end, all that came before has been read. In silence the host's
/// clock counts, and whatever the board may still hold in a packet that is not full gets time to come.
void Player::gather(Time length, std::vector<SeenSpike>& seen) {
  const std::int64_t length_us = length / kMicrosecond;
  bool begun = false;  // the mark of the reset has been read
  std::int64_t silent_us = 0;
  for (;;) {
    const fw::EventSlice slice = board_.read_events(buffer_, kPoll);
    for (std::size_t i = 0; i < slice.events; ++i) {
      const fw::StreamEvent& e = buffer_[i];
      if (begun && e.time_us < length_us)
        seen.push_back({e.time_us * kMicrosecond, {e.chip, e.core, e.neuron}});
      else
        ++strays_;
    }
    if (slice.stop == fw::StreamStop::kReset) {
      begun = true, silent_us = 0;
      continue;
    }
    if (begun && board_.clock_us() >= length_us) return;
    silent_us = slice.bytes > 0 ? 0 : silent_us + kPollUs;
    if (begun && board_.clock_us() + silent_us >= length_us + kFlushUs) return;
    if (!begun && silent_us > kPatienceUs)
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
  start({});
  std::vector<SeenSpike> meanwhile;
  gather(length, meanwhile);
  strays_ += meanwhile.size();
}

}  // namespace spikeloop::dynapse
