// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "core/io/byte_source.hpp"
#include "core/io/events.hpp"

namespace spikeloop::io {

/// Events as a .npy array, an event a row, of little-endian numbers or booleans. Structured: fields x, y, p (or polarity, on), or id (or
/// neuron) instead of x and y, and a time: t_ns, t_us, t_ms or t_s; of t (or time, ts, timestamp) `EventOptions::time_unit` must tell the
/// unit. Plain: shape (n, 4), columns x, y, p, t as the event data sets of tonic have them, or (n, 2), columns id, t; `time_unit` must be
/// told. Times are rounded to the nanosecond. Throws DescriptionError for a header that is none of these.
std::unique_ptr<EventReader> open_events_npy(ByteSource source, const EventOptions& options);

}  // namespace spikeloop::io
