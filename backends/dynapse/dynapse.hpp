// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "backends/dynapse/operations.hpp"
#include "backends/dynapse/verify.hpp"
#include "core/backend.hpp"
#include "firmware-interface/board.hpp"

/// The DYNAP-SE1 board as a back end. What runs on the chip are the populations with `Home::kChip`; spikes of all others (sources, and what
/// runs beside the chip) are handed to `Session::advance` and played into it. What must run beside it: backends/compose.
namespace spikeloop::dynapse {

/// How a board is used.
struct BoardUse {
  /// Opens a board for each session. Throws DeviceFaults.
  std::function<std::unique_ptr<firmware::Board>()> open;
  /// The chip has no reset of its state: between trials it gets silence, so many time constants of its slowest part (INFERRED: five leave
  /// less than a hundredth). A virtual board's silence costs nothing, and 40 make every trial the same to the bit.
  double settle_time_constants = 5;
  unsigned verified_neurons = 4;  ///< of each core, at most: driven when the board was programmed, to be seen firing
};

/// What was programmed and found at the start of a session, and since.
struct Deployment {
  std::size_t words = 0;           ///< programmed at the start: all of every chip, for it wakes up unknown
  std::size_t words_changed = 0;   ///< programmed since
  std::size_t weight_commits = 0;  ///< times that weights were changed since
  Verification verification;       ///< at the start
  std::uint64_t strays = 0;        ///< spikes between trials
  std::uint64_t missing = 0;       ///< events that were lost between board and host, at least
  firmware::BoardStatistics board;
  std::uint64_t lost() const;  ///< events that the board or the way to the host dropped, as far as they are known
};

/// A network on a board. Its state cannot be saved but between trials, and the board's is not part of it.
class ChipSession : public Session {
 public:
  virtual const Compiled& compiled() const = 0;
  virtual ChipOperations operations() const = 0;
  virtual Deployment deployment() = 0;
  /// Weights (mV) that the chip has for those that it was given.
  virtual std::vector<float> achieved_weights(std::size_t projection) const = 0;
};

/// The board as a back end, whose sessions are `ChipSession`s; `check` and `compile` need none.
std::unique_ptr<Backend> make_dynapse(ChipSpec chip, MapOptions options, BoardUse use);

/// What the chip would do with its weights if it were ideal: `simulator` runs the neurons, with membranes and weights as biases and CAM
/// words make them. Weights that it is given are quantised before the next trial; `weights` returns them as they were given.
std::unique_ptr<Backend> make_quantised(ChipSpec chip, MapOptions options, std::shared_ptr<const Backend> simulator);

}  // namespace spikeloop::dynapse
