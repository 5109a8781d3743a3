// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "backends/dynapse/circuit.hpp"

namespace spikeloop::dynapse {

/// What one core holds and hears.
struct CoreUse {
  std::uint8_t chip = 0, core = 0;
  std::uint32_t neurons = 0;
  std::uint32_t tags = 0;          ///< sources that reach it
  std::uint32_t sram_entries = 0;  ///< of the neuron that has most
  std::uint32_t parameters = 0;    ///< index into `Circuit::parameters`, shared by its neurons
};

/// Where each neuron is, and under which tag each source is heard where. Routes hold: no core hears two sources under one tag, none
/// under tag 0.
struct Placement {
  std::vector<ChipPlace> places;               ///< by neuron of the circuit
  std::vector<std::vector<ChipRoute>> routes;  ///< by source; one a chip, more where cores of a chip hear it under different tags
  std::vector<CoreUse> cores;                  ///< that are used, by chip and core
  double broadcasts = 0;                       ///< cores that a spike reaches, mean over sources
  double hops = 0;                             ///< between chips that a spike makes, mean over the chip's own neurons
};

/// A placement, or why none was found.
struct Placed {
  Placement placement;
  std::vector<Violation> violations;
};

/// Puts the circuit onto the board. The same for the same circuit, chip and options. Heuristic: a circuit that is refused for its routes or
/// tags may fit with another seed, and its violation says that none was found.
Placed place(const Network& network, const Circuit& circuit, const ChipSpec& chip, const MapOptions& options = {});

}  // namespace spikeloop::dynapse
