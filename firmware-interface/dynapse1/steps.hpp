// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <variant>
#include <vector>

#include "firmware-interface/dynapse1/modules.hpp"

/// What is to be sent to a board, as data: made by pure functions, carried out by whoever has the board.
namespace spikeloop::firmware {

/// One 0xBF.
struct WriteStep {
  ConfigWrite write;
  friend bool operator==(const WriteStep&, const WriteStep&) = default;
};
/// One 0xC2: at most `kMaxConfigs` writes.
struct WritesStep {
  std::vector<ConfigWrite> writes;
  friend bool operator==(const WritesStep&, const WritesStep&) = default;
};
/// One 0xC6 and the check of its status: at most `kMaxConfigs` words for the chip that CHIP.CHIP_ID names.
struct WordsStep {
  std::vector<std::uint32_t> words;
  friend bool operator==(const WordsStep&, const WordsStep&) = default;
};
/// Nothing is sent for so long.
struct WaitStep {
  std::chrono::milliseconds time{0};
  friend bool operator==(const WaitStep&, const WaitStep&) = default;
};

using Step = std::variant<WriteStep, WritesStep, WordsStep, WaitStep>;
using Steps = std::vector<Step>;

/// The step that writes one parameter.
inline Step write_step(Register at, std::uint32_t value) { return WriteStep{{at, value}}; }

}  // namespace spikeloop::firmware
