// SPDX-License-Identifier: Apache-2.0
#include "core/engine/variates.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace spikeloop::engine {
namespace {

/// log(n!) less Stirling's formula for it: what is left are small numbers, where log(n!) itself would have lost its last digits.
/// (std::lgamma writes a global variable, which threads may not share.)
double stirling_error(double n) {
  if (n < 16) {
    double product = 1;
    for (double k = 2; k <= n; ++k) product *= k;
    return n == 0 ? 0 : std::log(product) - (n + 0.5) * std::log(n) + n - 0.5 * std::log(2 * std::numbers::pi);
  }
  const double xx = 1 / (n * n);
  return (1.0 / 12 - xx * (1.0 / 360 - xx * (1.0 / 1260 - xx / 1680))) / n;
}

/// x log(x / mean) + mean - x, without cancellation where x is near the mean.
double deviance(double x, double mean) {
  if (std::abs(x - mean) >= 0.1 * (x + mean)) return x * std::log(x / mean) + mean - x;
  const double v = (x - mean) / (x + mean);
  double sum = (x - mean) * v, term = 2 * x * v;
  for (double k = 3;; k += 2) {
    term *= v * v;
    const double next = sum + term / k;
    if (next == sum) return sum;
    sum = next;
  }
}

/// Probability of x successes in n trials, by the saddle-point expansion (Loader 2000, "Fast and accurate computation of binomial
/// probabilities").
double binomial_probability(double x, double n, double p) {
  if (p <= 0) return x == 0 ? 1 : 0;
  if (p >= 1) return x == n ? 1 : 0;
  if (x == 0) return std::exp(n * std::log1p(-p));
  if (x == n) return std::exp(n * std::log(p));
  const double log_ratio =
      stirling_error(n) - stirling_error(x) - stirling_error(n - x) - deviance(x, n * p) - deviance(n - x, n * (1 - p));
  return std::exp(log_ratio) * std::sqrt(n / (2 * std::numbers::pi * x * (n - x)));
}

/// The value in [low, high] at which the probabilities, summed from the mode outwards, reach u. `up(k)` is p(k + 1) / p(k), `down(k)` p(k -
/// 1) / p(k).
template <class Up, class Down>
std::uint64_t from_mode(double u, double mode, double at_mode, double low, double high, Up&& up, Down&& down) {
  u -= at_mode;
  double above = mode, below = mode, p_above = at_mode, p_below = at_mode;
  while (u >= 0) {
    const bool no_more = above >= high && below <= low;
    if (no_more || (p_above < 1e-300 && p_below < 1e-300)) return static_cast<std::uint64_t>(mode);  // what rounding left of the sum
    if (above < high) {
      p_above *= up(above), ++above;
      if ((u -= p_above) < 0) return static_cast<std::uint64_t>(above);
    }
    if (below > low) {
      p_below *= down(below), --below;
      if ((u -= p_below) < 0) return static_cast<std::uint64_t>(below);
    }
  }
  return static_cast<std::uint64_t>(mode);
}

}  // namespace

std::uint64_t binomial(double u, std::uint64_t n, double p) {
  if (n == 0 || p <= 0) return 0;
  if (p >= 1) return n;
  const auto size = static_cast<double>(n), odds = p / (1 - p);
  const double mode = std::min(size, std::floor((size + 1) * p));
  return from_mode(
      u, mode, binomial_probability(mode, size, p), 0, size, [&](double k) { return (size - k) / (k + 1) * odds; },
      [&](double k) { return k / (size - k + 1) / odds; });
}

/// Its probabilities are those of binomial variates with any p, given their sum; p = drawn / all keeps all three near their means.
std::uint64_t hypergeometric(double u, std::uint64_t all, std::uint64_t marked, std::uint64_t drawn) {
  const auto a = static_cast<double>(all), m = static_cast<double>(marked), d = static_cast<double>(drawn);
  const double low = std::max(0.0, d + m - a), high = std::min(m, d);
  if (low >= high) return static_cast<std::uint64_t>(high);
  const double mode = std::clamp(std::floor((m + 1) * (d + 1) / (a + 2)), low, high), p = d / a;
  const double at_mode = binomial_probability(mode, m, p) * binomial_probability(d - mode, a - m, p) / binomial_probability(d, a, p);
  return from_mode(
      u, mode, at_mode, low, high, [&](double k) { return (m - k) / (k + 1) * ((d - k) / (a - m - d + k + 1)); },
      [&](double k) { return k / (m - k + 1) * ((a - m - d + k) / (d - k + 1)); });
}

}  // namespace spikeloop::engine
