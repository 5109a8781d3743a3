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
/// 1 ns ticks and 20 ms delays cost no more than coarse ones. Items of a tick come out in the order in which they were put in.
template <class Item>
class Calendar {
 public:
  /// `tick` >= the tick of the last `take`.
  void put(Tick tick, const Item& item) {
    if (tick - base_ >= kSlots) return far_[tick].push_back(item);
    const std::size_t slot = static_cast<std::size_t>(tick) % kSlots;
    ring_[slot].push_back(item);
    used_[slot / 64] |= std::uint64_t{1} << (slot % 64);
  }

  /// The first tick >= `from` at which something is due, or kNever. `from` must not be later than anything waiting.
  Tick next(Tick from) const {
    const Tick far = far_.empty() ? kNever : far_.begin()->first;
    const Tick end = base_ + kSlots;
    for (Tick t = from; t < end;) {
      const std::size_t slot = static_cast<std::size_t>(t) % kSlots;
      const std::uint64_t bits = used_[slot / 64] >> (slot % 64);
      if (bits != 0) {
        const Tick near = t + std::countr_zero(bits);
        return near < far ? near : far;
      }
      t += static_cast<Tick>(64 - slot % 64);
    }
    return far;
  }

  /// Moves what is due at `tick` into `items` (cleared first). Everything before `tick` must have been taken.
  void take(Tick tick, std::vector<Item>& items) {
    items.clear();
    base_ = tick;
    if (const auto it = far_.begin(); it != far_.end() && it->first == tick) {  // put in before the near ones, since it was further away then
      items.swap(it->second);
      far_.erase(it);
    }
    const std::size_t slot = static_cast<std::size_t>(tick) % kSlots;
    if ((used_[slot / 64] >> (slot % 64) & 1) == 0) return;
    items.insert(items.end(), ring_[slot].begin(), ring_[slot].end());
    ring_[slot].clear();
    used_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
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
      if (used_[slot / 64] >> (slot % 64) & 1) ring_[slot].clear();
    used_.fill(0);
    far_.clear();
    base_ = base;
  }

 private:
  static constexpr Tick kSlots = 4096;
  Tick base_ = 0;  ///< the ring holds ticks in [base, base + kSlots)
  std::vector<std::vector<Item>> ring_ = std::vector<std::vector<Item>>(kSlots);
  std::array<std::uint64_t, kSlots / 64> used_{};
  std::map<Tick, std::vector<Item>> far_;
};

}  // namespace spikeloop::engine
