// SPDX-License-Identifier: Apache-2.0
// The calendar against a std::multimap: any order of putting and taking, near and far, round the ring.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "core/engine/calendar.hpp"

namespace spikeloop::engine {
namespace {

class CalendarProperty : public ::testing::TestWithParam<Tick> {  // the farthest that items are put ahead
 protected:
  std::mt19937_64 random{static_cast<std::uint64_t>(GetParam())};
  Calendar<int> calendar;
  std::multimap<Tick, int> reference;  // keeps the order of items with one key
  Tick now = 0;
  int serial = 0;
  std::vector<int> items;

  Tick ahead() {  // often near, sometimes at the very edge of the ring
    const Tick edges[] = {0, 1, 63, 64, 4031, 4032, 4095, 4096, 4097, 8191, 8192};
    if (random() % 3 == 0) return std::min(edges[random() % std::size(edges)], GetParam());
    return static_cast<Tick>(random() %
                             static_cast<std::uint64_t>(random() % 2 == 0 ? std::min<Tick>(100, GetParam()) + 1 : GetParam() + 1));
  }
  void put() {
    const Tick tick = now + ahead();
    calendar.put(tick, serial);
    reference.emplace(tick, serial++);
  }
  void take(Tick tick) {
    now = tick;
    calendar.take(now, items);
    std::vector<int> expected;
    const auto [first, last] = reference.equal_range(now);
    for (auto it = first; it != last; ++it) expected.push_back(it->second);
    reference.erase(first, last);
    ASSERT_EQ(items, expected) << "at " << now;
  }
  Tick expected_next() const { return reference.empty() ? kNever : reference.begin()->first; }
  std::size_t waiting() const {
    std::size_t n = 0;
    calendar.for_each([&](int) { ++n; });
    return n;
  }
};

TEST_P(CalendarProperty, HandsOutWhatWasPutInItsOrder) {
  std::size_t taken = 0;
  for (int round = 0; round < 20'000; ++round) {
    for (std::uint64_t k = random() % 4; k > 0; --k) put();
    const Tick next = calendar.next(now);
    ASSERT_EQ(next, expected_next()) << "from " << now;
    ASSERT_EQ(calendar.next(std::min(next, now + static_cast<Tick>(random() % 5000))), next);
    if (next == kNever) continue;
    take(random() % 4 == 0   ? now
         : random() % 3 == 0 ? now + static_cast<Tick>(random() % static_cast<std::uint64_t>(next - now + 1))
                             : next);
    taken += items.size();
    if (HasFatalFailure()) return;
    if (round % 100 == 0) {
      ASSERT_EQ(waiting(), reference.size());
    }
    if (round % 5000 == 4999) {
      now += static_cast<Tick>(random() % 100'000);
      calendar.clear(now);
      reference.clear();
      ASSERT_EQ(calendar.next(now), kNever);
    }
  }
  EXPECT_GT(taken, 10'000u);
}

INSTANTIATE_TEST_SUITE_P(Reach, CalendarProperty, ::testing::Values(0, 1, 70, 4095, 4096, 20'000, 1'000'000'000'000));

}  // namespace
}  // namespace spikeloop::engine
