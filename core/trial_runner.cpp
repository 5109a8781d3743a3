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
  encode_teaching_off(*plan_, plan_->free, until, input_);
  if (task.kind == TrialKind::kFeedback) encode_noise(*plan_, seed_, task.trial, until, input_);
}

TrialOutcome TrialRunner::run(const TrialTask& task) {
  begin(task);
  if (task.kind == TrialKind::kTraining) encode_target(*plan_, data_->labels[task.sample], input_);
  if (task.kind == TrialKind::kFeedback) encode_all_targets(*plan_, task.trial % 2 == 0 ? plan_->true_hz : 0, input_);
  const bool taught = task.kind != TrialKind::kWarmUp;
  session_->advance(taught ? plan_->free + plan_->feedback : plan_->free, input_,
                    sink_);  // in one go: machines that cannot stand still lose no time
  TrialOutcome outcome;
  outcome.right = taught && sink_.answer_at(plan_->free) == data_->labels[task.sample];
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
