// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "core/engine/kernels.hpp"
#include "core/time.hpp"

namespace spikeloop::engine {

/// A table for Poisson counts of a mean (expected spikes a tick). Each of the 2^32 random words means one count; the probabilities are
/// right to 2^-32.
AliasTable poisson_table(double mean);

/// Poisson counts for one tick; a count is a pure function of (seed, stream, trial, tick, neuron).
class PoissonCounts {
 public:
  static constexpr std::uint32_t kChunk = 64;  ///< neurons that are drawn together

  PoissonCounts() = default;
  PoissonCounts(double mean, std::uint64_t seed, std::uint64_t stream) : seed_(seed), stream_(stream), table_(poisson_table(mean)) {}
  /// sum[i] += weight x count of neuron `first` + i at a tick of a trial, for i < neurons; `first` is a multiple of kChunk. Returns the sum
  /// of the counts.
  std::uint64_t add(std::uint64_t trial, Tick tick, std::uint32_t first, std::uint32_t neurons, float weight, float* sum) const;

 private:
  std::uint64_t seed_ = 0, stream_ = 0;
  AliasTable table_;
};

}  // namespace spikeloop::engine
