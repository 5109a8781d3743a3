// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace spikeloop::firmware {

/// A bounded queue of bytes. Not thread-safe.
class ByteRing {
 public:
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return bytes_.size(); }
  bool empty() const { return size_ == 0; }

  /// Makes room for `capacity` bytes in all, and keeps what is queued; never shrinks.
  void reserve(std::size_t capacity) {
    if (capacity <= bytes_.size()) return;
    std::vector<std::byte> larger(capacity);
    const std::size_t kept = take(larger);
    bytes_ = std::move(larger);
    head_ = 0;
    size_ = kept;
  }

  /// Queues all of `from` and says true, or nothing and says false when it does not fit.
  bool put(std::span<const std::byte> from) {
    if (from.size() > capacity() - size_) return false;
    if (from.empty()) return true;
    const std::size_t at = (head_ + size_) % capacity();
    const std::size_t first = std::min(from.size(), capacity() - at);
    std::copy_n(from.begin(), first, bytes_.begin() + static_cast<std::ptrdiff_t>(at));
    std::copy(from.begin() + static_cast<std::ptrdiff_t>(first), from.end(), bytes_.begin());
    size_ += from.size();
    return true;
  }

  /// Moves the oldest bytes to `into`, as many as there are and fit, and says how many.
  std::size_t take(std::span<std::byte> into) {
    const std::size_t n = std::min(into.size(), size_);
    if (n == 0) return 0;
    const std::size_t first = std::min(n, capacity() - head_);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(head_), first, into.begin());
    std::copy_n(bytes_.begin(), n - first, into.begin() + static_cast<std::ptrdiff_t>(first));
    head_ = (head_ + n) % capacity();
    size_ -= n;
    return n;
  }

 private:
  std::vector<std::byte> bytes_;
  std::size_t head_ = 0, size_ = 0;
};

}  // namespace spikeloop::firmware
