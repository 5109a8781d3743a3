// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/nir/flat.hpp"
#include "core/workload.hpp"

namespace spikeloop::nir {

/// What NeuroBench counts of a graph, as its nodes are in the file and not as they were composed to be run: Linear, Affine and convolutions
/// have weights, pools and Scale have no operations. `network` is that of the graph.
Workload workload_of(const FlatGraph& graph, const Network& network);

}  // namespace spikeloop::nir
