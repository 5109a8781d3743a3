// SPDX-License-Identifier: Apache-2.0
#include "cli/training_job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "cli/cli.hpp"
#include "cli/run_directory.hpp"
#include "cli/side_by_side.hpp"
#include "proto/atomic_file.hpp"
#include "proto/write.hpp"
#include "spikeloop_version.hpp"

namespace spikeloop::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kShowEvery{200};

/// Of all that the description says, numbers included; where tensors were read from does not matter.
std::uint64_t fingerprint_of(NetworkDescription description) {
  for (Projection& p : description.projections)
    if (auto* tensor = std::get_if<Tensor>(&p.connect)) tensor->file.clear();
  const std::string text = write_network(description);
  return hash_bytes(kHashStart, text.data(), text.size());
}

/// The result of a training that is done; nothing if it was interrupted before all was probed that the experiment asks for.
std::optional<TrainingResult> result_of(Trainer& trainer, bool with_test, bool probes, Clock::time_point start) {
  TrainingResult result = trainer.finish(with_test);
  result.training_seconds = std::chrono::duration<double>(Clock::now() - start).count();
  if (!with_test || !probes) return result;
  result.robustness = trainer.probe(result.test, interrupted());
  if (!result.robustness && interrupted()) return std::nullopt;
  return result;
}

}  // namespace

TrainingJob::TrainingJob(const DescribedExperiment& described, const Dataset& data, std::filesystem::path dir, JobOptions options)
    : described_(&described), data_(&data), dir_(std::move(dir)), options_(options) {
  const Experiment& e = described.experiment;
  checkpoint_.spikeloop_version = kVersion;
  checkpoint_.network_fingerprint = fingerprint_of(described.network);
  checkpoint_.experiment_fingerprint = experiment_fingerprint(e);
  for (const bool control : {false, true})
    for (std::uint64_t seed = options.first_seed; seed < options.first_seed + e.seeds; ++seed)
      if (!control || e.frozen_hidden_control) checkpoint_.runs.push_back({seed, control, std::nullopt, {}});
  progress_.resize(checkpoint_.runs.size());
  last_show_ = Clock::now();
  last_save_.resize(checkpoint_.runs.size(), last_show_);
}

void TrainingJob::resume(const Checkpoint& checkpoint) {
  check_belongs(checkpoint, checkpoint_.network_fingerprint, checkpoint_.experiment_fingerprint, (dir_ / "checkpoint.pb").string());
  for (const CheckpointRun& theirs : checkpoint.runs)
    for (std::size_t i = 0; i < checkpoint_.runs.size(); ++i) {
      CheckpointRun& mine = checkpoint_.runs[i];
      if (mine.seed != theirs.seed || mine.control != theirs.control) continue;
      mine = theirs;
      if (mine.result) progress_[i].samples_done = progress_[i].samples_total = 1;  // finished; how large it was is not known
    }
}

bool TrainingJob::finished() const {
  return std::all_of(checkpoint_.runs.begin(), checkpoint_.runs.end(), [](const CheckpointRun& r) { return r.result.has_value(); });
}

bool TrainingJob::run(std::size_t threads, const Show& show) {
  write();
  const std::size_t side_by_side = std::min(threads, runs());
  workers_ = threads / side_by_side;
  if (const std::exception_ptr failure = run_side_by_side(side_by_side, [&] { work(show); })) {
    try {
      write();  // what the others have done
    } catch (const Error&) {
      // The disk may be what has failed; the first failure is the one to tell.
    }
    std::rethrow_exception(failure);
  }
  if (finished()) return true;
  write();
  return false;
}

void TrainingJob::work(const Show& show) {
  while (const auto index = claim()) train(*index, show);
}

std::optional<std::size_t> TrainingJob::claim() {
  const std::lock_guard lock(mutex_);
  while (next_ < checkpoint_.runs.size() && checkpoint_.runs[next_].result) ++next_;
  if (next_ == checkpoint_.runs.size() || interrupted()) return std::nullopt;
  return next_++;
}

void TrainingJob::train(std::size_t index, const Show& show) {
  Experiment experiment = described_->experiment;
  NetworkDescription description = described_->network;
  CheckpointRun& run = checkpoint_.runs[index];  // no other thread changes it
  if (run.control) {
    description = frozen_hidden(description, experiment.readout.population);
    experiment.thresholds_learn = false;
    if (!learns_feedback(description)) experiment.feedback_learning.reset();  // what would learn goes to layers that get no feedback now
  }
  const auto machine = make_machine(options_.machine, 1, run.seed);
  Trainer trainer(experiment, Network(description), *machine, *data_, run.seed, options_.samples_limit, workers_);
  if (!run.trainer.empty())
    trainer.restore(run.trainer);
  else if (!options_.from.empty())
    read_weights(weights_directory(options_.from, index % experiment.seeds, run.seed), Network(with_probes(description, experiment)),
                 trainer.session());
  const auto start = Clock::now();
  const bool done = trainer.run(interrupted(), [&](const Progress& p) {
    const auto now = Clock::now();
    const std::lock_guard lock(mutex_);
    progress_[index] = p;
    progress_[index].control = run.control;
    if (now - last_save_[index] > options_.checkpoint_every) {
      run.trainer = trainer.save();
      last_save_[index] = now;
      write_file_atomically((dir_ / "checkpoint.pb").string(), write_checkpoint(checkpoint_));
    }
    if (now - last_show_ > kShowEvery) last_show_ = now, show(progress_);
  });
  std::optional<TrainingResult> result;
  if (done) result = result_of(trainer, !options_.only_train, experiment.robustness && !run.control, start);
  if (!result) {
    const std::lock_guard lock(mutex_);
    run.trainer = trainer.save();
    return;
  }
  if (!run.control && !options_.only_train) {  // as described: the trainer's own network calls learned feedback weights fixed
    const Network network(with_probes(std::move(description), experiment));
    write_weights(weights_directory(dir_, index, run.seed), network, trainer.session());
  }
  {
    const std::lock_guard lock(mutex_);
    run.result = std::move(result);
    run.trainer.clear();
  }
  write();
}

void TrainingJob::write() {
  const std::lock_guard lock(mutex_);
  write_file_atomically((dir_ / "checkpoint.pb").string(), write_checkpoint(checkpoint_));
}

ExperimentResult TrainingJob::result() const {
  ExperimentResult result;
  result.experiment = described_->experiment;
  for (const CheckpointRun& r : checkpoint_.runs)
    if (r.result) (r.control ? result.control : result.runs).push_back(*r.result);
  return result;
}

}  // namespace spikeloop::cli
