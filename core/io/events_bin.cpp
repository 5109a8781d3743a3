// SPDX-License-Identifier: Apache-2.0
#include "core/io/events_bin.hpp"

#include <fmt/format.h>

#include "core/io/files.hpp"
#include "core/io/lines.hpp"

namespace spikeloop::io {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;
constexpr std::size_t kEventBytes = 5;

}  // namespace

std::vector<Event> parse_events_bin(std::string_view bytes, const std::string& name, std::uint32_t addresses) {
  Faults faults(name);
  if (const std::size_t rest = bytes.size() % kEventBytes; rest != 0)
    faults.add(
        0,
        fmt::format("has {} bytes, but an event is {} bytes: {} too many at byte {}", bytes.size(), kEventBytes, rest, bytes.size() - rest),
        "use an intact copy of a file of five-byte events");
  std::vector<Event> events;
  events.reserve(bytes.size() / kEventBytes);
  for (std::size_t at = 0; at + kEventBytes <= bytes.size(); at += kEventBytes) {
    const auto byte = [&](std::size_t i) { return std::uint32_t{static_cast<std::uint8_t>(bytes[at + i])}; };
    const std::uint32_t address = byte(0) << 8 | byte(1), microseconds = (byte(2) & 0x7F) << 16 | byte(3) << 8 | byte(4);
    if (address >= addresses)
      faults.add(0, fmt::format("event {} at byte {} has the address {}, but there are only {}", at / kEventBytes, at, address, addresses),
                 "use an intact copy, or a population of the size that the recording has");
    events.push_back({microseconds * kMicrosecond, address, (byte(2) & 0x80) != 0});
  }
  faults.throw_if_any();
  return events;
}

std::vector<Event> read_events_bin(const std::filesystem::path& path, std::uint32_t addresses, std::string_view expected_sha256,
                                   std::string_view origin) {
  const std::string bytes = read_file(path, kMostBytes, origin);
  check_sha256(bytes, expected_sha256, path.string());
  return parse_events_bin(bytes, path.string(), addresses);
}

}  // namespace spikeloop::io
