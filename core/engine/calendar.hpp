// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "core/time.hpp"

namespace spikeloop::engine {

/// What is due at which tick. The next 4,096 ticks are a ring of lists with a bitmap of the ones in use; later ticks wait in a map, so that
/// 1 ns ticks and 20 ms delays cost no more than coarse ones. Items of a tick come out in the order in which they were put in. A list that
/// was handed out is used again: there are as many as ticks that wait at the same time.
template <class Item>
class Calendar {
 public:
  /// `tick` >= the tick of the last `take`.
  void put(Tick tick, const Item& item) {
    if (tick - base_ >= kSlots) return far_[tick].push_back(item);
    const std::size_t slot = static_cast<std::size_t>(tick) % kSlots;
    std::vector<Item>& items = ring_[slot];
    if (items.capacity() == 0 && !spare_.empty()) items.swap(spare_.back()), spare_.pop_back();
    items.push_back(item);
    used_[slot / 64] |= std::uint64_t{1} << (slot % 64);
    words_ |= std::uint64_t{1} << (slot / 64);
  }

  /// The first tick >= `from` at which something is due, or kNever. `from` must not be later than anything waiting.
  Tick next(Tick from) const {
    const Tick far = far_.empty() ? kNever : far_.begin()->first;
    if (words_ == 0) return far;
    const std::size_t slot = static_cast<std::size_t>(from) % kSlots, word = slot / 64;
    Tick near = 0;
    if (const std::uint64_t here = used_[word] >> (slot % 64); here != 0) {
      near = from + std::countr_zero(here);
    } else {  // the words after this one, round to it
      const int after = static_cast<int>((word + 1) % 64);
      const std::size_t found = (word + 1 + static_cast<std::size_t>(std::countr_zero(std::rotr(words_, after)))) % 64;
      const std::size_t first = found * 64 + static_cast<std::size_t>(std::countr_zero(used_[found]));
      near = from + static_cast<Tick>((first + kSlots - slot) % kSlots);
    }
    return near < far ? near : far;
  }

  /// Moves what is due at `tick` into `items` (cleared first). Everything before `tick` must have been taken.
  void take(Tick tick, std::vector<Item>& items) {
    items.clear();
    base_ = tick;
    if (const auto it = far_.begin();
        it != far_.end() && it->first == tick) {  // put in before the near ones, since it was further away then
      items.swap(it->second);
      far_.erase(it);
    }
    const std::size_t slot = static_cast<std::size_t>(tick) % kSlots;
    if ((used_[slot / 64] >> (slot % 64) & 1) == 0) return;
    if (items.empty())
      items.swap(ring_[slot]);
    else
      items.insert(items.end(), ring_[slot].begin(), ring_[slot].end());
    keep(slot);
    used_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
    if (used_[slot / 64] == 0) words_ &= ~(std::uint64_t{1} << (slot / 64));
  }

  /// Calls f for everything that waits.
  template <class F>
  void for_each(F&& f) const {
    for (std::size_t slot = 0; slot < kSlots; ++slot)
      if (used_[slot / 64] >> (slot % 64) & 1)
        for (const Item& item : ring_[slot]) f(item);
    for (const auto& [tick, items] : far_)
      for (const Item& item : items) f(item);
  }

  /// Forgets everything; the next tick to be put or taken is >= `base`.
  void clear(Tick base) {
    for (std::size_t slot = 0; slot < kSlots; ++slot)
      if (used_[slot / 64] >> (slot % 64) & 1) keep(slot);
    used_.fill(0);
    words_ = 0;
    far_.clear();
    base_ = base;
  }

  /// Room for so many items is held, in use or not.
  std::size_t capacity() const {
    std::size_t sum = 0;
    for (const auto* lists : {&ring_, &spare_})
      for (const std::vector<Item>& items : *lists) sum += items.capacity();
    for (const auto& [tick, items] : far_) sum += items.capacity();
    return sum;
  }

 private:
  void keep(std::size_t slot) {
    if (ring_[slot].capacity() == 0) return;
    ring_[slot].clear();
    spare_.emplace_back().swap(ring_[slot]);
  }

  static constexpr Tick kSlots = 4096;  ///< 64 x 64: two words of bits lead to the next one in use
  Tick base_ = 0;                       ///< the ring holds ticks in [base, base + kSlots)
  std::vector<std::vector<Item>> ring_ = std::vector<std::vector<Item>>(kSlots);
  std::vector<std::vector<Item>> spare_;  ///< empty lists with room
  std::array<std::uint64_t, kSlots / 64> used_{};
  std::uint64_t words_ = 0;  ///< those of `used_` that are not 0
  std::map<Tick, std::vector<Item>> far_;
};

}  // namespace spikeloop::engine
