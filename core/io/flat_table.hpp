// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/io/byte_source.hpp"

namespace spikeloop::io {

/// A table in a FlatBuffer (flatbuffers.dev, "Internals"), every offset checked against the buffer before it is followed. Null where
/// something lies outside, or is left out.
class FlatTable {
 public:
  /// The root table of a buffer that starts with its offset.
  static std::optional<FlatTable> root(std::string_view buffer) {
    if (buffer.size() < 4) return std::nullopt;
    const std::uint64_t at = little_endian<4>(buffer);
    if (at > buffer.size() - 4) return std::nullopt;
    const auto back = static_cast<std::int32_t>(little_endian<4>(buffer, at));
    const std::int64_t fields = static_cast<std::int64_t>(at) - back;
    if (fields < 0 || static_cast<std::uint64_t>(fields) > buffer.size() - 4) return std::nullopt;
    const auto table = static_cast<std::size_t>(fields);
    const std::uint64_t size = little_endian<2>(buffer, table);
    if (size < 4 || size > buffer.size() - table) return std::nullopt;
    return FlatTable(buffer, at, buffer.substr(table, size));
  }

  /// The bytes of a field that lies in the table itself.
  std::optional<std::string_view> scalar(std::size_t field, std::size_t bytes) const {
    const std::size_t slot = 4 + 2 * field;
    if (slot + 2 > fields_.size()) return std::nullopt;
    const std::uint64_t offset = little_endian<2>(fields_, slot);
    if (offset == 0 || at_ + offset > buffer_.size() || buffer_.size() - (at_ + offset) < bytes) return std::nullopt;
    return buffer_.substr(at_ + offset, bytes);
  }
  /// The elements, of `bytes` bytes each, of a vector or string.
  std::optional<std::string_view> vector(std::size_t field, std::size_t bytes) const {
    const auto reference = scalar(field, 4);
    if (!reference) return std::nullopt;
    const std::uint64_t at = static_cast<std::uint64_t>(reference->data() - buffer_.data()) + little_endian<4>(*reference);
    if (at > buffer_.size() || buffer_.size() - at < 4) return std::nullopt;
    const std::uint64_t count = little_endian<4>(buffer_, at);
    if (count > (buffer_.size() - at - 4) / bytes) return std::nullopt;
    return buffer_.substr(at + 4, count * bytes);
  }
  /// Whether the table has the field.
  bool has(std::size_t field) const { return scalar(field, 1).has_value(); }

 private:
  FlatTable(std::string_view buffer, std::uint64_t at, std::string_view fields) : buffer_(buffer), at_(at), fields_(fields) {}

  std::string_view buffer_;
  std::uint64_t at_;
  std::string_view fields_;  ///< its size, that of the table, and an offset for each field
};

}  // namespace spikeloop::io
