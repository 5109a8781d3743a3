// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <ostream>

#include "core/network.hpp"
#include "core/profile.hpp"
#include "report/table.hpp"

/// Where the time of a session went, for people and for programs.
namespace spikeloop::report {

/// A row a phase and population, phases in the order of a tick, populations with the longest time first; a row for the phase where it has
/// more than one. Shares are of the time that was measured, summed over threads.
Table profile_table(const Profile& profile, const Network& network);

/// The same as an array of {phase, population, seconds, operations}; population null: work that belongs to no single one.
nlohmann::ordered_json profile_json(const Profile& profile, const Network& network);

/// The profile's spans in the Trace Event Format that chrome://tracing and Perfetto read: one line a lane of the network and one for what
/// is done for all at once; inside a span its phases, one behind the other, each as long as it took in all ticks of the span.
void write_chrome_trace(std::ostream& out, const Profile& profile, const Network& network);

}  // namespace spikeloop::report
