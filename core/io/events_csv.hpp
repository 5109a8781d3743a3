// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include "core/io/byte_source.hpp"
#include "core/io/events.hpp"

namespace spikeloop::io {

/// Events as CSV. The first line names the columns, in any order: a time (time_ms, time_us, time_ns or time_s) and x, y, polarity (0 or 1;
/// may be missing), or neuron and, perhaps, population; our spikes.csv is one of them. Faults are told with the line.
/// Throws DescriptionError for another first line.
std::unique_ptr<EventReader> open_events_csv(ByteSource source);

/// Whether a line names such columns.
bool is_events_csv_header(std::string_view line);

}  // namespace spikeloop::io
