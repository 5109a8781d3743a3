// SPDX-License-Identifier: Apache-2.0
#include "core/engine/poisson.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "core/random.hpp"

namespace spikeloop::engine {
namespace {

constexpr std::uint64_t kWords = std::uint64_t{1} << 32;
constexpr std::size_t kFewestColumns = 16;  ///< what one vector holds

/// How many words mean a count of `least`, `least` + 1, ...: at least one each, 2^32 in all.
std::vector<std::uint64_t> words_of(double mean, std::int32_t& least) {
  std::vector<std::uint64_t> words;
  std::uint64_t given = 0;
  double sum = 0, log_p = -mean;  // by logarithms: exp(-mean) alone would underflow for a mean of 1,000 a tick
  least = 0;
  for (int k = 0; given < kWords; ++k) {
    if (k > 0) log_p += std::log(mean / k);
    sum += std::exp(log_p);
    const bool rest =
        k > mean && (sum >= 1 - 0x1p-33 || k > mean + 40 * std::sqrt(mean) + 40);  // the second: what rounding left of the sum
    const std::uint64_t up_to = rest ? kWords : static_cast<std::uint64_t>(std::llround(std::min(sum, 1.0) * 0x1p32));
    if (words.empty() && up_to == 0)
      ++least;
    else
      words.push_back(up_to - given);
    given = up_to;
  }
  while (words.back() == 0) words.pop_back();
  return words;
}

}  // namespace

/// Vose's way to fill the columns (1991, DOI 10.1109/32.92917), in whole words, so that nothing is left over.
AliasTable poisson_table(double mean) {
  AliasTable table;
  std::vector<std::uint64_t> left = words_of(mean, table.least);
  const std::size_t columns = std::max(kFewestColumns, std::bit_ceil(left.size()));
  left.resize(columns, 0);
  const std::uint64_t room = kWords / columns;
  table.keep.resize(columns), table.alias.resize(columns);
  std::vector<std::uint32_t> small, large;
  for (std::uint32_t c = 0; c < columns; ++c) (left[c] < room ? small : large).push_back(c);
  for (; !small.empty(); small.pop_back()) {
    const std::uint32_t c = small.back(), from = large.back();
    table.keep[c] = static_cast<std::uint32_t>(left[c] * columns);
    table.alias[c] = static_cast<std::int32_t>(from);
    left[from] -= room - left[c];
    if (left[from] >= room) continue;
    large.pop_back();
    small.back() = from;  // it comes next: what is popped is the column that is full
    small.push_back(c);
  }
  for (const std::uint32_t c : large) table.alias[c] = static_cast<std::int32_t>(c);  // all of it is its own
  return table;
}

std::uint64_t PoissonCounts::add(std::uint64_t trial, Tick tick, std::uint32_t first, std::uint32_t neurons, float weight,
                                 float* sum) const {
  const auto high_tick = static_cast<std::uint64_t>(tick) >> 32;
  const std::uint64_t stream = stream_of_trial(stream_, trial) + high_tick * 0xBF58476D1CE4E5B9ull;
  const PoissonKey key{{static_cast<std::uint32_t>(seed_), static_cast<std::uint32_t>(seed_ >> 32)},
                       static_cast<std::uint32_t>(tick),
                       {static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)}};
  return add_poisson_counts(key, table_, first / kChunk, neurons, weight, sum);
}

}  // namespace spikeloop::engine
