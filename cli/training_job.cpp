// SPDX-License-Identifier: Apache-2.0
#include "cli/training_job.hpp"

#include <fmt/format.h>

#include <exception>
#include <thread>

#include "backends/simulator/simulator.hpp"
#include "cli/cli.hpp"
#include "cli/run_directory.hpp"
#include "proto/atomic_file.hpp"
#include "proto/write.hpp"
#include "spikeloop_version.hpp"

namespace spikeloop::cli {
namespace {

constexpr std::chrono::seconds kCheckpointEvery{10};
constexpr std::chrono::milliseconds kShowEvery{200};

}  // namespace

TrainingJob::TrainingJob(const LoadedExperiment& loaded, std::filesystem::path dir, std::size_t samples_limit)
    : loaded_(&loaded), dir_(std::move(dir)), samples_limit_(samples_limit) {
  checkpoint_.spikeloop_version = kVersion;
  checkpoint_.network_fingerprint = Network(loaded.network).fingerprint();
  checkpoint_.experiment_fingerprint = experiment_fingerprint(loaded.experiment);
  for (const bool control : {false, true})
    for (std::uint64_t seed = 1; seed <= loaded.experiment.seeds; ++seed)
      if (!control || loaded.experiment.frozen_hidden_control) checkpoint_.runs.push_back({seed, control, std::nullopt, {}});
  progress_.resize(checkpoint_.runs.size());
  last_show_ = std::chrono::steady_clock::now();
  last_save_.resize(checkpoint_.runs.size(), last_show_);
}

void TrainingJob::resume(const Checkpoint& checkpoint) {
  const std::string file = (dir_ / "checkpoint.pb").string();
  check_belongs(checkpoint, checkpoint_.network_fingerprint, checkpoint_.experiment_fingerprint, file);
  bool finished = true;
  for (const CheckpointRun& theirs : checkpoint.runs)
    for (CheckpointRun& mine : checkpoint_.runs)
      if (mine.seed == theirs.seed && mine.control == theirs.control) mine = theirs;
  for (const CheckpointRun& r : checkpoint_.runs) finished &= r.result.has_value();
  if (finished) throw DescriptionError(fmt::format("{}: this run is finished, there is nothing to resume; its report is {}", dir_.string(), (dir_ / "report.html").string()));
}

bool TrainingJob::run(std::size_t threads, const std::function<void(const std::vector<Progress>&)>& show) {
  checkpoint_now();
  std::vector<std::exception_ptr> failures(threads);
  std::vector<std::thread> team;
  for (std::size_t i = 0; i < threads; ++i)
    team.emplace_back([&, i] {
      try {
        work(show);
      } catch (...) {
        failures[i] = std::current_exception();
        interrupted() = true;  // the others stop at their next trial and save
      }
    });
  for (std::thread& thread : team) thread.join();
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
  checkpoint_now();
  for (const CheckpointRun& r : checkpoint_.runs)
    if (!r.result) return false;
  return true;
}

void TrainingJob::work(const std::function<void(const std::vector<Progress>&)>& show) {
  while (const auto index = claim()) train(*index, show);
}

std::optional<std::size_t> TrainingJob::claim() {
  const std::lock_guard lock(mutex_);
  while (next_ < checkpoint_.runs.size() && checkpoint_.runs[next_].result) ++next_;
  if (next_ == checkpoint_.runs.size() || interrupted()) return std::nullopt;
  return next_++;
}

void TrainingJob::train(std::size_t index, const std::function<void(const std::vector<Progress>&)>& show) {
  Experiment experiment = loaded_->experiment;
  NetworkDescription description = loaded_->network;
  const CheckpointRun& run = checkpoint_.runs[index];
  if (run.control) {
    description = frozen_hidden(description, experiment.readout.population);
    experiment.thresholds_learn = false;
  }
  const auto simulator = make_simulator();
  Trainer trainer(experiment, Network(description), *simulator, loaded_->data, run.seed, samples_limit_);
  if (!run.trainer.empty()) trainer.restore(run.trainer);
  const auto start = std::chrono::steady_clock::now();
  const auto save = [&] { checkpoint_.runs[index].trainer = trainer.save(); };
  const bool done = trainer.run(interrupted(), [&](const Progress& p) {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    progress_[index] = p;
    progress_[index].control = run.control;
    if (now - last_save_[index] > kCheckpointEvery) {
      save();
      last_save_[index] = now;
      write_file_atomically((dir_ / "checkpoint.pb").string(), write_checkpoint(checkpoint_));
    }
    if (now - last_show_ > kShowEvery) last_show_ = now, show(progress_);
  });
  if (!done) {
    const std::lock_guard lock(mutex_);
    return save();
  }
  TrainingResult result = trainer.finish();
  result.training_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!run.control) write_weights(weights_directory(dir_, index, run.seed), trainer.network(), trainer.session());
  const std::lock_guard lock(mutex_);
  checkpoint_.runs[index].result = std::move(result);
  checkpoint_.runs[index].trainer.clear();
  write_file_atomically((dir_ / "checkpoint.pb").string(), write_checkpoint(checkpoint_));
}

void TrainingJob::checkpoint_now() {
  const std::lock_guard lock(mutex_);
  write_file_atomically((dir_ / "checkpoint.pb").string(), write_checkpoint(checkpoint_));
}

ExperimentResult TrainingJob::result() const {
  ExperimentResult result;
  result.experiment = loaded_->experiment;
  for (const CheckpointRun& r : checkpoint_.runs)
    if (r.result) (r.control ? result.control : result.runs).push_back(*r.result);
  return result;
}

}  // namespace spikeloop::cli
