// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace spikeloop::io {

/// Bytes taken from the front of a file, or of memory, through a buffer that is no longer than what is asked for at once.
class ByteSource {
 public:
  /// Throws DescriptionError (missing, a folder) or DeviceError.
  explicit ByteSource(const std::filesystem::path& path);
  /// `name` stands in errors; its suffix is taken for that of a file.
  ByteSource(std::string bytes, std::string name);

  const std::string& name() const { return name_; }
  /// Whether the bytes lie in a file; then `name` is its path.
  bool is_file() const { return file_ != nullptr; }
  /// Of the next byte, from the start of the file.
  std::uint64_t offset() const { return offset_; }
  /// The next `n` bytes, fewer at the end; they stay. Good until the next call. No more memory is taken than the file has bytes.
  std::string_view peek(std::size_t n);
  /// As `peek`, and takes them away.
  std::string_view take(std::size_t n);
  /// Takes `n` bytes away without keeping them; false if there are fewer.
  bool skip(std::uint64_t n);
  bool at_end() { return peek(1).empty(); }

  /// Throws the one error of a damaged or cut file: at which byte, what is wrong, what to do.
  [[noreturn]] void fail(std::uint64_t at, const std::string& what, const std::string& suggestion) const;
  /// The same for a file that ends inside of `what`, which began at byte `at`.
  [[noreturn]] void fail_cut(std::uint64_t at, const std::string& what) const;

 private:
  void fill(std::size_t n);

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::string name_;
  std::unique_ptr<std::FILE, Close> file_;
  std::string buffer_;
  std::size_t begin_ = 0;  ///< of what is not taken yet, in the buffer
  std::uint64_t offset_ = 0;
  bool ended_ = false;  ///< the file has no more than the buffer
};

/// A number of `Bytes` bytes that lie in memory with the lowest first; the caller has checked that they are there.
template <std::size_t Bytes>
std::uint64_t little_endian(std::string_view bytes, std::size_t at = 0) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < Bytes; ++i) value |= std::uint64_t{static_cast<std::uint8_t>(bytes[at + i])} << (8 * i);
  return value;
}

/// Microseconds as ns; fails at byte `at` for what 292 years do not hold.
Time from_microseconds(std::int64_t microseconds, const ByteSource& source, std::uint64_t at);

}  // namespace spikeloop::io
