// SPDX-License-Identifier: Apache-2.0
// Binomial and hypergeometric variates, and the random pairs that are made of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/engine/connect.hpp"
#include "core/engine/variates.hpp"
#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

using engine::binomial;

double log_probability(double n, double k, double p) {
  return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(p) + (n - k) * std::log1p(-p);
}

TEST(Binomial, Ends) {
  for (const double u : {0.0, 0.3, 1 - 0x1p-53}) {
    EXPECT_EQ(binomial(u, 0, 0.5), 0u);
    EXPECT_EQ(binomial(u, 1000, 0), 0u);
    EXPECT_EQ(binomial(u, 1000, 1), 1000u);
    EXPECT_LE(binomial(u, 3, 0.4), 3u);
    EXPECT_LE(binomial(u, 1'000'000'000'000, 1e-9), 2000u);
  }
  EXPECT_EQ(binomial(0.3, 1, 0.5), binomial(0.3, 1, 0.5));
  EXPECT_NE(binomial(0.49, 1, 0.5), binomial(0.51, 1, 0.5));
}

/// For u on a fine grid every value comes up as often as it is probable: inversion is exact, there is no noise to allow for.
TEST(Binomial, EveryValueHasItsShareOfTheUnitInterval) {
  constexpr double kGrid = 100'000;
  struct Case {
    std::uint64_t n;
    double p;
  };
  for (const auto& [n, p] : {Case{1, 0.3}, Case{5, 0.5}, Case{40, 0.02}, Case{40, 0.98}, Case{1000, 0.3}, Case{100'000, 1e-5},
                             Case{10'000'000, 0.001}, Case{4'000'000'000, 1e-5}}) {
    SCOPED_TRACE(::testing::Message() << "n " << n << " p " << p);
    std::map<std::uint64_t, double> seen;
    for (double i = 0; i < kGrid; ++i) ++seen[binomial((i + 0.5) / kGrid, n, p)];
    double mean = 0, square = 0, worst = 0;
    for (const auto& [k, count] : seen) {
      mean += static_cast<double>(k) * count / kGrid;
      worst = std::max(worst, std::abs(count / kGrid - std::exp(log_probability(static_cast<double>(n), static_cast<double>(k), p))));
    }
    for (const auto& [k, count] : seen) square += (static_cast<double>(k) - mean) * (static_cast<double>(k) - mean) * count / kGrid;
    const double expected = static_cast<double>(n) * p, variance = expected * (1 - p);
    EXPECT_NEAR(mean, expected, 2e-3 * std::sqrt(variance) + 1e-4);
    EXPECT_NEAR(square / variance, 1, 3e-3);
    EXPECT_LT(worst, 2 / kGrid + 1e-9);
  }
}

TEST(Hypergeometric, Ends) {
  using engine::hypergeometric;
  for (const double u : {0.0, 0.3, 1 - 0x1p-53}) {
    EXPECT_EQ(hypergeometric(u, 10, 0, 4), 0u);
    EXPECT_EQ(hypergeometric(u, 10, 10, 4), 4u);
    EXPECT_EQ(hypergeometric(u, 10, 4, 10), 4u);
    EXPECT_EQ(hypergeometric(u, 10, 4, 0), 0u);
    EXPECT_GE(hypergeometric(u, 10, 8, 7), 5u);
    EXPECT_LE(hypergeometric(u, 1'000'000'000'000, 1'000'000, 1'000'000), 40u);
  }
}

TEST(Hypergeometric, EveryValueHasItsShareOfTheUnitInterval) {
  constexpr double kGrid = 100'000;
  struct Case {
    std::uint64_t all, marked, drawn;
  };
  for (const auto& [all, marked, drawn] :
       {Case{10, 3, 4}, Case{60, 20, 30}, Case{1000, 990, 20}, Case{100'000, 1000, 5000}, Case{4'000'000'000, 40'000, 400'000'000}}) {
    SCOPED_TRACE(::testing::Message() << "all " << all << " marked " << marked << " drawn " << drawn);
    std::map<std::uint64_t, double> seen;
    for (double i = 0; i < kGrid; ++i) ++seen[engine::hypergeometric((i + 0.5) / kGrid, all, marked, drawn)];
    const auto a = static_cast<double>(all), m = static_cast<double>(marked), n = static_cast<double>(drawn);
    double mean = 0, square = 0;
    for (const auto& [k, count] : seen) mean += static_cast<double>(k) * count / kGrid;
    for (const auto& [k, count] : seen) square += (static_cast<double>(k) - mean) * (static_cast<double>(k) - mean) * count / kGrid;
    const double variance = n * m / a * (1 - m / a) * (a - n) / (a - 1);
    EXPECT_NEAR(mean, n * m / a, 2e-3 * std::sqrt(variance) + 1e-4);
    EXPECT_NEAR(square / variance, 1, 4e-3);
    if (all > 1'000'000) continue;  // lgamma has too few digits left
    const auto choose = [](double x, double k) { return std::lgamma(x + 1) - std::lgamma(k + 1) - std::lgamma(x - k + 1); };
    for (const auto& [k, count] : seen) {
      const auto x = static_cast<double>(k);
      EXPECT_NEAR(count / kGrid, std::exp(choose(m, x) + choose(a - m, n - x) - choose(a, n)), 2 / kGrid + 1e-9) << k;
    }
  }
}

struct Pairing {
  std::uint64_t count, sources, targets;
};

TEST(FixedTotalNumber, IsExactWithPlausibleDegreesForAnyNumberOfThreads) {
  for (const auto& [count, n, m] : {Pairing{1, 3, 500}, Pairing{200, 1000, 700}, Pairing{50'000, 300, 200}, Pairing{40'000, 70'000, 130}}) {
    SCOPED_TRACE(count);
    NetworkDescription d;
    d.populations = {source("from", n), neurons("to", m, Lif{})};
    d.projections = {connect("from", "to", FixedTotalNumber{count, true, true}, 1)};
    const Connectivity c = start(d)->connectivity(0);
    EXPECT_EQ(c.sources.size(), count);
    for (const std::size_t threads : {2, 3, 8}) {
      const Connectivity same = start(d, threads)->connectivity(0);
      EXPECT_EQ(same.sources, c.sources);
      EXPECT_EQ(same.targets, c.targets);
    }
    std::vector<double> in(m), out(n);
    for (std::size_t i = 0; i < c.sources.size(); ++i) ++out.at(c.sources[i]), ++in.at(c.targets[i]);
    const auto chi_square = [](const std::vector<double>& x, double mean) {
      double sum = 0;
      for (const double v : x) sum += (v - mean) * (v - mean) / mean;
      return sum;
    };
    if (count < 10'000) continue;
    const auto df_in = static_cast<double>(m - 1), df_out = static_cast<double>(n - 1);
    EXPECT_NEAR(chi_square(in, static_cast<double>(count) / static_cast<double>(m)), df_in, 4.5 * std::sqrt(2 * df_in));
    EXPECT_NEAR(chi_square(out, static_cast<double>(count) / static_cast<double>(n)), df_out, 4.5 * std::sqrt(2 * df_out));
  }
}

/// The last target's degree is as free as the first's: over many seeds each has the binomial moments.
TEST(FixedTotalNumber, EveryTargetHasTheSameDistribution) {
  constexpr std::uint64_t kCount = 60, kTargets = 5, kSeeds = 2000;
  std::vector<double> mean(kTargets), square(kTargets);
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    NetworkDescription d;
    d.seed = seed;
    d.populations = {source("from", 9), neurons("to", kTargets, Lif{})};
    d.projections = {connect("from", "to", FixedTotalNumber{kCount, true, true}, 1)};
    const Network network(d);
    std::vector<double> in(kTargets);
    engine::for_each_synapse(network, network.projections()[0], {0, kTargets},
                             [&](std::uint32_t, std::uint32_t t, std::uint64_t) { ++in[t]; });
    for (std::size_t t = 0; t < kTargets; ++t) mean[t] += in[t] / kSeeds, square[t] += in[t] * in[t] / kSeeds;
  }
  const double expected = static_cast<double>(kCount) / kTargets, variance = expected * (1 - 1.0 / kTargets);
  for (std::size_t t = 0; t < kTargets; ++t) {
    EXPECT_NEAR(mean[t], expected, 4.5 * std::sqrt(variance / kSeeds)) << t;
    EXPECT_NEAR(square[t] - mean[t] * mean[t], variance, 4.5 * variance * std::sqrt(2.0 / kSeeds)) << t;
  }
}

/// Without repetition every pair is there as often as any other, and none twice.
TEST(FixedTotalNumber, WithoutMultapsesEveryPairIsEquallyLikely) {
  constexpr std::uint64_t kCount = 7, kNeurons = 4, kSeeds = 3000;
  for (const bool autapses : {true, false}) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, double> seen;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      NetworkDescription d;
      d.seed = seed;
      d.populations = {neurons("n", kNeurons, Lif{})};
      d.projections = {connect("n", "n", FixedTotalNumber{kCount, false, autapses}, 1)};
      const Network network(d);
      std::map<std::pair<std::uint32_t, std::uint32_t>, double> pairs;
      engine::for_each_synapse(network, network.projections()[0], {0, kNeurons}, [&](std::uint32_t s, std::uint32_t t, std::uint64_t) {
        ++pairs[{s, t}];
      });
      EXPECT_EQ(pairs.size(), kCount);
      for (const auto& [pair, n] : pairs) seen[pair] += n;
    }
    const double possible = autapses ? 16 : 12, p = static_cast<double>(kCount) / possible;
    ASSERT_EQ(static_cast<double>(seen.size()), possible);
    for (const auto& [pair, n] : seen)
      EXPECT_NEAR(n / kSeeds, p, 4.5 * std::sqrt(p * (1 - p) / kSeeds)) << pair.first << " to " << pair.second;
  }
}

}  // namespace
}  // namespace spikeloop::testing
