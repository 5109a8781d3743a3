// SPDX-License-Identifier: Apache-2.0
#include "proto/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>

#include "core/errors.hpp"

namespace spikeloop::proto {
namespace {

[[noreturn]] void refuse(const std::string& file, std::string what, std::string suggestion = "") {
  throw DescriptionError(std::vector<Diagnostic>{{"", std::move(what), std::move(suggestion), file, 0, 0}});
}

/// Length of the valid UTF-8 sequence at the start of `text`, 0 if it is not valid (overlong forms and surrogates are not).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : std::uint8_t{0}; };
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const std::uint8_t first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool shortest = first != 0xE0 || second >= 0xA0, surrogate = first == 0xED && second >= 0xA0;
    return continues(1) && continues(2) && shortest && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool shortest = first != 0xF0 || second >= 0x90, too_large = first == 0xF4 && second >= 0x90;
    return continues(1) && continues(2) && continues(3) && shortest && !too_large ? 4 : 0;
  }
  return 0;
}

}  // namespace

void check_description_size(std::size_t bytes, const std::string& file) {
  if (bytes > kMaxDescriptionBytes)
    refuse(file, fmt::format("has more than {} MiB, the most that a description may have", kMaxDescriptionBytes >> 20),
           "put large weights into tensor files");
}

std::string read_description_file(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) refuse(path, "is a directory, not a description");
  std::ifstream in(path, std::ios::binary);
  if (!in) refuse(path, "cannot be opened", "check the path and its permissions");
  std::string text;
  std::vector<char> piece(1u << 16);
  while (in) {  // in pieces, since the size of a pipe is not known
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    text.append(piece.data(), static_cast<std::size_t>(in.gcount()));
    check_description_size(text.size(), path);
  }
  if (in.bad()) refuse(path, "cannot be read to its end");
  return text;
}

TextLines::TextLines(std::string_view text) : text_(text), starts_{0} {
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n') starts_.push_back(i + 1);
}

std::size_t TextLines::offset_of(int tokenizer_line, int tokenizer_column) const {
  if (tokenizer_line < 0 || static_cast<std::size_t>(tokenizer_line) >= starts_.size()) return text_.size();
  std::size_t offset = starts_[static_cast<std::size_t>(tokenizer_line)];
  for (int column = 0; column < tokenizer_column && offset < text_.size() && text_[offset] != '\n'; ++offset)
    column += text_[offset] == '\t' ? 8 - column % 8 : 1;
  return offset;
}

Place TextLines::place_of(std::size_t offset) const {
  const auto next = std::upper_bound(starts_.begin(), starts_.end(), offset);
  return {static_cast<int>(next - starts_.begin()), static_cast<int>(offset - *std::prev(next)) + 1};
}

std::size_t first_invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text.substr(i, 4));
    if (length == 0) return i;
    i += length;
  }
  return std::string_view::npos;
}

}  // namespace spikeloop::proto
