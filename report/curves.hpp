// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/experiment.hpp"

/// Error against presentation time, spikes, weight bits and device mismatch.
namespace spikeloop::report {

/// One time of the test, over the seeds. Shares, not percentages.
struct TimeError {
  double ms = 0;
  MeanSpread error;
  double spikes = 0, input_spikes = 0;  ///< until then, per inference, mean
};
std::vector<TimeError> errors_over_time(const std::vector<TrainingResult>& runs);

/// One level of a robustness probe, over seeds and draws.
struct LevelError {
  double level = 0;           ///< bits, or coefficient of variation
  MeanSpread error, loss;     ///< the loss is the error less that of the same network as it was trained
  std::vector<double> seeds;  ///< error of each seed, mean over its draws
};
/// Levels in the order in which they were probed; `points` is &RobustnessResult::bits or &RobustnessResult::mismatch.
std::vector<LevelError> errors_by_level(const std::vector<TrainingResult>& runs, std::vector<RobustnessPoint> RobustnessResult::*points);

/// Error against presentation time and against spikes, side by side; empty if the results know nothing of it.
std::string over_time_section(const ExperimentResult& result);

/// Error against weight bits and against mismatch, what each level loses, and what was not varied; empty if it was not probed.
std::string robustness_section(const ExperimentResult& result);

/// What each level loses in points, as one line for a terminal; empty if it was not probed.
std::string robustness_line(const ExperimentResult& result);

/// The same for report.json; the second is null if it was not probed.
nlohmann::ordered_json over_time_json(const std::vector<TrainingResult>& runs);
nlohmann::ordered_json robustness_json(const ExperimentResult& result);

}  // namespace spikeloop::report
