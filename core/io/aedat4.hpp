// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/io/byte_source.hpp"
#include "core/io/events.hpp"

namespace spikeloop::io {

/// AEDAT 4.0 (iniVation's documentation of the format): a line, a FlatBuffer that names the streams, then packets, plain or as an LZ4
/// frame. Given are the events of the first stream of type EVTS; packets of other streams are left out and counted. A packet may have 64
/// MiB. The index at the end is not needed, so that files that were not closed can be read. Throws DescriptionError for a bad header, also
/// where the packets are compressed with Zstandard.
std::unique_ptr<EventReader> open_aedat4(ByteSource source);

/// A stream that the header of such a file names.
struct Aedat4Stream {
  std::string type;                     ///< "EVTS", "IMUS", ...
  std::uint32_t width = 0, height = 0;  ///< pixels; 0 = not told
};

/// The streams by number, from the header's XML text; what does not belong there is passed over.
std::map<std::int32_t, Aedat4Stream> aedat4_streams(std::string_view xml);

}  // namespace spikeloop::io
