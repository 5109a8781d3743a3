// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/network.hpp"
#include "core/nir/graph.hpp"

namespace spikeloop::nir {

/// The graph of a network, for `--unit s --pulse dirac-1` and the reset that its neurons have: time constants in seconds, 1 mV as 1, a
/// spike of weight w as an impulse whose jump is w. Connections that are drawn are written as drawn. Throws DescriptionError with
/// everything that NIR cannot say: learning, sources other than external ones, apical ports, refractory times, adaptation, floors, initial
/// potentials.
Graph graph_of(const Network& network);

}  // namespace spikeloop::nir
