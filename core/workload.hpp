// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <tuple>
#include <vector>

#include "core/backend.hpp"
#include "core/energy.hpp"
#include "core/experiment.hpp"

/// What NeuroBench counts of a network, whatever machine it runs on and whatever it came from.
namespace spikeloop {

/// A network as NeuroBench looks at it: weights as they are stored, operations as they are done.
struct Workload {
  std::uint64_t parameters = 0;               ///< weights, biases and thresholds; a convolution has one kernel
  std::uint64_t weights = 0, zeros = 0;       ///< among them the weights of connections, and those of 0
  double dense = 0;                           ///< operations of a step in which every input is 1: taps beyond an image's edge are none
  std::vector<std::vector<double>> adds;      ///< per population and neuron: weights other than 0 that one of its spikes is added by
  std::vector<std::vector<double>> products;  ///< the same where the input is no longer 1 or -1 when it meets them: after a mean, say
  std::vector<bool> counted;                  ///< per population: its neurons are those of the activation sparsity
};

/// The workload of a network with the weights that the session has. Populations of `left_out`, and what leads to and from them, are not
/// counted.
Workload workload_of(const Network& network, const Session& session, const std::vector<bool>& left_out);

/// Counts the spikes of samples.
class WorkloadCounter {
 public:
  /// Bins of the activation sparsity in ms.
  WorkloadCounter(const Network& network, Workload workload, double bin_ms);
  /// The spikes of a sample that took `duration`; those from then on are no activity of a bin.
  void add(std::span<const Spike> spikes, Time duration);
  /// Fills NeuroBench's figures; `samples` must be set.
  void finish(Evaluation& evaluation) const;

 private:
  Workload workload_;
  Time bin_;
  double neurons_ = 0, bins_ = 0, adds_ = 0, products_ = 0, active_ = 0;
  std::set<std::tuple<std::uint32_t, std::uint32_t, Time>> seen_;
};

/// Operations of all samples, and how those of single ones differ; `start` are the counts of the session before the first.
class OperationsOfSamples {
 public:
  explicit OperationsOfSamples(const OperationCounts& start) : start_(start), until_(start) {}

  /// The counts of the session after a sample.
  void add(const OperationCounts& now) {
    OperationCounts of_sample = now;
    of_sample -= until_;
    spread_.add(of_sample);
    until_ = now;
  }

  /// Fills counts and their covariance.
  void finish(Evaluation& e) const {
    e.counts = until_;
    e.counts -= start_;
    e.count_covariance = spread_.covariance();
  }

 private:
  OperationCounts start_, until_;
  CountSpread spread_;
};

}  // namespace spikeloop
