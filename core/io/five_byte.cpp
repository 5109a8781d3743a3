// SPDX-License-Identifier: Apache-2.0
#include "core/io/five_byte.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace spikeloop::io {
namespace {

constexpr std::size_t kEventBytes = 5;
constexpr std::size_t kLooked = 4096;  // events
constexpr std::uint32_t kOverflowRow = 240;
constexpr std::int64_t kOverflowMicroseconds = 1 << 13;

std::uint32_t byte_of(std::string_view bytes, std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); }

std::uint32_t microseconds_of(std::string_view event) {
  return (byte_of(event, 2) & 0x7Fu) << 16 | byte_of(event, 3) << 8 | byte_of(event, 4);
}

class FiveByteReader final : public EventReader {
 public:
  FiveByteReader(ByteSource source, bool one_dimensional) : source_(std::move(source)), one_dimensional_(one_dimensional) {
    info_.format = one_dimensional ? "five-byte events of neurons" : "five-byte events of pixels";
    info_.addresses = one_dimensional ? Addresses::kNeurons : Addresses::kPixels;
  }

 private:
  bool next(AddressEvent& event) override {
    for (;;) {
      const std::uint64_t at = source_.offset();
      const std::string_view bytes = source_.take(kEventBytes);
      if (bytes.empty()) return false;
      if (bytes.size() < kEventBytes) source_.fail_cut(at, fmt::format("an event: it has {} of {} bytes", bytes.size(), kEventBytes));
      if (!one_dimensional_ && byte_of(bytes, 1) == kOverflowRow) {
        overflow_ += kOverflowMicroseconds;
        ++info_.left_out["marks of a time overflow"];
        continue;
      }
      event.time = from_microseconds(microseconds_of(bytes) + overflow_, source_, at);
      event.x = one_dimensional_ ? byte_of(bytes, 0) << 8 | byte_of(bytes, 1) : byte_of(bytes, 0);
      event.y = one_dimensional_ ? 0 : byte_of(bytes, 1);
      event.on = (byte_of(bytes, 2) & 0x80) != 0;
      return true;
    }
  }

  ByteSource source_;
  bool one_dimensional_;
  std::int64_t overflow_ = 0;
};

bool is_text(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t'; });
}

}  // namespace

std::unique_ptr<EventReader> open_five_byte(ByteSource source, bool one_dimensional) {
  return std::make_unique<FiveByteReader>(std::move(source), one_dimensional);
}

std::string looks_like_five_byte(ByteSource& source, bool& one_dimensional) {
  const std::string_view bytes = source.peek(kEventBytes * kLooked);
  const std::size_t events = bytes.size() / kEventBytes;
  if (events == 0 || is_text(bytes)) return {};
  std::size_t back = 0, first_byte_used = 0;
  for (std::size_t i = 0; i < events; ++i) {
    const std::string_view event = bytes.substr(i * kEventBytes, kEventBytes);
    first_byte_used += event[0] != '\0';
    back += i > 0 && microseconds_of(event) < microseconds_of(bytes.substr((i - 1) * kEventBytes, kEventBytes));
  }
  const std::string suffix = std::filesystem::path(source.name()).extension().string();
  one_dimensional = suffix == ".bs1" || (suffix != ".bin" && suffix != ".bs2" && first_byte_used == 0);
  if (suffix == ".bin" || suffix == ".bs1" || suffix == ".bs2")
    return fmt::format("its suffix {}; the bytes have no mark of another format", suffix);
  if (events < 2 || back * 10 > events) return {};
  return fmt::format("its times; of {} events {} go back (there is no mark; {} is told by the suffixes .bs1 and .bin)", events, back,
                     one_dimensional ? "neurons or pixels" : "pixels or neurons");
}

}  // namespace spikeloop::io
