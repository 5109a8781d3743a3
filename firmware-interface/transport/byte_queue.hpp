// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace spikeloop::firmware {

/// Bytes that wait to be read, first in first out. Not thread-safe.
class ByteQueue {
 public:
  std::size_t size() const { return bytes_.size() - begin_; }
  bool empty() const { return size() == 0; }

  void push(std::span<const std::byte> more) {
    if (begin_ > bytes_.size() / 2) {  // what has been read takes more room than what has not
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(begin_));
      begin_ = 0;
    }
    bytes_.insert(bytes_.end(), more.begin(), more.end());
  }

  /// Moves as many bytes as there are, and fit, and says how many.
  std::size_t pop(std::span<std::byte> into) {
    const std::size_t n = std::min(into.size(), size());
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(begin_), n, into.begin());
    drop(n);
    return n;
  }

  /// What waits; valid until the next `push`, `pop` or `drop`.
  std::span<const std::byte> view() const { return std::span(bytes_).subspan(begin_); }

  /// Forgets the first `n` bytes, which must be there.
  void drop(std::size_t n) {
    begin_ += n;
    if (begin_ == bytes_.size()) {
      bytes_.clear();
      begin_ = 0;
    }
  }

 private:
  std::vector<std::byte> bytes_;
  std::size_t begin_ = 0;
};

}  // namespace spikeloop::firmware
