// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "cli/backends.hpp"
#include "cli/inputs.hpp"
#include "proto/checkpoint.hpp"

namespace spikeloop::cli {

/// What a training is made of besides its experiment.
struct JobOptions {
  std::size_t samples_limit = 0;  ///< > 0 cuts the data (smoke)
  std::uint64_t first_seed = 1;
  std::chrono::nanoseconds checkpoint_every = std::chrono::seconds(10);
  bool only_train = false;       ///< tests nothing, and keeps no weights
  MachineChoice machine{};       ///< on which it runs
  std::filesystem::path from{};  ///< a run directory whose weights each seed begins with; empty = as described
};

/// All runs of an experiment (seeds, and their controls), spread over threads, with a checkpoint that any of them can be resumed from.
class TrainingJob {
 public:
  using Show = std::function<void(const std::vector<Progress>&)>;

  /// `dir` is the run directory. The experiment and the data must outlive the job.
  TrainingJob(const DescribedExperiment& described, const Dataset& data, std::filesystem::path dir, JobOptions options);

  /// Goes on where a checkpoint stopped; throws DescriptionError if it belongs to something else.
  void resume(const Checkpoint& checkpoint);

  /// Whether every run is.
  bool finished() const;
  std::size_t runs() const { return checkpoint_.runs.size(); }

  /// Runs until done or interrupted; returns whether it is done. Threads that are more than there are runs share the trials of batches.
  /// `show` is called a few times a second with the progress of all runs (samples_total 0 = not begun, samples_done == samples_total =
  /// finished).
  bool run(std::size_t threads, const Show& show);

  /// What has been finished.
  ExperimentResult result() const;

 private:
  void work(const Show& show);
  std::optional<std::size_t> claim();
  void train(std::size_t index, const Show& show);
  void write();

  const DescribedExperiment* described_;
  const Dataset* data_;
  std::filesystem::path dir_;
  JobOptions options_;
  Checkpoint checkpoint_;
  std::vector<Progress> progress_;
  std::size_t next_ = 0;
  std::size_t workers_ = 1;                                       ///< threads of each run, for the trials of a batch
  std::vector<std::chrono::steady_clock::time_point> last_save_;  ///< of each run
  std::chrono::steady_clock::time_point last_show_;
  mutable std::mutex mutex_;
};

}  // namespace spikeloop::cli
