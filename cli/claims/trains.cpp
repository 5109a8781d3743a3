// SPDX-License-Identifier: Apache-2.0
#include "cli/claims/trains.hpp"

#include <algorithm>
#include <cmath>

#include "cli/claims/statistics.hpp"

namespace spikeloop::cli {
namespace {

/// 1/tau integral f g dt = 1/2 sum exp(-|t_i - t_j| / tau): in one pass, by the traces that earlier spikes have left.
double product(const std::vector<double>& a, const std::vector<double>& b, double tau_ms) {
  double sum = 0, trace_a = 0, trace_b = 0, now = 0;
  for (std::size_t i = 0, j = 0; i < a.size() || j < b.size();) {
    const bool first = j == b.size() || (i < a.size() && a[i] <= b[j]);
    const double t = first ? a[i] : b[j], decay = std::exp((now - t) / tau_ms);
    trace_a *= decay, trace_b *= decay, now = t;
    sum += first ? trace_b : trace_a;
    if (first)
      trace_a += 1, ++i;
    else
      trace_b += 1, ++j;
  }
  return sum / 2;
}

/// A train smoothed by a Gaussian, every ms.
std::vector<double> smoothed(const std::vector<double>& train, double sigma_ms, double duration_ms) {
  std::vector<double> rate(static_cast<std::size_t>(duration_ms), 0.0);
  for (const double t : train) {
    const auto first = static_cast<std::size_t>(std::max(0.0, std::floor(t - 4 * sigma_ms)));
    const auto last = static_cast<std::size_t>(std::clamp(t + 4 * sigma_ms, 0.0, duration_ms));
    for (std::size_t k = first; k < std::min(last, rate.size()); ++k) {
      const double z = (static_cast<double>(k) - t) / sigma_ms;
      rate[k] += std::exp(-z * z / 2);
    }
  }
  return rate;
}

}  // namespace

Trains trains_of(std::span<const Spike> spikes, std::uint32_t population, std::size_t neurons, Time start) {
  Trains trains(neurons);
  for (const Spike& s : spikes)
    if (s.population == population && s.time >= start) trains.at(s.neuron).push_back(to_ms(s.time - start));
  for (auto& train : trains) std::sort(train.begin(), train.end());
  return trains;
}

double van_rossum(const Trains& trains, const Trains& target, double tau_ms) {
  double distance = 0, silence = 0;
  for (std::size_t n = 0; n < target.size(); ++n) {
    const double own = product(trains[n], trains[n], tau_ms), whole = product(target[n], target[n], tau_ms);
    distance += own + whole - 2 * product(trains[n], target[n], tau_ms);
    silence += whole;
  }
  return silence > 0 ? distance / silence : 0;
}

double correlation(const Trains& trains, const Trains& target, double sigma_ms, double duration_ms) {
  double sum = 0;
  for (std::size_t n = 0; n < target.size(); ++n)
    sum += pearson(smoothed(trains[n], sigma_ms, duration_ms), smoothed(target[n], sigma_ms, duration_ms));
  return target.empty() ? 0 : sum / static_cast<double>(target.size());
}

}  // namespace spikeloop::cli
