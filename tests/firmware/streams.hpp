// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "firmware-interface/dynapse1/event_stream.hpp"
#include "tests/firmware/random_words.hpp"

namespace spikeloop::firmware {

using Bytes = std::vector<std::byte>;

void append_word(Bytes& bytes, unsigned word);
std::vector<std::uint16_t> words_of(const Bytes& bytes);

/// Events in order of time, gaps of 1 .. `largest_gap_us` us, now and then none or many wraps long.
std::vector<StreamEvent> random_events(std::uint64_t seed, std::size_t n, unsigned largest_gap_us = 40);
Bytes encoded(const std::vector<StreamEvent>& events);

struct Decoded {
  std::vector<StreamEvent> events;
  std::vector<StreamStop> stops;  ///< without kOutputFull, and without the ends of slices but the last
  StreamCounters counters;
  std::size_t waiting = 0;
};
/// Decodes in slices of these sizes, over and over, with a buffer of `room` events. Time may not go back inside a call.
Decoded decode_sliced(const Bytes& bytes, const std::vector<std::size_t>& slices, std::size_t room);

}  // namespace spikeloop::firmware
