// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/byte_ring.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>

namespace spikeloop::firmware {
namespace {

TEST(ByteRing, TakesNothingThatDoesNotFitWhole) {
  ByteRing ring;
  const std::vector<std::byte> four(4);
  EXPECT_FALSE(ring.put(four));
  ring.reserve(6);
  EXPECT_TRUE(ring.put(four));
  EXPECT_FALSE(ring.put(four));
  EXPECT_EQ(ring.size(), 4U);
  EXPECT_TRUE(ring.put({}));
}

TEST(ByteRing, IsAQueueThroughAnyNumberOfWrapsAndEnlargements) {
  std::mt19937 random(1);
  std::deque<std::byte> expected;
  ByteRing ring;
  ring.reserve(7);
  for (int i = 0; i < 10'000; ++i) {
    std::vector<std::byte> bytes(random() % 9);
    for (std::byte& b : bytes) b = static_cast<std::byte>(random());
    const bool fits = bytes.size() <= ring.capacity() - expected.size();
    ASSERT_EQ(ring.put(bytes), fits);
    if (fits) expected.insert(expected.end(), bytes.begin(), bytes.end());
    std::vector<std::byte> back(random() % 9);
    const std::size_t n = ring.take(back);
    ASSERT_EQ(n, std::min(back.size(), expected.size()));
    ASSERT_TRUE(std::equal(back.begin(), back.begin() + static_cast<std::ptrdiff_t>(n), expected.begin()));
    expected.erase(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(n));
    if (i % 1000 == 999) ring.reserve(ring.capacity() + 3);
    ASSERT_EQ(ring.size(), expected.size());
  }
}

}  // namespace
}  // namespace spikeloop::firmware
