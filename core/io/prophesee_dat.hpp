// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "core/io/byte_source.hpp"
#include "core/io/events.hpp"

namespace spikeloop::io {

/// Prophesee DAT, version 2 (Prophesee's documentation of the format): lines that start with %, then the type (0 or 12, change detection)
/// and size (8) of an event in a byte each, then little-endian pairs of a time in us (which may wrap at 2^32) and a word with x in the bits
/// 0 to 13, y in 14 to 27 and the polarity in 28. Throws DescriptionError for a bad header.
std::unique_ptr<EventReader> open_prophesee_dat(ByteSource source);

}  // namespace spikeloop::io
