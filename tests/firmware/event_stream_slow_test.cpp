// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/firmware/streams.hpp"

namespace spikeloop::firmware {
namespace {

// Noise of random length, good events, now and then a byte lost: ten million bytes of each.
TEST(EventStreamAtLength, EveryByteIsAccountedFor) {
  RandomBits random(1);
  Bytes bytes;
  while (bytes.size() < 20'000'000) {
    for (unsigned n = random.below(20'000); n > 0; --n) bytes.push_back(static_cast<std::byte>(random.below(256)));
    Bytes good = encoded(random_events(random.bits(), 2500));
    good.erase(good.begin() + random.below(5000));
    bytes.insert(bytes.end(), good.begin(), good.end());
  }
  const Decoded d = decode_sliced(bytes, {8192, 1, 511, 100}, 2000);
  EXPECT_EQ(d.counters.bytes, bytes.size());
  EXPECT_EQ(d.counters.events, d.events.size());
  EXPECT_EQ(d.counters.words_by_kind(), d.counters.words);
  EXPECT_EQ(2 * d.counters.words + d.counters.bytes_lost + d.waiting, bytes.size());
  EXPECT_GT(d.counters.resynchronisations, 1000U);
}

}  // namespace
}  // namespace spikeloop::firmware
