// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/backend.hpp"

/// The trials of the claim `detection`.
namespace spikeloop::cli {

/// Parts of a trial, in ms: noise, then the pattern or more noise, then noise again.
inline constexpr double kPatternStart = 50, kPatternLength = 50, kTrialLength = 150;

/// What is asked of a trial.
struct DetectionTrial {
  std::uint64_t number = 0;  ///< noise and jitter are drawn by it
  bool pattern = false;      ///< is it there?
  bool taught = false;       ///< is the controller on, and does it say where the spikes should be?
  double rate = 1;           ///< factor on the learning rate
};

/// What came of it.
struct Response {
  std::vector<double> spikes_ms;  ///< of the neuron
  /// Two spikes or more while the pattern is there (or would be), or up to 10 ms later: one is within the controller's dead zone.
  bool detected() const;
};

/// The neuron, its inputs, and the frozen pattern. In each stretch of 50 ms, input i spikes exactly n_i times (n_i drawn once, Poisson),
/// whether the stretch is noise or the pattern: noise is a Poisson train given its count, that is, times are uniform.
class DetectionBench {
 public:
  /// Throws DescriptionError if the description has no external population "in" and no controlled population "out" of one neuron.
  DetectionBench(const NetworkDescription& description, std::uint64_t seed);

  /// A trial from reset to commit; weights change if it is taught and only then.
  Response run(const DetectionTrial& trial);
  /// The spikes of the inputs in such a trial.
  std::vector<Spike> input_of(const DetectionTrial& trial) const;
  /// Spikes of the controller so far.
  std::uint64_t help() const;
  std::uint32_t inputs() const { return inputs_; }

 private:
  void add_stretch(std::vector<Spike>& spikes, const DetectionTrial& trial, double start, bool pattern) const;

  Network network_;
  std::uint64_t seed_;
  std::uint32_t in_, out_, target_, inputs_;
  std::vector<std::uint32_t> counts_;         ///< spikes of each input in 50 ms
  std::vector<std::vector<double>> pattern_;  ///< times from its start
  std::unique_ptr<Session> session_;
};

}  // namespace spikeloop::cli
