// SPDX-License-Identifier: Apache-2.0
#include "core/io/event_stream.hpp"

#include <fmt/format.h>

#include <utility>

namespace spikeloop::io {
namespace {

constexpr int kGeneric = 0, kDvs = 1, kAtis = 2;
constexpr std::string_view kGetAgain = "the file is damaged: get it again";

class EventStreamReader final : public EventReader {
 public:
  explicit EventStreamReader(ByteSource source) : source_(std::move(source)) {
    const std::string_view head = source_.take(16);
    if (head.size() < 16) source_.fail_cut(0, "its header");
    const auto byte = [&](std::size_t i) { return int{static_cast<std::uint8_t>(head[i])}; };
    if (byte(12) != 2)
      source_.fail(12, fmt::format("the version is {}.{}.{}, only 2.x can be read", byte(12), byte(13), byte(14)),
                   "export it as version 2");
    type_ = byte(15);
    if (type_ > kAtis)
      source_.fail(15, fmt::format("the events are of type {}; generic (0), DVS (1) and ATIS (2) can be read", type_), "export DVS events");
    info_.format = fmt::format("Event Stream {}.{}, {}", byte(12), byte(13),
                               type_ == kGeneric ? "generic"
                               : type_ == kDvs   ? "DVS"
                                                 : "ATIS");
    if (type_ == kGeneric) {
      info_.addresses = Addresses::kNone;
      return;
    }
    const std::string_view size = source_.take(4);
    if (size.size() < 4) source_.fail_cut(16, "its header, before the size of the sensor");
    info_.width = static_cast<std::uint32_t>(little_endian<2>(size));
    info_.height = static_cast<std::uint32_t>(little_endian<2>(size, 2));
    if (info_.width == 0 || info_.height == 0) source_.fail(16, "the sensor has no pixels", std::string(kGetAgain));
  }

 private:
  bool next(AddressEvent& event) override {
    for (;;) {
      const std::uint64_t at = source_.offset();
      const std::string_view first = source_.take(1);
      if (first.empty()) return false;
      const std::uint32_t byte = static_cast<std::uint8_t>(first[0]);
      const bool given = type_ == kGeneric ? generic(event, byte, at) : type_ == kDvs ? dvs(event, byte, at) : atis(event, byte, at);
      if (given) return true;
    }
  }

  /// Each of these three takes the rest of what begins with `byte` at `at`; false if it is no event to give.
  bool generic(AddressEvent& event, std::uint32_t byte, std::uint64_t at) {
    if (byte >= 0xFE) {  // 0xFF: 254 us went by; 0xFE: the writer resets the reader
      if (byte == 0xFF) microseconds_ += 0xFE;
      return false;
    }
    microseconds_ += byte;
    std::uint64_t size = 0;
    for (unsigned shift = 0;; shift += 7) {  // seven bits a byte, the lowest first; bit 0 tells that more follow
      const std::string_view more = source_.take(1);
      if (more.empty()) source_.fail_cut(at, "the length of an event");
      if (shift > 28) source_.fail(at, "the length of an event has more than 35 bits", std::string(kGetAgain));
      const std::uint64_t bits = static_cast<std::uint8_t>(more[0]);
      size |= (bits >> 1) << shift;
      if ((bits & 1) == 0) break;
    }
    if (!source_.skip(size)) source_.fail_cut(at, fmt::format("the {} bytes of an event", size));
    info_.left_out["bytes of content"] += size;
    event.time = from_microseconds(microseconds_, source_, at);
    return true;
  }

  bool dvs(AddressEvent& event, std::uint32_t byte, std::uint64_t at) {
    if (byte >= 0xFE) {
      if (byte == 0xFF) microseconds_ += 0x7F;
      return false;
    }
    microseconds_ += byte >> 1;
    event.on = (byte & 1) != 0;
    place(event, at);
    return true;
  }

  bool atis(AddressEvent& event, std::uint32_t byte, std::uint64_t at) {
    if (byte >= 0xFC) {
      microseconds_ += std::int64_t{0x3F} * (byte & 3);
      return false;
    }
    microseconds_ += byte >> 2;
    event.on = (byte & 2) != 0;
    place(event, at);
    if ((byte & 1) == 0) return true;
    ++info_.left_out["measurements of exposure"];
    return false;
  }

  void place(AddressEvent& event, std::uint64_t at) {
    const std::string_view bytes = source_.take(4);
    if (bytes.size() < 4) source_.fail_cut(at, "an event");
    event.time = from_microseconds(microseconds_, source_, at);
    event.x = static_cast<std::uint32_t>(little_endian<2>(bytes));
    event.y = static_cast<std::uint32_t>(little_endian<2>(bytes, 2));
    if (event.x >= info_.width || event.y >= info_.height)
      source_.fail(
          at, fmt::format("an event is at ({}, {}), outside of the sensor of {} x {} pixels", event.x, event.y, info_.width, info_.height),
          std::string(kGetAgain));
  }

  ByteSource source_;
  int type_ = 0;
  std::int64_t microseconds_ = 0;
};

}  // namespace

std::unique_ptr<EventReader> open_event_stream(ByteSource source) { return std::make_unique<EventStreamReader>(std::move(source)); }

}  // namespace spikeloop::io
