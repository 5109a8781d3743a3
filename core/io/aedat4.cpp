// SPDX-License-Identifier: Apache-2.0
#include "core/io/aedat4.hpp"

#include <fmt/format.h>
#include <lz4frame.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "core/io/flat_table.hpp"
#include "core/io/lines.hpp"

namespace spikeloop::io {
namespace {

constexpr std::string_view kFirstLine = "#!AER-DAT4.0\r\n";
constexpr std::size_t kMostHeader = std::size_t{1} << 24, kMostPacket = std::size_t{1} << 26, kChunk = std::size_t{1} << 16;
constexpr std::size_t kEventBytes = 16;  // i64 time in us, i16 x, i16 y, u8 polarity, three of padding
constexpr int kPlain = 0, kLz4 = 1, kLz4High = 2;
constexpr std::string_view kGetAgain = "the file is damaged: get it again";

/// What `name="..."` of a tag says.
std::string_view attribute(std::string_view tag, std::string_view name) {
  const std::string key = fmt::format(" {}=\"", name);
  const std::size_t at = tag.find(key);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = tag.substr(at + key.size());
  return rest.substr(0, rest.find('"'));
}

template <class Number>
Number number_of(std::string_view text, Number otherwise) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : otherwise;
}

/// Unpacks LZ4 frames.
class Lz4 {
 public:
  Lz4() {
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) != 0) throw BugError("lz4 does not start");
  }
  ~Lz4() { LZ4F_freeDecompressionContext(context_); }
  Lz4(const Lz4&) = delete;
  Lz4& operator=(const Lz4&) = delete;

  void start() { LZ4F_resetDecompressionContext(context_); }
  /// Appends what `packed` unpacks to, and stops when `out` has more than `most` bytes. Returns why it cannot, or null.
  const char* unpack(std::string_view packed, std::size_t most, std::string& out) {
    std::array<char, kChunk> chunk;
    while (!packed.empty() && out.size() <= most) {
      std::size_t taken = packed.size(), made = chunk.size();
      const std::size_t result = LZ4F_decompress(context_, chunk.data(), &made, packed.data(), &taken, nullptr);
      if (LZ4F_isError(result) != 0) return LZ4F_getErrorName(result);
      out.append(chunk.data(), made);
      packed.remove_prefix(taken);
      if (taken == 0 && made == 0) return "the frame does not go on";
    }
    return nullptr;
  }
  /// Whether the frame ends in these bytes, or is none.
  bool ends_in(std::string_view packed) {
    std::array<char, kChunk> chunk;
    while (true) {
      std::size_t taken = packed.size(), made = chunk.size();
      const std::size_t result = LZ4F_decompress(context_, chunk.data(), &made, packed.data(), &taken, nullptr);
      packed.remove_prefix(taken);
      if (result == 0 || LZ4F_isError(result) != 0) return true;
      if (taken == 0 && made == 0) return false;
    }
  }

 private:
  LZ4F_dctx* context_ = nullptr;
};

class Aedat4Reader final : public EventReader {
 public:
  explicit Aedat4Reader(ByteSource source) : source_(std::move(source)) {
    info_.clock_is_absolute = true;
    source_.take(kFirstLine.size());
    read_header();
    const auto events = std::find_if(streams_.begin(), streams_.end(), [](const auto& s) { return s.second.type == "EVTS"; });
    if (events == streams_.end())
      source_.fail(kFirstLine.size(), "the header names no stream of events (EVTS)", "record the events of the camera too");
    stream_ = events->first;
    info_.width = events->second.width;
    info_.height = events->second.height;
  }

 private:
  void read_header() {
    const std::uint64_t at = source_.offset();
    const std::string_view size_bytes = source_.take(4);
    if (size_bytes.size() < 4) source_.fail_cut(at, "its header");
    const std::uint64_t size = little_endian<4>(size_bytes);
    if (size > kMostHeader)
      source_.fail(at, fmt::format("the header says that it has {} bytes, the most is 16 MiB", size), std::string(kGetAgain));
    const std::string_view bytes = source_.take(size);
    if (bytes.size() < size) source_.fail_cut(at, fmt::format("its header of {} bytes", size));
    const auto table = FlatTable::root(bytes);
    if (!table) source_.fail(at, "the header is no FlatBuffer", std::string(kGetAgain));
    const auto compression = table->scalar(0, 4), end = table->scalar(1, 8), xml = table->vector(2, 1);
    compression_ = compression ? static_cast<int>(little_endian<4>(*compression)) : kPlain;
    if (compression_ != kPlain && compression_ != kLz4 && compression_ != kLz4High)
      source_.fail(
          at, fmt::format("the packets are compressed by method {} (3 and 4 are Zstandard), only LZ4 and none can be read", compression_),
          "export the recording with LZ4 or without compression");
    if (end) end_ = static_cast<std::int64_t>(little_endian<8>(*end));
    if (xml) streams_ = aedat4_streams(*xml);
    info_.format = compression_ == kPlain ? "AEDAT 4.0, not compressed" : "AEDAT 4.0, LZ4";
  }

  bool next(AddressEvent& event) override {
    while (events_.empty())
      if (!next_packet()) return false;
    event.time = from_microseconds(static_cast<std::int64_t>(little_endian<8>(events_)), source_, packet_at_);
    const auto x = static_cast<std::int16_t>(little_endian<2>(events_, 8)), y = static_cast<std::int16_t>(little_endian<2>(events_, 10));
    if (x < 0 || y < 0 || (info_.width != 0 && std::uint32_t(x) >= info_.width) || (info_.height != 0 && std::uint32_t(y) >= info_.height))
      source_.fail(
          packet_at_,
          fmt::format("an event of the packet is at ({}, {}), outside of the sensor of {} x {} pixels", x, y, info_.width, info_.height),
          std::string(kGetAgain));
    event.x = static_cast<std::uint32_t>(x);
    event.y = static_cast<std::uint32_t>(y);
    event.on = events_[12] != '\0';
    events_.remove_prefix(kEventBytes);
    return true;
  }

  /// Takes one packet; false at the end.
  bool next_packet() {
    packet_at_ = source_.offset();
    if (end_ > 0 && packet_at_ >= static_cast<std::uint64_t>(end_)) {
      if (packet_at_ == static_cast<std::uint64_t>(end_)) skip_index();
      return false;
    }
    const std::string_view head = source_.take(8);
    if (head.empty() && end_ <= 0) return false;  // a file that was not closed has no index
    if (head.size() < 8) source_.fail_cut(packet_at_, "the head of a packet, before the index that the header promises");
    const auto stream = static_cast<std::int32_t>(little_endian<4>(head)), size = static_cast<std::int32_t>(little_endian<4>(head, 4));
    const auto known = streams_.find(stream);
    if (known == streams_.end() || size < 0)
      source_.fail(packet_at_, fmt::format("a packet says that it is of stream {} and has {} bytes", stream, size), std::string(kGetAgain));
    const auto bytes = static_cast<std::size_t>(size);
    if (stream == stream_) {
      take_events(bytes);
      return true;
    }
    ++info_.left_out[fmt::format("packets of {}", in_quotes(known->second.type))];
    if (!source_.skip(bytes)) source_.fail_cut(packet_at_, fmt::format("a packet of {} bytes", bytes));
    return true;
  }

  /// The index is a length and a FlatBuffer, compressed as packets are. It is not needed, but a file that ends inside it is cut.
  void skip_index() {
    bool whole = false;
    if (compression_ == kPlain) {
      const std::string_view size = source_.take(4);
      whole = size.size() == 4 && source_.skip(little_endian<4>(size));
    } else {
      lz4_.start();
      for (std::string_view bytes = source_.take(kChunk); !whole && !bytes.empty(); bytes = source_.take(kChunk))
        whole = lz4_.ends_in(bytes);
    }
    if (!whole) source_.fail_cut(packet_at_, "its index, which comes after all packets");
  }

  void take_events(std::size_t size) {
    unpack(size);
    // "packet" is a length, then a FlatBuffer whose field 0 is the vector of events.
    const auto table = packet_.size() < 4 ? std::nullopt : FlatTable::root(std::string_view(packet_).substr(4));
    if (!table) source_.fail(packet_at_, "a packet of events is no FlatBuffer", std::string(kGetAgain));
    const auto events = table->vector(0, kEventBytes);
    if (!events && table->has(0)) source_.fail(packet_at_, "a packet of events has more of them than bytes", std::string(kGetAgain));
    events_ = events.value_or(std::string_view{});
  }

  /// Fills `packet_` with the plain bytes of the packet.
  void unpack(std::size_t size) {
    packet_.clear();
    lz4_.start();
    std::size_t most = kMostPacket;  // until it tells
    for (std::size_t left = size; left > 0;) {
      const std::string_view bytes = source_.take(std::min(left, kChunk));
      if (bytes.empty()) source_.fail_cut(packet_at_, fmt::format("a packet of {} bytes", size));
      left -= bytes.size();
      if (compression_ == kPlain) {
        packet_.append(bytes);
      } else if (const char* why = lz4_.unpack(bytes, most, packet_); why != nullptr) {
        source_.fail(packet_at_, fmt::format("a packet cannot be unpacked: {}", why), std::string(kGetAgain));
      }
      if (packet_.size() >= 4) most = std::min<std::size_t>(kMostPacket, little_endian<4>(packet_) + 4);
      if (packet_.size() > most)
        source_.fail(packet_at_, fmt::format("a packet has more than the {} bytes that it says, or may have", most),
                     std::string(kGetAgain));
    }
    if (packet_.size() < 4 || packet_.size() != little_endian<4>(packet_) + 4)
      source_.fail(packet_at_, fmt::format("a packet has {} bytes and does not say so", packet_.size()), std::string(kGetAgain));
  }

  ByteSource source_;
  Lz4 lz4_;
  std::map<std::int32_t, Aedat4Stream> streams_;
  int compression_ = kPlain;
  std::int64_t end_ = -1;  ///< where the index begins; <= 0: there is none
  std::int32_t stream_ = 0;
  std::string packet_;
  std::string_view events_;  ///< those of the packet that are still to give
  std::uint64_t packet_at_ = 0;
};

}  // namespace

std::map<std::int32_t, Aedat4Stream> aedat4_streams(std::string_view xml) {
  std::map<std::int32_t, Aedat4Stream> streams;
  std::vector<std::string_view> path;  // names of the nodes that are open
  for (std::size_t at = xml.find('<'); at != std::string_view::npos; at = xml.find('<', at)) {
    const std::size_t end = xml.find('>', at);
    if (end == std::string_view::npos) break;
    const std::string_view tag = xml.substr(at, end - at);
    at = end + 1;
    if (tag.starts_with("</node") && !path.empty()) path.pop_back();
    if (tag.starts_with("<node") && !tag.ends_with('/')) path.push_back(attribute(tag, "name"));
    if (!tag.starts_with("<attr")) continue;
    const auto info = std::find(path.begin(), path.end(), "outInfo");
    if (path.end() - info < 2) continue;
    const std::int32_t number = number_of<std::int32_t>(*(info + 1), -1);
    if (number < 0) continue;
    const std::string_view key = attribute(tag, "key"), value = xml.substr(at, xml.find('<', at) - at);
    constexpr std::uint32_t kMostPixels = 1u << 15;  // what a positive int16 addresses
    if (key == "typeIdentifier") streams[number].type = value;
    if (key == "sizeX") streams[number].width = std::min(number_of<std::uint32_t>(value, 0), kMostPixels);
    if (key == "sizeY") streams[number].height = std::min(number_of<std::uint32_t>(value, 0), kMostPixels);
  }
  return streams;
}

std::unique_ptr<EventReader> open_aedat4(ByteSource source) { return std::make_unique<Aedat4Reader>(std::move(source)); }

}  // namespace spikeloop::io
