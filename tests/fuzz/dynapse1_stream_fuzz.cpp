// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "firmware-interface/dynapse1/event_stream.hpp"

namespace {

using namespace spikeloop::firmware;

void check(bool right) {
  if (!right) std::abort();
}

struct Decoded {
  std::vector<StreamEvent> events;
  StreamCounters counters;
};

Decoded decode(std::span<const std::byte> bytes, std::size_t slice, std::size_t room) {
  Decoded decoded;
  StreamDecoder decoder;
  std::vector<StreamEvent> buffer(room);
  while (!bytes.empty()) {
    const StreamResult result = decoder.decode(bytes.first(std::min(slice, bytes.size())), buffer);
    check(result.bytes != 0 && result.bytes <= bytes.size() && result.events <= room);
    for (std::size_t k = 0; k < result.events; ++k) {
      check(buffer[k].core < 4 && buffer[k].chip < 4 && buffer[k].time_us >= 0);
      check(k == 0 || buffer[k - 1].time_us <= buffer[k].time_us);
      decoded.events.push_back(buffer[k]);
    }
    bytes = bytes.subspan(result.bytes);
  }
  decoded.counters = decoder.counters();
  check(2 * decoded.counters.words + decoded.counters.bytes_lost + decoder.bytes_waiting() == decoded.counters.bytes);
  return decoded;
}

}  // namespace

/// Any bytes decode: each is accounted for, and slices and buffers do not matter. A stream without anything odd in it is encoded as it was,
/// but for time stamps and wraps that nothing followed.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const Decoded whole = decode(bytes, size, size + 1);
  const StreamCounters& counters = whole.counters;
  check(counters.bytes == size && counters.words_by_kind() == counters.words && counters.events == whole.events.size());
  const std::size_t slice = size == 0 ? 1 : 1 + data[0] % 67, room = size < 2 ? 1 : 1 + data[1];
  const Decoded parts = decode(bytes, slice, room);
  check(parts.events == whole.events && parts.counters == counters);
  if (counters.words_lost() + counters.not_increasing + counters.resets + counters.resynchronisations == 0) {
    std::vector<std::byte> again;
    StreamEncoder().events(whole.events, again);
    check(decode(again, again.size(), again.size() + 1).events == whole.events);
  }
  return 0;
}
