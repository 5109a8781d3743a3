// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "backends/dynapse/compile.hpp"
#include "core/energy.hpp"

namespace spikeloop::dynapse {

/// What the chip has done for the spikes that were played and seen: each spike x what the mapping makes of it.
struct ChipOperations {
  std::uint64_t spikes = 0;      ///< of the chip's neurons, seen by the host
  std::uint64_t played = 0;      ///< events played into the chip: one a spike and route
  std::uint64_t routes = 0;      ///< one for each destination of a spike, the host included, and each played event
  std::uint64_t broadcasts = 0;  ///< one for each core that an event reached
  std::uint64_t hops = 0;        ///< between chips, and out to the host
  std::uint64_t matches = 0;     ///< CAM words that an event matched
  friend bool operator==(const ChipOperations&, const ChipOperations&) = default;
  ChipOperations& operator+=(const ChipOperations& other);
  ChipOperations& operator-=(const ChipOperations& other);
};

/// What one spike of each source of the circuit costs. Neurons that the host does not see are not counted by anybody.
std::vector<ChipOperations> operations_per_spike(const Compiled& compiled, const ChipSpec& chip);

/// What the chip's operations cost. Static power is a price of its own; nobody knows it, and it says so.
PriceList prices_of(const ChipSpec& chip);

/// Operations on a board of `chip` x any machine's prices, per inference; all estimated. What a chip does not do, or does differently with
/// cores of another size, is not known of that machine.
EnergyReport estimate_energy(const ChipOperations& operations, const ChipSpec& chip, const PriceList& prices, double seconds,
                             double inferences);

/// The same with the chip's own prices.
EnergyReport estimate_energy(const ChipOperations& operations, const ChipSpec& chip, double seconds, double inferences);

/// Standard deviation of the energy of an inference, J, from the operations of each; nothing for fewer than two.
std::optional<double> energy_spread(std::span<const ChipOperations> inferences, const ChipSpec& chip, const PriceList& prices);

}  // namespace spikeloop::dynapse
