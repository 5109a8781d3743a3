// SPDX-License-Identifier: Apache-2.0
#include "tests/firmware/streams.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>

namespace spikeloop::firmware {

void append_word(Bytes& bytes, unsigned word) {
  bytes.push_back(static_cast<std::byte>(word & 0xFF));
  bytes.push_back(static_cast<std::byte>(word >> 8));
}

std::vector<std::uint16_t> words_of(const Bytes& bytes) {
  std::vector<std::uint16_t> words;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2)
    words.push_back(static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[i]) | std::to_integer<unsigned>(bytes[i + 1]) << 8));
  return words;
}

std::vector<StreamEvent> random_events(std::uint64_t seed, std::size_t n, unsigned largest_gap_us) {
  RandomBits random(seed);
  std::vector<StreamEvent> events;
  std::int64_t time = random.below(100'000);
  for (std::size_t k = 0; k < n; ++k) {
    const unsigned kind = random.below(500);
    if (kind > 100) time += 1 + random.below(largest_gap_us);
    if (kind == 0 && largest_gap_us > 3) time += random.below(1'000'000);
    events.push_back({time, static_cast<std::uint8_t>(random.below(4)), static_cast<std::uint8_t>(random.below(256)),
                      static_cast<std::uint8_t>(random.below(4))});
  }
  return events;
}

Bytes encoded(const std::vector<StreamEvent>& events) {
  Bytes bytes;
  StreamEncoder().events(events, bytes);
  return bytes;
}

Decoded decode_sliced(const Bytes& bytes, const std::vector<std::size_t>& slices, std::size_t room) {
  Decoded decoded;
  StreamDecoder decoder;
  std::vector<StreamEvent> buffer(room);
  std::size_t at = 0;
  for (std::size_t k = 0; at < bytes.size(); ++k) {
    const std::size_t end = std::min(bytes.size(), at + slices[k % slices.size()]);
    while (at < end) {
      const StreamResult result = decoder.decode(std::span(bytes).subspan(at, end - at), buffer);
      at += result.bytes;
      const auto stop = buffer.begin() + static_cast<std::ptrdiff_t>(result.events);
      EXPECT_TRUE(std::is_sorted(buffer.begin(), stop, [](const auto& a, const auto& b) { return a.time_us < b.time_us; }));
      decoded.events.insert(decoded.events.end(), buffer.begin(), stop);
      if (result.stop != StreamStop::kInputEnd && result.stop != StreamStop::kOutputFull) decoded.stops.push_back(result.stop);
    }
  }
  decoded.stops.push_back(StreamStop::kInputEnd);
  decoded.counters = decoder.counters();
  decoded.waiting = decoder.bytes_waiting();
  return decoded;
}

}  // namespace spikeloop::firmware
