// SPDX-License-Identifier: Apache-2.0
#include "cli/claims/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace spikeloop::cli {
namespace {

/// std::min_element and the like pass over a NaN, or stop at it, depending on where it stands.
bool has_nothing_to_say(std::span<const double> values) {
  return values.empty() || std::any_of(values.begin(), values.end(), [](double x) { return std::isnan(x); });
}

}  // namespace

double pearson(std::span<const double> a, std::span<const double> b) {
  const auto n = static_cast<double>(a.size());
  const double mean_a = std::accumulate(a.begin(), a.end(), 0.0) / n, mean_b = std::accumulate(b.begin(), b.end(), 0.0) / n;
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const double x = a[k] - mean_a, y = b[k] - mean_b;
    ab += x * y, aa += x * x, bb += y * y;
  }
  if (!std::isfinite(aa) || !std::isfinite(bb)) return kNaN;
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0;
}

double least(std::span<const double> values) { return has_nothing_to_say(values) ? kNaN : *std::min_element(values.begin(), values.end()); }

double greatest(std::span<const double> values) {
  return has_nothing_to_say(values) ? kNaN : *std::max_element(values.begin(), values.end());
}

report::Series curve(const std::string& name, const std::vector<double>& x, const std::vector<double>& y, int colour) {
  report::Series series;
  series.name = name, series.x = x, series.y = y, series.colour = colour;
  return series;
}

report::Series curve(const std::string& name, const std::vector<double>& y, int colour) {
  std::vector<double> x(y.size());
  std::iota(x.begin(), x.end(), 1.0);
  return curve(name, x, y, colour);
}

}  // namespace spikeloop::cli
