// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "core/backend.hpp"

/// Values to the opaque bytes of a `State` and back, in the machine's own byte order: a state stays on the kind of machine that wrote it.
namespace spikeloop {

class StateWriter {
 public:
  template <class T>
  requires std::is_trivially_copyable_v<T>
  void put(const T& x) {
    const auto* p = reinterpret_cast<const std::byte*>(&x);
    bytes.insert(bytes.end(), p, p + sizeof x);
  }
  template <class T>
  void put_all(const std::vector<T>& xs) {
    put(static_cast<std::uint64_t>(xs.size()));
    for (const T& x : xs) put(x);
  }
  void put_flag(bool flag) { put(static_cast<std::uint8_t>(flag)); }

  State bytes;
};

/// Throws DescriptionError where the bytes end too early.
class StateReader {
 public:
  explicit StateReader(const State& bytes) : bytes_(bytes), end_(bytes.size()) {}

  template <class T>
  requires std::is_trivially_copyable_v<T> T get() {
    if (left() < sizeof(T)) truncated();
    T x;
    std::memcpy(&x, bytes_.data() + at_, sizeof x);
    at_ += sizeof x;
    return x;
  }
  template <class T>
  std::vector<T> get_all() {
    const auto n = get<std::uint64_t>();
    if (n > left() / sizeof(T)) truncated();
    std::vector<T> xs(n);
    for (T& x : xs) x = get<T>();
    return xs;
  }
  /// Throws DescriptionError unless the last eight bytes are the hash of all before them, and leaves them out of what is read.
  void check_sum() {
    std::uint64_t expected = 0;
    if (left() < sizeof expected) truncated();
    end_ -= sizeof expected;
    std::memcpy(&expected, bytes_.data() + end_, sizeof expected);
    if (hash_bytes(kHashStart, bytes_.data(), end_) != expected)
      throw DescriptionError("the saved state is damaged or truncated; use an intact checkpoint");
  }
  bool get_flag() { return get<std::uint8_t>() != 0; }
  std::size_t left() const { return end_ - at_; }
  /// What has not been read.
  State rest() const { return {bytes_.begin() + static_cast<std::ptrdiff_t>(at_), bytes_.begin() + static_cast<std::ptrdiff_t>(end_)}; }

 private:
  [[noreturn]] static void truncated() { throw DescriptionError("the saved state is truncated; use a complete checkpoint"); }

  const State& bytes_;
  std::size_t at_ = 0, end_;
};

}  // namespace spikeloop
