// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/experiment.hpp"
#include "core/team.hpp"
#include "core/trial_runner.hpp"

/// Inside a training run; `Trainer` in core/experiment.hpp is what others use.
namespace spikeloop {

struct Trainer::Impl {
  Impl(const Experiment& experiment, const Network& network, const Backend& backend, const Dataset& data, std::uint64_t seed,
       std::size_t limit, std::size_t workers);

  std::size_t prelude() const { return warm_up + feedback_trials; }  ///< trials before the first epoch
  std::size_t total() const { return prelude() + experiment.epochs * train.size(); }
  bool is_done() const { return stopped_early || done == total(); }
  Session& session() const { return runners.front().session(); }
  void batch();
  void begin_feedback();
  void feedback_trial();
  void end_feedback();
  TrialTask task(std::size_t number);
  void run_side_by_side(std::span<const TrialTask> tasks);
  void add(const TrialOutcome& outcome);
  void begin_epoch(std::size_t epoch);
  void finish_epoch();
  std::uint64_t fingerprint() const;
  Progress report() const;
  ExampleTrial example();
  std::vector<ReceptiveField> fields() const;

  Experiment experiment;
  Network network;
  TrialPlan plan;
  std::optional<Dataset> folded;  ///< cross-validation: this seed's part
  const Dataset* data;
  std::uint64_t seed;
  Team team;
  std::vector<TrialRunner> runners;  ///< one a worker, all with the same weights between batches
  std::vector<std::size_t> train, validation, test, order;
  std::size_t warm_up = 0, feedback_trials = 0;
  /// Of the phase that learns feedback: the same network with its rules, while that phase lasts.
  std::optional<Network> feedback_network;
  std::shared_ptr<const Program> feedback_program;
  std::optional<TrialRunner> feedback_runner;
  std::size_t ordered_epoch = SIZE_MAX;
  std::vector<TrialTask> tasks;  ///< of the batch
  std::vector<TrialOutcome> outcomes;
  std::vector<Changes> changes;
  std::size_t done = 0;  ///< trials finished, those before the first epoch included
  std::vector<EpochResult> epochs;
  bool stopped_early = false;
  State best;  ///< session of the best epoch so far, with early stop
  std::size_t best_epoch = 0;
  EpochResult current;  ///< sums over the epoch that is running
  double running_accuracy = 0, running_spikes = 0, running_help = 0, running_weight = 0;
};

}  // namespace spikeloop
