// SPDX-License-Identifier: Apache-2.0
#include "report/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace spikeloop::report {

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') {
          out += c;
        } else {
          out += "\xEF\xBF\xBD";
        }
    }
  }
  return out;
}

std::string si(double value, std::string_view unit) {
  if (!std::isfinite(value)) return "n/a";
  static constexpr std::array kPrefixes = {"y", "z", "a", "f", "p", "n", "µ", "m", "", "k", "M", "G", "T"};
  constexpr int kNone = 8;
  if (value == 0) return fmt::format("0 {}", unit);
  int group = static_cast<int>(std::floor(std::log10(std::abs(value)) / 3));
  const auto scaled = [&] { return value / std::pow(1000.0, group); };
  if (std::abs(scaled()) >= 999.5) ++group;  // would be written as 1000
  group = std::clamp(group, -kNone, static_cast<int>(kPrefixes.size()) - 1 - kNone);
  const double size = std::abs(scaled());
  const int decimals = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
  return fmt::format("{:.{}f} {}{}", scaled(), decimals, kPrefixes[static_cast<std::size_t>(group + kNone)], unit);
}

std::string count_text(double value) {
  if (!std::isfinite(value)) return "n/a";
  const double size = std::abs(value);
  if (size < 999.5) {
    if (size == std::floor(size)) return fmt::format("{:.0f}", value);
    return fmt::format("{:.{}f}", value, size < 9.995 ? 2 : size < 99.95 ? 1 : 0);
  }
  std::string digits = fmt::format("{:.0f}", size);
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3) digits.insert(static_cast<std::size_t>(i), ",");
  return (value < 0 ? "-" : "") + digits;
}

std::string percent(double share) { return std::isfinite(share) ? fmt::format("{:.1f}", 100 * share) : "n/a"; }

std::string percent_spread(const MeanSpread& value, std::size_t runs) {
  if (runs == 0 || !std::isfinite(value.mean)) return "n/a";
  if (runs == 1) return percent(value.mean) + " %";
  return fmt::format("{} ± {} %", percent(value.mean), percent(value.spread));
}

double spikes_per_inference(const Evaluation& test) {
  double sum = 0;
  for (const PopulationCounts& counts : test.counts.populations) sum += static_cast<double>(counts.spikes);
  return sum / static_cast<double>(test.samples);
}

double synaptic_operations_per_inference(const Evaluation& test) {
  double sum = 0;
  for (const ProjectionCounts& counts : test.counts.projections) sum += static_cast<double>(counts.synaptic_events);
  return sum / static_cast<double>(test.samples);
}

}  // namespace spikeloop::report
