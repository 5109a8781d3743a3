// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/mapping.hpp"
#include "core/time.hpp"
#include "firmware-interface/board.hpp"
#include "firmware-interface/dynapse1/stimulus.hpp"

namespace spikeloop::dynapse {

/// A spike that is played into a chip, as if `tag` had fired.
struct PlayedSpike {
  Time time = 0;  ///< from the beginning of the stretch
  ChipRoute route;
};

/// A spike that the host has seen.
struct SeenSpike {
  Time time = 0;  ///< from the beginning of the stretch; the board stamps whole microseconds
  ChipPlace place;
};

/// Plays spikes by the board's spike generator, and gathers what comes back, a stretch of time at a time. A stretch begins with a reset of
/// the board's time stamps, in one transfer with the start of the generator, so that both count from the same moment.
class Player {
 public:
  /// The board must be running.
  explicit Player(firmware::Board& board) : board_(board), buffer_(4096) {}

  /// Runs the board for `length` and appends what is seen in that time. All spikes go to one chip, in the order of time. Throws
  /// DeviceFaults.
  void play(Time length, std::span<const PlayedSpike> spikes, std::vector<SeenSpike>& seen);
  /// Lets the board run without input; spikes meanwhile are counted and dropped.
  void settle(Time length);
  std::uint64_t strays() const { return strays_; }

 private:
  void start(std::span<const PlayedSpike> spikes);
  void gather(Time length, std::vector<SeenSpike>& seen);

  firmware::Board& board_;
  std::vector<firmware::StreamEvent> buffer_;
  std::uint64_t strays_ = 0;
};

/// The generator's program for spikes in the order of time: waits longer than it can count are made of spikes that go nowhere, and spikes
/// at one time follow each other as fast as it can.
firmware::VariableIsi generator_program(std::span<const PlayedSpike> spikes);

}  // namespace spikeloop::dynapse
