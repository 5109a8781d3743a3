// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lz4frame.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/byte_source.hpp"
#include "core/io/events.hpp"

/// Recordings made by hand, from what the formats say.
namespace spikeloop::io::test {

/// The lowest byte first.
inline std::string bytes_of(std::uint64_t value, std::size_t n) {
  std::string out;
  for (std::size_t i = 0; i < n; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
  return out;
}

/// A packet of AEDAT 3.1 with events of 8 bytes, all of them counted by it.
inline std::string aedat3_packet(int type, const std::string& events, std::uint32_t overflow = 0) {
  const std::uint64_t n = events.size() / 8;
  return bytes_of(static_cast<std::uint64_t>(type), 2) + bytes_of(1, 2) + bytes_of(8, 4) + bytes_of(4, 4) + bytes_of(overflow, 4) +
         bytes_of(n, 4) + bytes_of(n, 4) + bytes_of(n, 4) + events;
}
inline std::string aedat3_header(const std::string& source = "DVS128") {
  return "#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: " + source + "\r\n#Start-Time: 2017-01-01\r\n#!END-HEADER\r\n";
}
inline std::string aedat3_polarity(std::uint32_t x, std::uint32_t y, bool on, std::uint32_t us, bool valid = true) {
  return bytes_of(std::uint64_t{valid} | std::uint64_t{on} << 1 | std::uint64_t{y} << 2 | std::uint64_t{x} << 17, 4) + bytes_of(us, 4);
}

/// The head of AEDAT 4.0 with an event stream 0 of 320 x 240 pixels and a stream 1 of another type.
inline std::string aedat4_header(std::uint32_t compression, std::int64_t table_position = -1) {
  const std::string xml =
      R"(<dv><node name="outInfo"><node name="0"><attr key="typeIdentifier" type="string">EVTS</attr><node name="info">)"
      R"(<attr key="sizeX" type="int">320</attr><attr key="sizeY" type="int">240</attr></node></node>)"
      R"(<node name="1"><attr key="typeIdentifier" type="string">IMUS</attr></node></node></dv>)";
  // Root offset, identifier, a table of fields (10 bytes), two of padding, the table (20 bytes), the text.
  const std::string flat = bytes_of(20, 4) + "IOHE" + bytes_of(10, 2) + bytes_of(20, 2) + bytes_of(4, 2) + bytes_of(12, 2) +
                           bytes_of(8, 2) + bytes_of(0, 2) + bytes_of(12, 4) + bytes_of(compression, 4) + bytes_of(12, 4) +
                           bytes_of(static_cast<std::uint64_t>(table_position), 8) + bytes_of(xml.size(), 4) + xml + '\0';
  return "#!AER-DAT4.0\r\n" + bytes_of(flat.size(), 4) + flat;
}
inline std::string aedat4_event(std::int64_t us, std::int16_t x, std::int16_t y, bool on) {
  return bytes_of(static_cast<std::uint64_t>(us), 8) + bytes_of(static_cast<std::uint16_t>(x), 2) +
         bytes_of(static_cast<std::uint16_t>(y), 2) + bytes_of(on, 4);
}
/// Events as the FlatBuffer of a packet, with its length in front.
inline std::string aedat4_body(const std::string& events) {
  const std::string flat = bytes_of(16, 4) + "EVTS" + bytes_of(6, 2) + bytes_of(8, 2) + bytes_of(4, 2) + bytes_of(0, 2) + bytes_of(8, 4) +
                           bytes_of(4, 4) + bytes_of(events.size() / 16, 4) + events;
  return bytes_of(flat.size(), 4) + flat;
}
inline std::string lz4_frame(const std::string& plain) {
  std::string out(LZ4F_compressFrameBound(plain.size(), nullptr), '\0');
  out.resize(LZ4F_compressFrame(out.data(), out.size(), plain.data(), plain.size(), nullptr));
  return out;
}
inline std::string aedat4_packet(std::int32_t stream, const std::string& body) {
  return bytes_of(static_cast<std::uint32_t>(stream), 4) + bytes_of(body.size(), 4) + body;
}

/// All that a reader gives, and the text of the fault that ended it.
struct Drained {
  std::vector<AddressEvent> events;
  std::string fault;
  EventFileInfo info;
};
inline Drained drain(EventReader& reader, std::size_t chunk = 3) {
  Drained d;
  std::vector<AddressEvent> some(chunk);
  try {
    while (const std::size_t n = reader.read(some))
      d.events.insert(d.events.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(n));
  } catch (const DescriptionError& error) {
    d.fault = error.what();
  }
  d.info = reader.info();
  return d;
}
/// Bytes as the file `name`; a reader that is not recognised gives the fault "not recognised".
inline Drained drain_bytes(const std::string& bytes, const std::string& name, const EventOptions& options = {}) {
  try {
    const auto reader = try_open_events(ByteSource(bytes, name), options);
    if (reader) return drain(*reader);
  } catch (const DescriptionError& error) {
    return {{}, error.what(), {}};
  }
  return {{}, "not recognised", {}};
}

}  // namespace spikeloop::io::test
