// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backends/dynapse/compile.hpp"
#include "backends/dynapse/player.hpp"

/// Whether a board does what it was programmed to: a chip cannot be asked for its words, but made to show what they do.
namespace spikeloop::dynapse {

/// A neuron that was driven by its own inputs, and whether the host saw it fire.
struct Verdict {
  LogicalNeuron neuron;
  ChipPlace place;
  bool seen = false;
};

/// What was verified.
struct Verification {
  std::vector<Verdict> neurons;  ///< that were driven, without those that others silenced
  std::vector<ChipPlace>
      untested;  ///< cores (`neuron` is 0) of which no neuron can be tried: the host sees none, or no input excites one enough
  std::vector<ChipPlace> silent;  ///< cores of which neurons were driven, and nothing was seen
  std::size_t seen() const;
  /// "U0 core 2, U1 core 0", for messages.
  static std::string text_of(const std::vector<ChipPlace>& cores);
};

/// What drives one neuron of the circuit: a regular train at `kVerifyHz` of the sources that excite it most, by the routes that they have
/// to its core; just so many as bring its membrane to three thresholds in the end. Empty if all of them together would not reach one and a
/// half.
std::vector<ChipRoute> verifying_inputs(const Compiled& compiled, std::uint32_t neuron);
inline constexpr double kVerifyHz = 1000;

/// Drives up to `neurons_per_core` neurons of each core, one after the other, until each has fired or had time to.
Verification verify(const Compiled& compiled, Player& player, unsigned neurons_per_core);

}  // namespace spikeloop::dynapse
