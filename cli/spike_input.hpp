// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/cli.hpp"
#include "core/network.hpp"
#include "core/recording.hpp"

namespace spikeloop::cli {

/// Spikes for the external sources of a network, from spikes.csv or a recording of events (`time_unit`: of a .npy file that does not tell
/// it), in the order of time; those from `until` on are left out and told. None without a file. Throws DescriptionError for spikes of a
/// population that is no external source.
std::vector<Spike> read_input(const std::string& file, const std::string& time_unit, const Network& network, Time until,
                              Terminal& terminal);

}  // namespace spikeloop::cli
