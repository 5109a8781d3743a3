// SPDX-License-Identifier: Apache-2.0
// The balanced network of Brunel (2000) with delta synapses, 10,000 neurons and 10^7 synapses: rates that NEST found, and regularity
// against a plain clocked simulation of the same wiring, written here.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <random>

#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

constexpr std::uint32_t kExcitatory = 8000, kInhibitory = 2000;
constexpr double kWarmUpMs = 100, kRunMs = 1000;

NetworkDescription balanced(std::uint64_t seed) {
  Lif lif;
  lif.v_threshold_mv = 20, lif.v_reset_mv = 10, lif.refractory_ms = 2;
  NetworkDescription d;
  d.seed = seed;
  d.populations = {neurons("e", kExcitatory, lif), neurons("i", kInhibitory, lif), source("drive_e", kExcitatory, PoissonSource{20'000}),
                   source("drive_i", kInhibitory, PoissonSource{20'000})};
  d.projections = {connect("drive_e", "e", OneToOne{}, 0.1, 0.1), connect("drive_i", "i", OneToOne{}, 0.1, 0.1)};
  for (const char* to : {"e", "i"}) {
    d.projections.push_back(connect("e", to, FixedInDegree{800}, 0.1, 1.5));
    d.projections.push_back(connect("i", to, FixedInDegree{200}, -0.5, 1.5));
  }
  d.probes = {spikes_of("e"), spikes_of("i")};
  return d;
}

/// Spike times in ms of each neuron after the warm-up; inhibitory neurons behind the excitatory ones.
using Trains = std::vector<std::vector<double>>;

double rate_hz(const Trains& trains, std::size_t begin, std::size_t end) {
  double spikes = 0;
  for (std::size_t i = begin; i < end; ++i) spikes += static_cast<double>(trains[i].size());
  return spikes / static_cast<double>(end - begin) / (kRunMs * 1e-3);
}

/// Mean over neurons with at least five intervals of the coefficient of variation of their intervals.
double mean_cv(const Trains& trains) {
  double sum = 0, neurons = 0;
  for (const auto& t : trains) {
    if (t.size() < 6) continue;
    const double n = static_cast<double>(t.size() - 1), mean = (t.back() - t.front()) / n;
    double squares = 0;
    for (std::size_t k = 1; k < t.size(); ++k) squares += (t[k] - t[k - 1] - mean) * (t[k] - t[k - 1] - mean);
    sum += std::sqrt(squares / n) / mean;
    ++neurons;
  }
  return sum / neurons;
}

Trains simulate(Session& session) {
  NullSink nobody;
  session.advance(from_ms(kWarmUpMs), {}, nobody);
  Recording r;
  const auto begin = std::chrono::steady_clock::now();
  session.advance(from_ms(kWarmUpMs + kRunMs), {}, r);
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  Trains trains(kExcitatory + kInhibitory);
  for (const Spike& s : r.spikes) trains[s.population * kExcitatory + s.neuron].push_back(to_ms(s.time));
  std::printf("wall %.3f s per biological second, %.3g synaptic events/s\n", wall / kRunMs * 1e3,
              static_cast<double>(r.spikes.size()) * 1000 / wall);
  return trains;
}

/// Every tick, every neuron, one ring of input sums: as plain as it gets, with its own random drive.
Trains clocked(const Session& session) {
  constexpr std::uint32_t n = kExcitatory + kInhibitory;
  constexpr int kDelay = 15, kRefractory = 20;
  std::vector<std::vector<std::uint32_t>> targets(n);
  for (std::size_t k = 2; k < 6; ++k) {
    const Connectivity c = session.connectivity(k);
    const std::uint32_t from = k % 2 == 1 ? kExcitatory : 0, to = k >= 4 ? kExcitatory : 0;
    for (std::size_t i = 0; i < c.sources.size(); ++i) targets[from + c.sources[i]].push_back(to + c.targets[i]);
  }
  std::mt19937_64 random(99);
  std::poisson_distribution<int> drive(2.0);
  std::vector<double> v(n), in(n);
  std::vector<int> wait(n);
  std::vector<std::vector<std::uint32_t>> due(kDelay + 1);
  Trains trains(n);
  for (int t = 0; t < static_cast<int>((kWarmUpMs + kRunMs) * 10); ++t) {
    std::fill(in.begin(), in.end(), 0.0);
    auto& now = due[static_cast<std::size_t>(t % (kDelay + 1))];
    for (const std::uint32_t s : now)
      for (const std::uint32_t j : targets[s]) in[j] += s < kExcitatory ? 0.1 : -0.5;
    now.clear();
    for (std::uint32_t i = 0; i < n; ++i) {
      const double external = 0.1 * drive(random);
      if (wait[i] > 0) {
        --wait[i];
        continue;
      }
      v[i] = v[i] * std::exp(-0.1 / 20) + in[i] + external;
      if (v[i] < 20) continue;
      v[i] = 10, wait[i] = kRefractory;
      due[static_cast<std::size_t>((t + kDelay) % (kDelay + 1))].push_back(i);
      if (t * 0.1 >= kWarmUpMs) trains[i].push_back(t * 0.1);
    }
  }
  return trains;
}

TEST(BalancedNetwork, RatesOverThreeSeedsAndRegularityOfAClockedReference) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const auto session = start(balanced(seed));
    const Trains trains = simulate(*session);
    const double e = rate_hz(trains, 0, kExcitatory), i = rate_hz(trains, kExcitatory, kExcitatory + kInhibitory), cv = mean_cv(trains);
    std::printf("seed %d: %.2f Hz excitatory, %.2f Hz inhibitory, CV %.4f\n", static_cast<int>(seed), e, i, cv);
    EXPECT_NEAR(e, 42.9, 0.03 * 42.9) << "seed " << seed;
    EXPECT_NEAR(i, 43.1, 0.03 * 43.1) << "seed " << seed;
    if (seed != 1) continue;
    const Trains reference = clocked(*session);
    const double reference_rate = rate_hz(reference, 0, kExcitatory), reference_cv = mean_cv(reference);
    std::printf("clocked reference: %.2f Hz, CV %.4f\n", reference_rate, reference_cv);
    EXPECT_NEAR(cv, reference_cv, 0.05 * reference_cv);
    EXPECT_NEAR(e, reference_rate, 0.02 * reference_rate);
  }
}

}  // namespace
}  // namespace spikeloop::testing
