// SPDX-License-Identifier: Apache-2.0
#include "cli/sweep_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "cli/cli.hpp"
#include "cli/side_by_side.hpp"
#include "proto/atomic_file.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;

SweepJob::SweepJob(SweepResult& sweep, const std::vector<SweepTask>& tasks, fs::path dir, report::RunInfo info, std::uint64_t first_seed)
    : sweep_(&sweep), tasks_(&tasks), dir_(std::move(dir)), info_(std::move(info)), first_seed_(first_seed) {
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    Progress progress;
    if (!sweep.points[i].runs.empty()) progress.samples_done = progress.samples_total = 1;  // how large it was is not known
    first_run_.push_back(progress_.size());
    progress_.resize(progress_.size() + tasks[i].described.experiment.seeds, progress);
    if (sweep.points[i].runs.empty()) open_.push_back(i);
  }
  std::reverse(open_.begin(), open_.end());
}

bool SweepJob::run(std::size_t threads, const TrainingJob::Show& show) {
  write();
  for (const SweepPoint& point : sweep_->points)
    if (!point.runs.empty()) fs::remove_all(folder_of(point.index));  // killed just before that
  side_by_side_ = std::clamp<std::size_t>(open_.size(), 1, threads);
  threads_ = threads;
  const auto work = [&] {
    while (const auto claimed = claim()) train(*claimed, show);
  };
  if (const std::exception_ptr failure = run_side_by_side(side_by_side_, work)) std::rethrow_exception(failure);
  return std::none_of(sweep_->points.begin(), sweep_->points.end(), [](const SweepPoint& p) { return p.runs.empty(); });
}

/// The last points also take the threads that will find nothing to do any more.
std::optional<SweepJob::Claim> SweepJob::claim() {
  const std::lock_guard lock(mutex_);
  if (open_.empty() || interrupted()) return std::nullopt;
  const std::size_t sharing = claimed_++ < side_by_side_ ? side_by_side_ : std::min(side_by_side_, open_.size());
  const Claim claim{open_.back(), threads_ / sharing};
  open_.pop_back();
  return claim;
}

void SweepJob::train(const Claim& claim, const TrainingJob::Show& show) {
  const SweepTask& task = (*tasks_)[claim.point];
  const fs::path dir = folder_of(claim.point);
  fs::create_directories(dir);
  JobOptions options;
  options.samples_limit = task.samples_limit;
  options.first_seed = first_seed_;
  options.only_train = true;
  options.machine = task.machine;
  TrainingJob job(task.described, *task.data, dir, options);
  if (fs::exists(dir / "checkpoint.pb")) job.resume(load_checkpoint((dir / "checkpoint.pb").string()));
  const bool done = job.run(claim.threads, [&](const std::vector<Progress>& runs) {
    const std::lock_guard lock(mutex_);
    std::copy(runs.begin(), runs.end(), progress_.begin() + static_cast<std::ptrdiff_t>(first_run_[claim.point]));
    show(progress_);
  });
  if (!done) return;
  finish(claim.point, job.result());
  fs::remove_all(dir);
}

void SweepJob::finish(std::size_t point, const ExperimentResult& result) {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < result.runs.size(); ++i) {
    const TrainingResult& run = result.runs[i];
    sweep_->points[point].runs.push_back({run.seed, run.epochs.at(run.kept_epoch), run.weights_hash});
    Progress& progress = progress_[first_run_[point] + i];
    progress.samples_done = progress.samples_total = std::max<std::size_t>(progress.samples_total, 1);
  }
  write();
}

fs::path SweepJob::folder_of(std::size_t point) const { return dir_ / fmt::format("point_{}", point); }

void SweepJob::write() const { write_file_atomically((dir_ / kSweepFile).string(), report::sweep_json(*sweep_, info_)); }

}  // namespace spikeloop::cli
