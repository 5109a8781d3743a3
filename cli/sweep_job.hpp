// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <vector>

#include "cli/sweep_points.hpp"
#include "cli/training_job.hpp"
#include "report/sweep.hpp"

namespace spikeloop::cli {

inline constexpr const char* kSweepFile = "sweep.json";

/// All points of a sweep, spread over threads; each is a training of its own, in a folder that goes when the point stands in sweep.json.
class SweepJob {
 public:
  /// Points of `sweep` that have runs are finished already. `sweep` and `tasks` must outlive the job.
  SweepJob(SweepResult& sweep, const std::vector<SweepTask>& tasks, std::filesystem::path dir, report::RunInfo info,
           std::uint64_t first_seed);

  /// Trainings of all points together.
  std::size_t runs() const { return progress_.size(); }

  /// Trains until done or interrupted; returns whether it is done. sweep.json is written after every point. `show` gets the progress of all
  /// runs, as that of a TrainingJob does.
  bool run(std::size_t threads, const TrainingJob::Show& show);

 private:
  struct Claim {
    std::size_t point = 0;
    std::size_t threads = 1;
  };
  std::optional<Claim> claim();
  void train(const Claim& claim, const TrainingJob::Show& show);
  void finish(std::size_t point, const ExperimentResult& result);
  std::filesystem::path folder_of(std::size_t point) const;
  void write() const;

  SweepResult* sweep_;
  const std::vector<SweepTask>* tasks_;
  std::filesystem::path dir_;
  report::RunInfo info_;
  std::uint64_t first_seed_;
  std::vector<std::size_t> first_run_;  ///< of each point, in `progress_`
  std::vector<Progress> progress_;
  std::vector<std::size_t> open_;  ///< points that nobody has claimed, the next one last
  std::size_t side_by_side_ = 1, threads_ = 1, claimed_ = 0;
  std::mutex mutex_;
};

}  // namespace spikeloop::cli
