// SPDX-License-Identifier: Apache-2.0
#include "core/io/aedat3.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/io/lines.hpp"

namespace spikeloop::io {
namespace {

constexpr std::size_t kMostHeaderLine = 4096;
constexpr std::size_t kPacketHeaderBytes = 28, kEventBytes = 8;
constexpr int kPolarityType = 1, kSpikeType = 12;
constexpr std::string_view kGetAgain = "the file is damaged: get it again";

struct Sensor {
  std::string_view name;
  std::uint32_t width, height;
};
/// Longer names first. The sizes are those of the makers' data sheets.
constexpr std::array kSensors = {Sensor{"DAVIS240", 240, 180}, Sensor{"DAVIS346", 346, 260}, Sensor{"DAVIS640", 640, 480},
                                 Sensor{"DAVIS128", 128, 128}, Sensor{"DVS128", 128, 128}};

/// What the 28 bytes before the events of a packet say.
struct Packet {
  int type = 0;
  std::int32_t event_bytes = 0, time_offset = 0, time_overflow = 0, capacity = 0, number = 0;
};

std::int32_t int_at(std::string_view bytes, std::size_t at) { return static_cast<std::int32_t>(little_endian<4>(bytes, at)); }

class Aedat3Reader final : public EventReader {
 public:
  explicit Aedat3Reader(ByteSource source) : source_(std::move(source)) {
    info_.format = "AEDAT 3.1";
    info_.clock_is_absolute = true;
    while (read_header_line()) {
    }
  }

 private:
  /// False after the last line.
  bool read_header_line() {
    const std::uint64_t at = source_.offset();
    const std::string_view some = source_.peek(kMostHeaderLine);
    if (some.empty() || some.front() != '#') return false;  // some writers leave #!END-HEADER out
    const std::size_t end = some.find('\n');
    if (end == std::string_view::npos && some.size() < kMostHeaderLine) source_.fail_cut(at, "a line of its header");
    if (end == std::string_view::npos)
      source_.fail(at, "a line of the header has no end within 4096 bytes", "check that it is the AEDAT file that you mean");
    std::string_view line = source_.take(end + 1).substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with("#Format: ") && line != "#Format: RAW")
      source_.fail(at, fmt::format("the packets are in the format {}, only RAW can be read", in_quotes(line.substr(9))),
                   "record or export it as RAW");
    if (line.starts_with("#Source ") && info_.width == 0) take_sensor(line);
    return line != "#!END-HEADER";
  }

  void take_sensor(std::string_view line) {
    for (const Sensor& sensor : kSensors) {
      if (line.find(sensor.name) == std::string_view::npos) continue;
      info_.width = sensor.width;
      info_.height = sensor.height;
      return;
    }
  }

  bool next(AddressEvent& event) override {
    for (;;) {
      while (left_ == 0)
        if (!next_packet()) return false;
      const std::uint64_t at = source_.offset();
      const std::string_view bytes = source_.take(kEventBytes);
      if (bytes.size() < kEventBytes) source_.fail_cut(at, fmt::format("a packet: {} of its events are missing", left_));
      --left_;
      const auto data = static_cast<std::uint32_t>(little_endian<4>(bytes));
      if ((data & 1) == 0) {
        ++info_.left_out["events marked as invalid"];
        continue;
      }
      decode(event, data, int_at(bytes, 4), at);
      return true;
    }
  }

  void decode(AddressEvent& event, std::uint32_t data, std::int32_t time, std::uint64_t at) const {
    if (time < 0) source_.fail(at, fmt::format("an event has the time {} us", time), std::string(kGetAgain));
    event.time = from_microseconds((std::int64_t{packet_.time_overflow} << 31) + time, source_, at);
    if (packet_.type == kPolarityType) {
      event.on = (data & 2) != 0;
      event.y = data >> 2 & 0x7FFF;
      event.x = data >> 17;
      if (info_.width != 0 && (event.x >= info_.width || event.y >= info_.height))
        source_.fail(
            at,
            fmt::format("an event is at ({}, {}), outside of the sensor of {} x {} pixels", event.x, event.y, info_.width, info_.height),
            std::string(kGetAgain));
      return;
    }
    const std::uint32_t core = data >> 1 & 0x1F, chip = data >> 6 & 0x3F, neuron = data >> 12;
    if (core >= 4 || neuron >= 256)
      source_.fail(at, fmt::format("a spike is of core {}, neuron {}; a Dynap-SE has 4 cores of 256", core, neuron),
                   std::string(kGetAgain));
    event.x = (chip * 4 + core) * 256 + neuron;
    event.y = 0;
    event.on = true;
  }

  /// Moves to the events of the next packet that has any; false at the end of the file.
  bool next_packet() {
    const std::uint64_t at = source_.offset();
    const std::string_view bytes = source_.take(kPacketHeaderBytes);
    if (bytes.empty()) return false;
    if (bytes.size() < kPacketHeaderBytes) source_.fail_cut(at, "the header of a packet");
    packet_ = {static_cast<std::int16_t>(little_endian<2>(bytes)),
               int_at(bytes, 4),
               int_at(bytes, 8),
               int_at(bytes, 12),
               int_at(bytes, 16),
               int_at(bytes, 20)};
    if (packet_.event_bytes < 0 || packet_.number < 0 || packet_.number > packet_.capacity || packet_.time_overflow < 0)
      source_.fail(at,
                   fmt::format("a packet says that it has {} events of {} bytes, room for {}, and the time overflow {}", packet_.number,
                               packet_.event_bytes, packet_.capacity, packet_.time_overflow),
                   std::string(kGetAgain));
    if (packet_.type != kPolarityType && packet_.type != kSpikeType) {
      ++info_.left_out[fmt::format("packets of type {}", packet_.type)];
      const auto size = static_cast<std::uint64_t>(packet_.number) * static_cast<std::uint64_t>(packet_.event_bytes);
      if (!source_.skip(size)) source_.fail_cut(at, fmt::format("a packet of type {}", packet_.type));
      return true;
    }
    if (packet_.event_bytes != kEventBytes || packet_.time_offset != 4)
      source_.fail(at,
                   fmt::format("an event of type {} has {} bytes and its time at byte {}; 8 and 4 are wanted", packet_.type,
                               packet_.event_bytes, packet_.time_offset),
                   std::string(kGetAgain));
    if (kind_ != 0 && packet_.type != kind_)
      source_.fail(at, "the file has events of pixels and spikes of neurons; only one kind can be read at a time",
                   "export them to files of their own");
    kind_ = packet_.type;
    info_.addresses = kind_ == kSpikeType ? Addresses::kNeurons : Addresses::kPixels;
    if (kind_ == kSpikeType) info_.width = info_.height = 0;  // of a camera that recorded too
    left_ = packet_.number;
    return true;
  }

  ByteSource source_;
  Packet packet_;
  std::int32_t left_ = 0;  ///< events of the packet at work
  int kind_ = 0;
};

}  // namespace

std::unique_ptr<EventReader> open_aedat3(ByteSource source) { return std::make_unique<Aedat3Reader>(std::move(source)); }

}  // namespace spikeloop::io
