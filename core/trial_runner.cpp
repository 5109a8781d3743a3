// SPDX-License-Identifier: Apache-2.0
#include "core/trial_runner.hpp"

#include <algorithm>

namespace spikeloop {

void TrialRunner::begin(const TrialTask& task) {
  session_->set_learning(task.rules, task.homeostasis);
  session_->reset(task.trial);
  input_.clear();
  sink_.clear();
  const Time until = task.kind == TrialKind::kWarmUp ? plan_->free : plan_->free + plan_->feedback;
  input_values(plan_->encode, sample(task.sample), data_->shape, task.shift, values_);
  encode_sample(*plan_, values_, seed_, task.trial, until, input_);
  if (task.kind == TrialKind::kFeedback) encode_noise(*plan_, seed_, task.trial, until, input_);
}

TrialOutcome TrialRunner::run(const TrialTask& task) {
  begin(task);
  if (task.kind == TrialKind::kTraining) encode_target(*plan_, data_->labels[task.sample], input_);
  if (task.kind == TrialKind::kFeedback) encode_all_targets(*plan_, task.trial % 2 == 0 ? plan_->true_hz : 0, input_);
  const auto later = std::partition(input_.begin(), input_.end(), [&](const Spike& s) { return s.time < plan_->free; });
  session_->advance(plan_->free, std::span(input_.begin(), later), sink_);
  TrialOutcome outcome;
  if (task.kind != TrialKind::kWarmUp) {
    outcome.right = sink_.answer() == data_->labels[task.sample];
    input_.erase(input_.begin(), later);
    session_->advance(plan_->free + plan_->feedback, input_, sink_);
  }
  outcome.help = sink_.help, outcome.hidden = sink_.hidden, outcome.total = sink_.total;
  return outcome;
}

std::vector<Spike> TrialRunner::show(std::uint64_t trial, std::size_t i) {
  begin({trial, i, TrialKind::kTraining, 0, 0, {0, 0}});
  encode_target(*plan_, data_->labels[i], input_);
  session_->advance(plan_->free + plan_->feedback, input_, sink_);
  return sink_.spikes;
}

}  // namespace spikeloop
