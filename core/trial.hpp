// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/controller.hpp"
#include "core/experiment.hpp"

/// The pieces of a trial: spikes that go in, and what is counted of those that come out.
namespace spikeloop {

/// Where things are in a network that an experiment runs.
struct TrialPlan {
  TrialPlan(const Experiment& experiment, const Network& network);

  std::uint32_t input = 0;  ///< population that the sample is encoded into
  std::uint32_t readout = 0;
  std::uint32_t outputs = 0;            ///< size of the readout
  std::optional<std::uint32_t> target;  ///< source of the readout's controller
  double true_hz = 0, other_hz = 0;
  bool held_down = false;            ///< the controller is, while teaching is off
  std::vector<HoldDown> hold_downs;  ///< all controllers that are, the readout's too
  double target_spikes = 1;          ///< of the source for each wanted output spike
  std::vector<bool> controller;      ///< per population: part of a controller
  std::vector<bool> hidden;          ///< per population: neurons that are neither readout nor controller
  std::vector<bool> potential;       ///< per probe: the readout's potential
  Time free = 0, feedback = 0, test = 0;
  Time lead = 0;  ///< of the target trains before the feedback phase
  Time tick = 0;
  RateEncoding encode;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> noise;  ///< sources of noise and their sizes
  double noise_hz = 0;
};

/// The values that the input neurons of a sample have: moved by `shift` pixels (down, right; for images), pooled, spread by the
/// population code, repeated.
void input_values(const RateEncoding& encode, std::span<const float> sample, std::span<const std::size_t> shape, std::array<int, 2> shift,
                  std::vector<float>& values);

/// How far the image of a training trial is moved: each way uniform in -shift .. shift.
std::array<int, 2> drawn_shift(const RateEncoding& encode, std::uint64_t seed, std::uint64_t trial);

/// Regular trains in [0, until): rate max_hz x value x gain, phase drawn for (seed, trial, neuron); in the order of neurons.
void encode_sample(const TrialPlan& plan, std::span<const float> sample, std::uint64_t seed, std::uint64_t trial, Time until,
                   std::vector<Spike>& spikes);

/// Teaching: one spike of the last target neuron at the start of the feedback phase switches it on, or its silence does; the others carry
/// the target rates, with a spike at that time, and others before it as far as the lead goes: comparators out of reach of their threshold
/// still compare.
void encode_target(const TrialPlan& plan, std::uint32_t label, std::vector<Spike>& spikes);

/// Teaching without a label: every target at the same rate.
void encode_all_targets(const TrialPlan& plan, double hz, std::vector<Spike>& spikes);

/// What holds down controllers that need it: the readout's in [0, off), in which teaching is off; others, to which nobody gives targets, in
/// [0, until).
void encode_teaching_off(const TrialPlan& plan, Time off, Time until, std::vector<Spike>& spikes);

/// Poisson trains in [0, until) for every neuron of the noise sources, drawn for (seed, trial, neuron).
void encode_noise(const TrialPlan& plan, std::uint64_t seed, std::uint64_t trial, Time until, std::vector<Spike>& spikes);

/// The neuron with most spikes; ties: larger potential (where there are potentials), then lower index.
std::uint32_t most_spikes(std::span<const std::uint32_t> counts, std::span<const double> potentials);

/// Counts the spikes of a trial.
class TrialSink final : public Sink {
 public:
  explicit TrialSink(const TrialPlan& plan) : plan_(&plan), answers_(plan.outputs), potentials_(plan.outputs, 0.0) {}
  void clear();
  void spike(const Spike& spike) override;
  void sample(Time time, std::uint32_t probe, std::span<const double> values) override;
  /// The class by `most_spikes` so far, with the potentials that were sampled last.
  std::uint32_t answer() const;
  /// The same as it was before `time`.
  std::uint32_t answer_at(Time time) const;
  /// Potentials of the readout as they were sampled at `time`; empty if they were not.
  std::span<const double> potentials_at(Time time) const;
  /// The answer by spike counts alone, since `decided`.
  std::uint32_t leader() const { return leader_; }

  std::uint64_t help = 0;     ///< controller spikes
  std::uint64_t hidden = 0;   ///< spikes of hidden populations
  std::uint64_t total = 0;    ///< spikes of all populations
  Time decided = 0;           ///< when the answer by spike counts last changed; nobody has answered before `spoke`
  bool spoke = false;         ///< the readout has spiked
  std::vector<Spike> spikes;  ///< all of them

 private:
  const TrialPlan* plan_;
  std::vector<std::uint32_t> answers_;
  std::vector<Time> sampled_;       ///< when potentials were
  std::vector<double> potentials_;  ///< zeros, then those of each time
  std::uint32_t leader_ = 0;
};

}  // namespace spikeloop
