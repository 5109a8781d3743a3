// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Text files: reading them, and places in them.
namespace spikeloop::proto {

/// Descriptions larger than this are refused; large weights belong into tensor files.
inline constexpr std::size_t kMaxDescriptionBytes = 64u << 20;

/// The bytes of a description file; throws DescriptionError if it cannot be read or is too large.
std::string read_description_file(const std::string& path);

/// Throws DescriptionError if a description that was handed over in memory is too large.
void check_description_size(std::size_t bytes, const std::string& file);

/// A place in a text, counted from 1; columns count bytes. 0 = unknown.
struct Place {
  int line = 0;
  int column = 0;
};

/// Converts between byte offsets, places, and the positions of Protobuf's tokenizer (counted from 0, tabs widened to multiples of 8).
class TextLines {
 public:
  /// `text` must outlive this object.
  explicit TextLines(std::string_view text);

  /// Byte offset of a position of the tokenizer; the end of the text if there is no such position.
  std::size_t offset_of(int tokenizer_line, int tokenizer_column) const;
  Place place_of(std::size_t offset) const;

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;  // offset of the first byte of each line
};

/// Offset of the first byte that is not valid UTF-8; npos if there is none.
std::size_t first_invalid_utf8(std::string_view text);

}  // namespace spikeloop::proto
