// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/backend.hpp"
#include "core/dataset.hpp"
#include "core/energy.hpp"
#include "core/network.hpp"
#include "core/over_time.hpp"
#include "core/robustness.hpp"

/// Training and testing a network on labelled samples: the trial loop over `Session`, and what it found.
namespace spikeloop {

/// Every feature by several input neurons with Gaussian tuning: neuron i of n sees exp(-(x (n - 1) - i)^2 / 2), so that centres are evenly
/// spaced over 0 .. 1 and a neuron's width is their distance.
struct PopulationCode {
  std::size_t neurons = 10;  ///< per feature, at least 2
};

/// Real values to spikes: regular trains of rate max_hz x value with a random phase per trial and neuron.
struct RateEncoding {
  std::string population;
  double max_hz = 100;
  std::optional<double> mean;          ///< if set, each sample is scaled so that its mean value is this (input normalisation)
  std::optional<PopulationCode> code;  ///< if set, features are spread over more neurons first
  std::size_t repeat = 1;              ///< trains per value, each with a phase of its own; the copies of a value follow each other
  std::size_t shift = 0;               ///< training images are moved by up to so many pixels each way, drawn per trial

  std::size_t pool = 1;  ///< so many features that follow each other become one, their mean

  /// Input neurons for a sample of so many features.
  std::size_t inputs(std::size_t features) const { return features / (pool > 0 ? pool : 1) * (code ? code->neurons : 1) * repeat; }
};

/// How an answer is read: the class whose neuron spikes most; ties go to the larger potential, then to the lower index.
struct Readout {
  std::string population;
};

/// Feedback weights are learned before forward weights are: in label-free trials, noise spikes move the hidden neurons through their apical
/// port, and the rules of the feedback learn how that moves the outputs (after Meulemans et al. 2021, arXiv 2106.07887: the feedback
/// weights become aligned with the forward path). All targets are silent in one trial, so that minus neurons count the outputs, and at the
/// wanted rate in the next, so that plus neurons count what is missing. Rules of projections do not learn; after these trials the feedback
/// is fixed.
struct FeedbackLearning {
  std::size_t samples = 1000;      ///< trials
  std::vector<std::string> noise;  ///< external sources, each neuron of which gets a Poisson train of its own
  double noise_hz = 100;           ///< of every noise neuron
  std::optional<double> rms;       ///< what was learned is scaled to this root mean square (mV), per projection; unset = it is not
};

/// An experiment: a network, data, and the protocol of trials. A trial is: reset -> free phase -> feedback phase -> off.
struct Experiment {
  std::string name;
  std::string network_file;
  DatasetSource dataset;
  RateEncoding encode;
  double free_ms = 30;
  double feedback_ms = 30;
  double test_ms = 40;
  double lead_ms = 0;  ///< target trains begin so long before the feedback phase: comparators then know what was owed when it begins
  Readout readout;
  std::size_t epochs = 1;
  std::size_t batch = 1;  ///< trials that run on the same weights, their changes added in their order; needs rules that commit per trial
  double anneal_to = 1;   ///< learning rates go linearly from 1 to this factor over the training
  std::size_t warm_up_samples = 0;                    ///< label-free trials before training: thresholds adapt, weights do not
  double warm_up_homeostasis = 1;                     ///< factor on the homeostasis rate during warm-up
  std::optional<FeedbackLearning> feedback_learning;  ///< after the warm-up; unset = feedback weights stay as described
  std::optional<std::size_t> patience;  ///< early stop: training ends after so many epochs without a better validation accuracy, and the
                                        ///< weights of the best epoch are kept; unset = all epochs, and the last weights
  std::size_t seeds = 3;
  std::size_t smoke_samples = 100;
  std::size_t smoke_epochs = 1;
  bool frozen_hidden_control = false;
  bool thresholds_learn = true;              ///< homeostasis goes on after the warm-up; off in the frozen control
  std::optional<RobustnessPlan> robustness;  ///< what each trained network is put through after its test; unset = nothing
};

/// The faults that an experiment has by itself.
std::vector<Diagnostic> validate(const Experiment& experiment);

/// All faults of an experiment against its network and data; empty if it is valid. Paths as in the schema.
std::vector<Diagnostic> validate(const Experiment& experiment, const Network& network, const Dataset* dataset);

/// The network with the probes that training and testing look through: spikes of every population, potentials of the readout at the end.
NetworkDescription with_probes(NetworkDescription description, const Experiment& experiment);

/// The control: the same network whose hidden layers (targets of rules other than the readout) keep their initial weights and get no
/// feedback.
NetworkDescription frozen_hidden(const NetworkDescription& description, const std::string& readout_population);

/// True if some feedback names a rule.
bool learns_feedback(const NetworkDescription& description);

/// The network that learns its feedback weights: rules of feedback only; and the one that learns its forward weights, with fixed feedback.
NetworkDescription learning_feedback(NetworkDescription description);
NetworkDescription learning_forward(NetworkDescription description);

/// One epoch of training.
struct EpochResult {
  std::size_t epoch = 0;
  double train_accuracy = 0;       ///< of the free phase of the training trials, before each one's update
  double validation_accuracy = 0;  ///< on the validation part; NaN if there is none
  double help = 0;                 ///< controller spikes per trial
  double helped = 0;               ///< share of trials in which the controller spiked
  double hidden_spikes = 0;        ///< spikes per trial of all non-source, non-controller populations but the readout
};

/// The answer to a test set.
struct Evaluation {
  std::size_t samples = 0;
  double accuracy = 0;
  std::vector<std::vector<std::uint32_t>> confusion;  ///< [label][answer]
  OperationCounts counts;                             ///< summed over the samples
  std::vector<double> latency_ms;                     ///< per sample: time from which the running answer no longer changes
  double latency_p50_ms = 0, latency_p99_ms = 0;
  std::vector<TimePoint> over_time;  ///< the same test, had it been stopped earlier; the last point is the whole test
  double activation_sparsity = 0;    ///< NeuroBench: share of (neuron, bin) without a spike, bins of `bin_ms`
  double bin_ms = 1;
  double dense_operations = 0;                ///< NeuroBench: synapses x bins, per sample
  double effective_operations = 0;            ///< NeuroBench: spikes x synapses of non-zero weight, per sample
  double effective_macs = 0;                  ///< NeuroBench: those of them whose input is neither 1 nor -1
  std::uint64_t parameters = 0;               ///< weights and thresholds of the network without its controllers
  double connection_sparsity = 0;             ///< share of zero weights among them
  std::vector<double> wall_ms = {};           ///< per sample: what the session took; no part of any hash or file
  std::vector<double> first_spike_ms = {};    ///< per sample, of recordings: the readout's first spike; NaN if it did not spike
  std::vector<double> count_covariance = {};  ///< `CountSpread::covariance` of the samples; empty if it was not kept
};

/// One trial worth showing.
struct ExampleTrial {
  std::uint32_t label = 0;
  double free_ms = 0, feedback_ms = 0;
  std::vector<Spike> spikes;  ///< of every population
};

/// A picture of weights into one neuron.
struct ReceptiveField {
  std::uint32_t neuron = 0;
  std::vector<float> weights;  ///< one per input feature
};

/// One trained network: one seed of one experiment (or of its control).
struct TrainingResult {
  std::uint64_t seed = 0;
  std::vector<EpochResult> epochs;
  std::size_t kept_epoch = 0;  ///< whose weights were kept: the last, or with early stop the best on the validation part
  Evaluation test;
  std::optional<RobustnessResult> robustness;  ///< probed after the test, if the experiment asks for it
  ExampleTrial example;
  std::vector<ReceptiveField> fields;
  std::uint64_t weights_hash = 0;
  double training_seconds = 0;  ///< wall time; not part of any hash
};

/// Progress of a training run, handed to the caller after every few samples.
struct Progress {
  std::uint64_t seed = 0;
  bool control = false;
  bool warm_up = false;
  std::size_t epoch = 0, epochs = 0;
  std::size_t samples_done = 0, samples_total = 0;  ///< over the whole run of this seed
  double running_accuracy = 0;                      ///< exponential mean over recent trials
  double spikes_per_sample = 0;
  double help = 0;
};

/// A training run of one seed that can be stopped and resumed at any trial.
class Trainer {
 public:
  /// `data` must outlive the trainer. `samples_limit` > 0 cuts training and test parts (smoke). The trials of a batch are spread over
  /// `workers` threads; the result does not depend on how many.
  Trainer(const Experiment& experiment, const Network& network, const Backend& backend, const Dataset& data, std::uint64_t seed,
          std::size_t samples_limit = 0, std::size_t workers = 1);
  ~Trainer();
  Trainer(Trainer&&) noexcept;

  /// Runs until done or until `stop` becomes true; returns whether it is done. `progress` is called often.
  bool run(const std::atomic<bool>& stop, const std::function<void(const Progress&)>& progress);
  bool done() const;
  /// Epochs finished since construction or since the state that was restored, all of them included.
  const std::vector<EpochResult>& epochs() const;

  /// The network as this seed runs it, probes included.
  const Network& network() const;

  /// Everything needed to go on to the bit.
  State save() const;
  /// Throws DescriptionError if the state belongs to another experiment, network or version.
  void restore(const State& state);

  /// After training: the test set, once. Without a test, `test` and `example` stay empty, and no test sample is looked at.
  TrainingResult finish(bool with_test = true);
  /// After `finish`: what the experiment's robustness plan finds; nothing if it has none, or if `stop` became true. Changes nothing.
  std::optional<RobustnessResult> probe(const Evaluation& reported, const std::atomic<bool>& stop);
  Session& session();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Tests a network with the weights that `session` has; nothing is learned.
/// The session must be of a network with the probes of `with_probes`. `after_each` is called after each sample.
Evaluation evaluate(const Experiment& experiment, const Network& network, Session& session, const Dataset& data,
                    const std::vector<std::size_t>& samples, std::uint64_t seed, const std::function<void()>& after_each = {});

/// An experiment with all its seeds and its control, as reports need it.
struct ExperimentResult {
  Experiment experiment;
  std::vector<TrainingResult> runs;
  std::vector<TrainingResult> control;  ///< frozen hidden; empty if not asked for
  std::vector<EnergyReport> energy;     ///< per inference, of the first run
};

/// The smallest value that a `share` of the values does not exceed; 0 if there are none.
double percentile(std::vector<double> values, double share);

/// Mean and sample standard deviation; 0 where there are no values, and 0 spread of a single one.
struct MeanSpread {
  double mean = 0, spread = 0;
};
MeanSpread mean_spread(std::span<const double> values);

/// Of the test accuracies.
MeanSpread accuracy_of(const std::vector<TrainingResult>& runs);

/// NeuroBench's keys, exactly (harness 2.3): the program prints them as one JSON object.
struct NeuroBench {
  std::uint64_t footprint = 0;
  double connection_sparsity = 0, classification_accuracy = 0, activation_sparsity = 0;
  double effective_macs = 0, effective_acs = 0, dense = 0;
};
NeuroBench neurobench(const Evaluation& evaluation);

}  // namespace spikeloop
