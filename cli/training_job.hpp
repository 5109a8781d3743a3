// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "cli/inputs.hpp"
#include "proto/checkpoint.hpp"

namespace spikeloop::cli {

/// All runs of an experiment (seeds, and their controls), spread over threads, with a checkpoint that any of them can be resumed from.
class TrainingJob {
 public:
  /// `dir` is the run directory; `samples_limit` > 0 cuts the data (smoke).
  TrainingJob(const LoadedExperiment& loaded, std::filesystem::path dir, std::size_t samples_limit);

  /// Goes on where a checkpoint stopped; throws DescriptionError if it belongs to something else, or to a finished run.
  void resume(const Checkpoint& checkpoint);

  /// Runs until done or interrupted; returns whether it is done. `show` is called with the progress of all begun runs, a few times a second.
  bool run(std::size_t threads, const std::function<void(const std::vector<Progress>&)>& show);

  /// What has been finished.
  ExperimentResult result() const;

 private:
  void work(const std::function<void(const std::vector<Progress>&)>& show);
  std::optional<std::size_t> claim();
  void train(std::size_t index, const std::function<void(const std::vector<Progress>&)>& show);
  void checkpoint_now();

  const LoadedExperiment* loaded_;
  std::filesystem::path dir_;
  std::size_t samples_limit_;
  Checkpoint checkpoint_;
  std::vector<Progress> progress_;   ///< of each run; samples_total 0 = not begun
  std::size_t next_ = 0;
  std::vector<std::chrono::steady_clock::time_point> last_save_;  ///< of each run
  std::chrono::steady_clock::time_point last_show_;
  mutable std::mutex mutex_;
};

}  // namespace spikeloop::cli
