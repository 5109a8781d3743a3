// SPDX-License-Identifier: Apache-2.0
#include "cli/claims/updates.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace spikeloop::cli {
namespace {

/// How often each neuron spikes at each tick: [tick][neuron], moved by `delay`.
std::vector<std::vector<double>> counts_of(std::span<const Spike> spikes, std::uint32_t population, std::size_t neurons, Time delay,
                                           const Gate& gate) {
  std::vector<std::vector<double>> counts(static_cast<std::size_t>(gate.end / gate.tick), std::vector<double>(neurons, 0.0));
  for (const Spike& s : spikes)
    if (s.population == population && s.time + delay < gate.end)
      counts[static_cast<std::size_t>((s.time + delay) / gate.tick)][s.neuron] += 1;
  return counts;
}

double cosine(const Update& a, const Update& b) {
  const double aa = std::inner_product(a.begin(), a.end(), a.begin(), 0.0), bb = std::inner_product(b.begin(), b.end(), b.begin(), 0.0);
  return aa == 0 || bb == 0 ? 0 : std::inner_product(a.begin(), a.end(), b.begin(), 0.0) / std::sqrt(aa * bb);  // NaN stays NaN
}

}  // namespace

void add_hebbian(Update& sum, std::span<const Spike> spikes, const Synapses& s, const Gate& gate, double tau_ms) {
  const auto arrivals = counts_of(spikes, s.source, s.sources, s.delay, gate), posts = counts_of(spikes, s.target, s.targets, 0, gate);
  const double decay = std::exp(-to_ms(gate.tick) / tau_ms), between = (1 - decay * decay) / 2;  // 1/tau integral of exp(-2 t / tau)
  std::vector<double> pre(s.sources, 0.0), post(s.targets, 0.0), rise(s.targets), active;
  for (std::size_t t = 0; t < posts.size(); ++t) {
    const bool open = static_cast<Time>(t) * gate.tick >= gate.start;
    for (double& x : post) x *= decay;
    if (open && active.empty())
      for (const double x : post) active.push_back(x >= gate.active_trace ? 1 : 0);
    for (std::size_t j = 0; j < s.targets; ++j) post[j] += posts[t][j];
    for (std::size_t i = 0; i < s.sources; ++i) {
      pre[i] = pre[i] * decay + arrivals[t][i];
      if (!open) continue;
      const double at_jump = pre[i] - arrivals[t][i] / 2;
      for (std::size_t j = 0; j < s.targets; ++j)
        sum[i * s.targets + j] += active[j] * (at_jump * posts[t][j] - between * pre[i] * post[j]);
    }
  }
}

std::vector<double> rates_of(std::span<const Spike> spikes, std::uint32_t population, std::size_t neurons, Time until) {
  std::vector<double> rates(neurons, 0.0);
  for (const Spike& s : spikes)
    if (s.population == population && s.time < until) rates[s.neuron] += static_cast<double>(kSecond) / static_cast<double>(until);
  return rates;
}

void add_outer(Update& sum, std::span<const double> pre, std::span<const double> delta) {
  for (std::size_t i = 0; i < pre.size(); ++i)
    for (std::size_t j = 0; j < delta.size(); ++j) sum[i * delta.size() + j] += pre[i] * delta[j];
}

double angle_deg(const Update& a, const Update& b) { return std::acos(std::clamp(cosine(a, b), -1.0, 1.0)) * 180 / std::numbers::pi; }

}  // namespace spikeloop::cli
