// SPDX-License-Identifier: Apache-2.0
#include "core/io/prophesee_dat.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "core/io/lines.hpp"

namespace spikeloop::io {
namespace {

constexpr std::size_t kMostHeaderLine = 4096;
constexpr std::size_t kEventBytes = 8;
constexpr std::uint32_t kMostPixels = 1u << 14;  // what 14 bits address

class DatReader final : public EventReader {
 public:
  explicit DatReader(ByteSource source) : source_(std::move(source)) {
    info_.format = "Prophesee DAT 2";
    while (read_header_line()) {
    }
    const std::uint64_t at = source_.offset();
    const std::string_view bytes = source_.take(2);
    if (bytes.size() < 2) source_.fail_cut(at, "its header, before the type and size of an event");
    const int type = static_cast<std::uint8_t>(bytes[0]), size = static_cast<std::uint8_t>(bytes[1]);
    if ((type != 0 && type != 12) || size != kEventBytes)
      source_.fail(at, fmt::format("the events are of type {} and {} bytes each; only types 0 and 12, of 8 bytes, can be read", type, size),
                   "export change detection (CD) events");
  }

 private:
  bool read_header_line() {
    const std::uint64_t at = source_.offset();
    const std::string_view some = source_.peek(kMostHeaderLine);
    if (!some.starts_with('%')) return false;
    const std::size_t end = some.find('\n');
    if (end == std::string_view::npos && some.size() < kMostHeaderLine) source_.fail_cut(at, "a line of its header");
    if (end == std::string_view::npos)
      source_.fail(at, "a line of the header has no end within 4096 bytes", "check that it is the DAT file that you mean");
    const std::string_view line = source_.take(end + 1).substr(0, end);
    const auto number = [&](std::string_view key) {
      std::uint32_t value = 0;
      if (!line.starts_with(key)) return value;
      const std::string_view text = trimmed(line.substr(key.size(), line.find('\r') - key.size()));
      const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc() || stop != text.data() + text.size() || value == 0 || value > kMostPixels)
        source_.fail(at, fmt::format("{} is no number from 1 to {}", in_quotes(line), kMostPixels), "the file is damaged: get it again");
      return value;
    };
    if (const std::uint32_t version = number("% Version "); version != 0 && version != 2)
      source_.fail(at, fmt::format("the version is {}, only 2 can be read", version), "export the recording anew");
    if (const std::uint32_t width = number("% Width "); width != 0) info_.width = width;
    if (const std::uint32_t height = number("% Height "); height != 0) info_.height = height;
    return true;
  }

  bool next(AddressEvent& event) override {
    const std::uint64_t at = source_.offset();
    const std::string_view bytes = source_.take(kEventBytes);
    if (bytes.empty()) return false;
    if (bytes.size() < kEventBytes) source_.fail_cut(at, fmt::format("an event: it has {} of {} bytes", bytes.size(), kEventBytes));
    const auto time = static_cast<std::uint32_t>(little_endian<4>(bytes)), word = static_cast<std::uint32_t>(little_endian<4>(bytes, 4));
    if (before_ > time && before_ - time > 1u << 31) wraps_ += std::int64_t{1} << 32;
    before_ = time;
    event.time = from_microseconds(wraps_ + time, source_, at);
    event.x = word & 0x3FFF;
    event.y = word >> 14 & 0x3FFF;
    event.on = (word >> 28 & 1) != 0;
    if ((info_.width != 0 && event.x >= info_.width) || (info_.height != 0 && event.y >= info_.height))
      source_.fail(
          at, fmt::format("an event is at ({}, {}), outside of the sensor of {} x {} pixels", event.x, event.y, info_.width, info_.height),
          "the file is damaged: get it again");
    return true;
  }

  ByteSource source_;
  std::uint32_t before_ = 0;
  std::int64_t wraps_ = 0;
};

}  // namespace

std::unique_ptr<EventReader> open_prophesee_dat(ByteSource source) { return std::make_unique<DatReader>(std::move(source)); }

}  // namespace spikeloop::io
