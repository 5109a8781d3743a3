// SPDX-License-Identifier: Apache-2.0
#include "core/io/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>

namespace spikeloop::io {
namespace {

constexpr std::int64_t kMostNanoseconds = 9'000'000'000'000'000'000;  // a little less than int64 holds

/// Nanoseconds from a plain decimal number.
std::optional<Time> plain_time(std::string_view text, Time unit) {
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  const auto is_digits = [](std::string_view s) { return s.find_first_not_of("0123456789") == std::string_view::npos; };
  if (!is_digits(whole) || !is_digits(fraction) || (whole.empty() && fraction.empty())) return std::nullopt;
  std::int64_t units = 0;
  if (!whole.empty()) {
    const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), units);
    if (error != std::errc() || units >= kMostNanoseconds / unit) return std::nullopt;
  }
  Time time = units * unit;
  for (const char digit : fraction) {
    if (unit < 10) {  // the first digit below a nanosecond
      time += digit >= '5';
      break;
    }
    unit /= 10;
    time += (digit - '0') * unit;
  }
  return negative ? -time : time;
}

}  // namespace

std::optional<Time> parse_time(std::string_view text, Time unit) {
  if (const auto time = plain_time(text, unit)) return time;
  double number = 0;  // with an exponent: 1e-05
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !(std::abs(number) * static_cast<double>(unit) < 9e18))
    return std::nullopt;
  return static_cast<Time>(std::llround(number * static_cast<double>(unit)));
}

void append_ms(std::string& out, Time time) {
  const auto magnitude = static_cast<std::uint64_t>(time < 0 ? -time : time);
  auto to = std::back_inserter(out);
  fmt::format_to(to, "{}{}", time < 0 ? "-" : "", magnitude / kMillisecond);
  std::uint64_t fraction = magnitude % kMillisecond;
  if (fraction == 0) return;
  int digits = 6;
  for (; fraction % 10 == 0; fraction /= 10) --digits;
  fmt::format_to(to, ".{:0{}}", fraction, digits);
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"") == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + '"';
}

bool take_field(std::string_view& rest, std::string& field) {
  field.clear();
  if (rest.empty() || rest.front() != '"') {
    const std::size_t comma = rest.find(',');
    field = rest.substr(0, comma);
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    return true;
  }
  std::size_t i = 1;
  for (; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      if (i + 1 == rest.size() || rest[i + 1] != '"') break;
      ++i;
    }
    field += rest[i];
  }
  if (i >= rest.size() || (i + 1 < rest.size() && rest[i + 1] != ',')) return false;
  rest.remove_prefix(std::min(i + 2, rest.size()));
  return true;
}

}  // namespace spikeloop::io
