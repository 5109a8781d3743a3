// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/time.hpp"

/// How the answers of a test come about while the samples are shown.
namespace spikeloop {

struct TrialPlan;
class TrialSink;

/// The answers to a test set if it had been stopped at one time of each trial.
struct TimePoint {
  double ms = 0;  ///< how long each sample had been shown
  double accuracy = 0;
  double spikes = 0;        ///< of hidden and readout populations until then, per sample
  double input_spikes = 0;  ///< that the sample had been encoded into until then, per sample
};

/// 1, 2, 3, 5, 8, 10, 15, 20, 30, 40, 60, 80, 100, 150, ... ms as far as they are below `test`, and `test` itself.
std::vector<Time> presentation_times(Time test);

/// Gathers the running answer over the samples of a test, from spikes that have been recorded anyway. The answer at time t is the
/// readout's: most spikes before t; ties go to the larger potential where it was sampled at the tick before t (at the end, and at the end
/// of the free phase), else to the lower index, so that a readout which has not spiked yet answers 0.
class OverTime {
 public:
  explicit OverTime(const TrialPlan& plan);
  /// Takes in a trial that has ended.
  void add(const TrialSink& sink, std::uint32_t label);
  /// One point a time; the last has the accuracy of the whole test. Empty if nothing was added.
  std::vector<TimePoint> points() const;

 private:
  struct Sums {
    std::uint64_t right = 0, spikes = 0, input = 0;
  };
  const TrialPlan* plan_;
  std::vector<Time> times_;
  std::vector<Sums> sums_;
  std::vector<std::uint32_t> counts_;  ///< of the readout, in the trial
  std::size_t samples_ = 0;
};

}  // namespace spikeloop
