// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "firmware-interface/dynapse1/words.hpp"

namespace spikeloop::firmware {

/// Where an event comes out of the mesh of chips.
struct RoutedTo {
  enum class Where : std::uint8_t { kChip, kMonitor, kLost };
  Where where = Where::kLost;
  std::uint8_t chip = 0;  ///< 0..3, of kChip
  std::uint8_t hops = 0;  ///< between chips, or out of the last
  friend bool operator==(const RoutedTo&, const RoutedTo&) = default;
};

/// Sends an event from a chip (0..3): first dx hops east or west, then dy north or south, on the board's 2 x 2 chips (U0 U1 north of U2
/// U3). What leaves U2 to the south reaches the FPGA, and so the host; what leaves anywhere else is lost. Mask 0 is not looked at here.
/// Source: the driver's monitoring routes (facts A.6); that x comes first, and that hops left over do not matter to the FPGA, is INFERRED.
constexpr RoutedTo route(unsigned chip, const Hops& hops) {
  using Where = RoutedTo::Where;
  unsigned x = chip & 1, y = chip >> 1 & 1;
  std::uint8_t made = 0;
  for (unsigned left = hops.dx; left > 0; --left) {
    ++made;
    if (x == (hops.west ? 0U : 1U)) return {Where::kLost, 0, made};
    x ^= 1;
  }
  for (unsigned left = hops.dy; left > 0; --left) {
    ++made;
    if (hops.south && y == 1) return {x == 0 ? Where::kMonitor : Where::kLost, 0, made};
    if (!hops.south && y == 0) return {Where::kLost, 0, made};
    y ^= 1;
  }
  return {Where::kChip, static_cast<std::uint8_t>(x | y << 1), made};
}

}  // namespace spikeloop::firmware
