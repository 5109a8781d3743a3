// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "core/io/byte_source.hpp"
#include "core/io/events.hpp"

namespace spikeloop::io {

/// Event Stream 2.0 (.es; specification of neuromorphic-paris/event_stream): "Event Stream", three bytes of version, a byte of type, and,
/// but for generic events, the width and height of the sensor as little-endian 16-bit numbers; then events that tell the time since the one
/// before in us. DVS (1): pixels. ATIS (2): the changes are pixels, the measurements of exposure are left out and counted. Generic (0):
/// times only, their contents are left out and counted. Colour (4) and other versions are refused.
/// Throws DescriptionError for a bad header.
std::unique_ptr<EventReader> open_event_stream(ByteSource source);

}  // namespace spikeloop::io
