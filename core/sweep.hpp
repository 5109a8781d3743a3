// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/experiment.hpp"

/// A search over fields of an experiment and its network: which combinations of values there are, and what each of them reached on the
/// validation part. The test part has no place here: it is for the one number at the end.
namespace spikeloop {

/// A field of the descriptions, and the values that it is tried with.
struct SweepAxis {
  std::string field;
  std::vector<std::string> values;  ///< as they are written in a description
};

/// How many combinations the values have; UINT64_MAX if they are more than that.
std::uint64_t grid_size(const std::vector<SweepAxis>& axes);

/// Combination number `index` of the grid, a value an axis; the last axis changes fastest.
std::vector<std::string> grid_values(const std::vector<SweepAxis>& axes, std::uint64_t index);

/// `count` different numbers below `size`, in the order in which they are drawn (all of them, shuffled, where count >= size). It depends on
/// `seed` alone, and fewer are the beginning of more.
std::vector<std::uint64_t> random_combinations(std::uint64_t size, std::size_t count, std::uint64_t seed);

/// One seed of a combination after its last epoch; with early stop after that whose weights were kept.
struct SweepRun {
  std::uint64_t seed = 0;
  EpochResult last;  ///< `validation_accuracy` is the score
  std::uint64_t weights_hash = 0;
};

/// A combination of values and what was trained with it.
struct SweepPoint {
  std::size_t index = 0;            ///< in the order of the sweep
  std::vector<std::string> values;  ///< one an axis
  std::vector<SweepRun> runs;       ///< one a seed; empty if it is not finished
};

/// A sweep as far as it has come.
struct SweepResult {
  std::string experiment;
  std::vector<SweepAxis> axes;
  std::uint64_t grid = 0;              ///< combinations that the values have
  std::vector<SweepPoint> points;      ///< those that are swept, in their order
  std::size_t validation_samples = 0;  ///< of a run; of the first point where they differ
};

/// Mean and spread over the seeds of a point of one figure of that epoch.
MeanSpread over_seeds(const SweepPoint& point, double EpochResult::*figure);

/// The finished points, best mean validation accuracy first; equal ones in the order of the sweep.
std::vector<const SweepPoint*> ranked(const SweepResult& result);

}  // namespace spikeloop
