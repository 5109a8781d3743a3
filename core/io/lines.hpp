// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/errors.hpp"

namespace spikeloop::io {

/// Walks through the lines of a text; a carriage return before the line feed is not part of the line.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  /// Moves to the next line; false after the last one. A line feed at the very end does not start a further line.
  bool next() {
    if (rest_.empty()) return false;
    const std::size_t end = rest_.find('\n');
    line_ = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
    if (!line_.empty() && line_.back() == '\r') line_.remove_suffix(1);
    ++number_;
    return true;
  }
  std::string_view line() const { return line_; }
  /// Counted from 1.
  int number() const { return number_; }

 private:
  std::string_view rest_;
  std::string_view line_;
  int number_ = 0;
};

/// Without blanks and tabs at its ends.
inline std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The values between the commas of a line, one more than there are commas.
inline std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t comma = line.find(',');
    fields.push_back(trimmed(line.substr(0, comma)));
    if (comma == std::string_view::npos) return fields;
    line.remove_prefix(comma + 1);
  }
}

/// Collects the faults of a file: people want to see all of them, but not ten thousand.
class Faults {
 public:
  explicit Faults(std::string file) : file_(std::move(file)) {}

  /// Notes a fault; throws when there are ten.
  void add(int line, std::string what, std::string suggestion = {}) {
    found_.push_back({"", std::move(what), std::move(suggestion), file_, line, line > 0 ? 1 : 0});
    if (found_.size() == 10) throw_if_any();
  }
  void throw_if_any() {
    if (!found_.empty()) throw DescriptionError(std::move(found_));
  }

 private:
  std::string file_;
  std::vector<Diagnostic> found_;
};

/// A piece of somebody's file for an error message: short, and without control characters.
inline std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text.substr(0, 40)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  return out + (text.size() > 40 ? "...\"" : "\"");
}

}  // namespace spikeloop::io
