// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "tests/simulator/networks.hpp"

/// Pairs of spikes at times that the test says, and what a rule makes of them.
namespace spikeloop::testing {

/// A neuron that fires exactly when `force` says, and a plastic synapse from `pre` that is far too weak to matter.
/// Populations: 0 pre, 1 post, 2 force, 3 teach (modulator, opens the gate). Projection 0 is the plastic one, made as `how` says.
NetworkDescription pair_protocol(const decltype(Rule::kind)& kind, double delay_ms = 0.1, Commit commit = Commit::kImmediate,
                                 Time resolution = 100 * kMicrosecond, const Connect& how = AllToAll{});

/// Weight after pre spikes emitted and post spikes fired at the given times. The gate opens at `gate_ms` if that is >= 0.
double weight_after(const NetworkDescription& d, const std::vector<double>& pre_ms, const std::vector<double>& post_ms, double gate_ms = -1,
                    double until_ms = 200);

/// A window that is not symmetric.
Stdp window();

/// Change by one pair; dt = post - arrival of pre.
double pair_change(const Stdp& s, double dt);

}  // namespace spikeloop::testing
