// SPDX-License-Identifier: Apache-2.0
#include "core/engine/poisson.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <vector>

namespace spikeloop::engine {
namespace {

/// How many of the 2^32 words mean each count.
std::map<std::int64_t, double> words_of(const AliasTable& t) {
  std::map<std::int64_t, double> words;
  const double columns = static_cast<double>(t.keep.size()), room = 0x1p32 / columns;
  for (std::size_t c = 0; c < t.keep.size(); ++c) {
    const double own = std::ceil((t.keep[c] - static_cast<double>(c)) / columns);  // of the words c, c + columns, ... those below `keep`
    if (own > 0) words[t.least + static_cast<std::int64_t>(c)] += own;
    if (own < room) words[t.least + t.alias[c]] += room - std::max(own, 0.0);
  }
  return words;
}

TEST(PoissonTable, EveryCountHasItsShareOfTheWords) {
  for (const double mean : {0.1, 0.7, 2.0, 9.0, 150.0, 3000.0}) {
    SCOPED_TRACE(mean);
    const std::map<std::int64_t, double> words = words_of(poisson_table(mean));
    double all = 0, sum = 0, squares = 0;
    for (const auto& [count, n] : words) {
      const double p = std::exp(static_cast<double>(count) * std::log(mean) - mean - std::lgamma(static_cast<double>(count) + 1));
      EXPECT_NEAR(n, p * 0x1p32, 1.5 + p * 0x1p32 * 1e-9) << count;
      all += n, sum += n * static_cast<double>(count), squares += n * static_cast<double>(count) * static_cast<double>(count);
    }
    EXPECT_EQ(all, 0x1p32);
    EXPECT_NEAR(sum / all, mean, 1e-7 * mean + 1e-8);
    EXPECT_NEAR(squares / all - mean * mean, mean, 1e-5 * mean);
  }
}

TEST(PoissonTable, FitsIntoOneOrTwoVectorsForUsualMeans) {
  EXPECT_EQ(poisson_table(0.5).keep.size(), 16u);
  EXPECT_EQ(poisson_table(2).keep.size(), 32u);
  EXPECT_EQ(poisson_table(3000).keep.size(), 1024u);
}

TEST(PoissonCounts, DoNotDependOnHowTheyAreCut) {
  const PoissonCounts counts(2.5, 7, 11);
  std::vector<float> whole(1000, 0), parts(1000, 0);
  const std::uint64_t all = counts.add(3, Tick{5} << 33, 0, 1000, 1, whole.data());
  std::uint64_t sum = 0;
  for (const auto& [begin, end] : {std::pair{0u, 64u}, {64u, 640u}, {640u, 1000u}})
    sum += counts.add(3, Tick{5} << 33, begin, end - begin, 1, parts.data() + begin);
  EXPECT_EQ(parts, whole);
  EXPECT_EQ(sum, all);
  for (const auto& [trial, tick] :
       {std::pair{std::uint64_t{4}, Tick{5} << 33}, {std::uint64_t{3}, Tick{5} << 34}, {std::uint64_t{3}, (Tick{5} << 33) + 1}}) {
    std::vector<float> other(1000, 0);
    counts.add(trial, tick, 0, 1000, 1, other.data());
    EXPECT_NE(other, whole);
  }
}

}  // namespace
}  // namespace spikeloop::engine
