// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/backend.hpp"

/// What a back end promises, and what the conformance tests hold it to. Adding a back end is adding an entry here, and passing.
namespace spikeloop::conformance {

/// How far a train may be from the simulator's.
struct Tolerance {
  double count = 0;           ///< share of the simulator's spikes of a neuron
  double count_absolute = 0;  ///< and so many more
  double first_ms = 0;        ///< of the first spike of a neuron, for each synapse that it is behind (`Case::depth`)
};

struct Machine {
  std::string name;
  std::shared_ptr<Backend> (*make)();
  Tolerance delta, current, timing;  ///< networks with delta synapses; with exponential currents; single spikes
  bool stands_still = true;          ///< between two calls of `advance` no time passes: slicing changes nothing
  bool shows_potentials = true;
};

const std::vector<Machine>& machines();

}  // namespace spikeloop::conformance
