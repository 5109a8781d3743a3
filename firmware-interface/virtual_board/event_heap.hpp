// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace spikeloop::firmware {

/// For each of n things at most one time (ns) at which it is due; the earliest first, of equal times the lowest thing.
class EventHeap {
 public:
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();

  explicit EventHeap(std::size_t n) : at_(n, kAbsent), due_(n, kNone) { heap_.reserve(n); }

  std::int64_t next_ns() const { return heap_.empty() ? kNone : due_[heap_[0]]; }
  /// Only if something is due.
  std::uint32_t next() const { return heap_[0]; }

  /// The thing is due then, whatever was said before; `kNone`: never.
  void set(std::uint32_t thing, std::int64_t due_ns) {
    due_[thing] = due_ns;
    if (due_ns == kNone) {
      remove(thing);
      return;
    }
    if (at_[thing] == kAbsent) {
      at_[thing] = heap_.size();
      heap_.push_back(thing);
    }
    settle(at_[thing]);
  }

 private:
  static constexpr std::size_t kAbsent = static_cast<std::size_t>(-1);

  bool before(std::uint32_t a, std::uint32_t b) const { return std::pair(due_[a], a) < std::pair(due_[b], b); }
  void place(std::size_t at, std::uint32_t thing) {
    heap_[at] = thing;
    at_[thing] = at;
  }
  void remove(std::uint32_t thing) {
    const std::size_t at = at_[thing];
    if (at == kAbsent) return;
    const std::uint32_t last = heap_.back();
    heap_.pop_back();
    at_[thing] = kAbsent;
    if (last == thing) return;
    place(at, last);
    settle(at);
  }
  void settle(std::size_t at) {
    const std::uint32_t thing = heap_[at];
    for (; at > 0 && before(thing, heap_[(at - 1) / 2]); at = (at - 1) / 2) place(at, heap_[(at - 1) / 2]);
    for (std::size_t child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
      if (child + 1 < heap_.size() && before(heap_[child + 1], heap_[child])) ++child;
      if (!before(heap_[child], thing)) break;
      place(at, heap_[child]);
      at = child;
    }
    place(at, thing);
  }

  std::vector<std::size_t> at_;
  std::vector<std::int64_t> due_;
  std::vector<std::uint32_t> heap_;
};

}  // namespace spikeloop::firmware
