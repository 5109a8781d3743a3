// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/backend.hpp"

namespace spikeloop::cli {

/// When something is to happen at the synapse, in ms from the start of a trial.
struct PairTrial {
  std::vector<double> pre_ms;       ///< spikes of "pre" arrive
  std::vector<double> post_ms;      ///< "post" spikes
  std::vector<double> feedback_ms;  ///< spikes of "feedback" arrive
  double until_ms = 200;
};

/// One plastic synapse with pre and post spikes at will. Its network has the external sources "pre", "force" (whose spikes make "post"
/// spike) and, if feedback is asked for, "feedback", and a projection "plastic"; delays are one tick; the spikes of "post" are probed.
class PairBench {
 public:
  /// Throws DescriptionError if the description is not such a network.
  PairBench(const NetworkDescription& description, std::uint64_t seed);

  /// A trial from reset to commit.
  void run(const PairTrial& trial);
  void set_weight(double weight_mv);
  double weight() const;
  /// Spikes of "post" that came when nobody asked for them, or did not come, over all trials.
  std::uint64_t stray_spikes() const { return stray_; }

 private:
  void add(std::vector<Spike>& spikes, const std::string& population, const std::vector<double>& arrivals_ms) const;

  Network network_;
  std::size_t plastic_;
  std::unique_ptr<Session> session_;
  std::uint64_t trial_ = 0, stray_ = 0;
};

}  // namespace spikeloop::cli
