// SPDX-License-Identifier: Apache-2.0
#include "core/sweep.hpp"

#include <algorithm>
#include <unordered_map>

#include "core/random.hpp"

namespace spikeloop {

std::uint64_t grid_size(const std::vector<SweepAxis>& axes) {
  std::uint64_t size = 1;
  for (const SweepAxis& axis : axes) {
    if (axis.values.empty()) return 0;
    size = size > UINT64_MAX / axis.values.size() ? UINT64_MAX : size * axis.values.size();
  }
  return size;
}

std::vector<std::string> grid_values(const std::vector<SweepAxis>& axes, std::uint64_t index) {
  std::vector<std::string> values(axes.size());
  for (std::size_t i = axes.size(); i-- > 0;) {
    values[i] = axes[i].values[index % axes[i].values.size()];
    index /= axes[i].values.size();
  }
  return values;
}

std::vector<std::uint64_t> random_combinations(std::uint64_t size, std::size_t count, std::uint64_t seed) {
  // The beginning of a shuffle (Fisher, Yates) of all numbers, of which only those that have moved are kept.
  std::unordered_map<std::uint64_t, std::uint64_t> moved;
  const auto at = [&moved](std::uint64_t place) {
    const auto it = moved.find(place);
    return it == moved.end() ? place : it->second;
  };
  std::vector<std::uint64_t> drawn;
  for (std::uint64_t i = 0; i < size && drawn.size() < count; ++i) {
    const std::uint64_t other = i + random_below(seed, stream_of("sweep", "combinations"), i, size - i);
    drawn.push_back(at(other));
    moved[other] = at(i);
  }
  return drawn;
}

MeanSpread over_seeds(const SweepPoint& point, double EpochResult::*figure) {
  std::vector<double> values;
  for (const SweepRun& run : point.runs) values.push_back(run.last.*figure);
  return mean_spread(values);
}

std::vector<const SweepPoint*> ranked(const SweepResult& result) {
  std::vector<const SweepPoint*> points;
  for (const SweepPoint& point : result.points)
    if (!point.runs.empty()) points.push_back(&point);
  const auto score = [](const SweepPoint* point) { return over_seeds(*point, &EpochResult::validation_accuracy).mean; };
  std::stable_sort(points.begin(), points.end(), [&](const auto* a, const auto* b) { return score(a) > score(b); });
  return points;
}

}  // namespace spikeloop
