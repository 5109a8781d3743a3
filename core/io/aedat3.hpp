// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "core/io/byte_source.hpp"
#include "core/io/events.hpp"

namespace spikeloop::io {

/// AEDAT 3.1 (iniVation's documentation of the format): lines that start with #, then packets with a header of 28 bytes. Polarity events
/// become pixels. Spike events (Dynap-SE) become neurons, numbered (chip x 4 + core) x 256 + neuron; a file with both is refused at the
/// packet of the second kind. Invalid events and packets of other types are left out and counted.
/// Throws DescriptionError for a bad header.
std::unique_ptr<EventReader> open_aedat3(ByteSource source);

}  // namespace spikeloop::io
