// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/inputs.hpp"
#include "cli/training_options.hpp"
#include "core/sweep.hpp"

/// The combinations of a sweep as experiments that are ready to be trained.
namespace spikeloop::cli {

/// What is swept, in words: `--over`, and `--random` if it is not 0.
struct SweepOptions : TrainingOptions {
  std::vector<std::string> over;  ///< "FIELD=V1,V2,..."
  std::size_t random = 0;
};

/// One combination; its data have no test part (where a fold is the test, it is that of each run, and not looked at).
struct SweepTask {
  DescribedExperiment described;
  std::shared_ptr<const Dataset> data;
  MachineChoice machine;
  std::size_t samples_limit = 0;
  std::size_t validation_samples = 0;  ///< that a run is scored on
};

/// Description files by path, each read once: what is changed on the disk while a sweep runs changes nothing.
using DescriptionFiles = std::map<std::string, std::string>;

/// The fields and values of `--over`; throws UsageError.
std::vector<SweepAxis> parse_axes(const SweepOptions& options);

/// What is to be swept: the grid, or so many combinations of it. Nothing is trained yet. Throws UsageError if it is too much.
SweepResult sweep_of(const SweepOptions& options);

/// The experiments of all points. `files` gets, or has already, the description files. Throws UsageError for fields that there are not,
/// DescriptionError with all faults of all combinations (each once), also where there is no validation part to score on.
std::vector<SweepTask> load_points(const SweepResult& sweep, const SweepOptions& options, DescriptionFiles& files);

}  // namespace spikeloop::cli
