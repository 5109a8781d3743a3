// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/trial.hpp"

namespace spikeloop {

/// What a trial is for.
enum class TrialKind {
  kWarmUp,    ///< label-free: free phase only
  kFeedback,  ///< label-free: feedback weights learn from noise
  kTraining,
};

/// A trial to be run.
struct TrialTask {
  std::uint64_t trial = 0;  ///< its number, which its random sources are drawn by
  std::size_t sample = 0;
  TrialKind kind = TrialKind::kTraining;
  double rules = 1, homeostasis = 1;  ///< factors on the learning rates
  std::array<int, 2> shift = {0, 0};  ///< of the image, in pixels
};

/// What came out of it, the changes of weights aside.
struct TrialOutcome {
  bool right = false;        ///< answer of the free phase
  std::uint64_t help = 0;    ///< controller spikes
  std::uint64_t hidden = 0;  ///< spikes of hidden populations
  std::uint64_t total = 0;
};

/// Runs training trials in a session of its own.
class TrialRunner {
 public:
  TrialRunner(const TrialPlan& plan, std::unique_ptr<Session> session, const Dataset& data, std::uint64_t seed)
      : plan_(&plan), session_(std::move(session)), data_(&data), seed_(seed), sink_(plan) {}

  /// reset -> free phase -> feedback phase -> off. What was learned waits for `commit` or `take_changes`, unless the rule says at once.
  TrialOutcome run(const TrialTask& task);
  /// A trial with teaching on and learning off; every spike of it.
  std::vector<Spike> show(std::uint64_t trial, std::size_t sample);
  Session& session() const { return *session_; }

 private:
  std::span<const float> sample(std::size_t i) const { return {data_->samples.data() + i * data_->features, data_->features}; }
  void begin(const TrialTask& task);

  const TrialPlan* plan_;
  std::unique_ptr<Session> session_;
  const Dataset* data_;
  std::uint64_t seed_;
  TrialSink sink_;
  std::vector<Spike> input_;
  std::vector<float> values_;
};

}  // namespace spikeloop
