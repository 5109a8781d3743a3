// SPDX-License-Identifier: Apache-2.0
#include "core/over_time.hpp"

#include <algorithm>

#include "core/trial.hpp"

namespace spikeloop {

std::vector<Time> presentation_times(Time test) {
  std::vector<Time> times;
  for (const Time t : {1, 2, 3, 5, 8})
    if (t * kMillisecond < test) times.push_back(t * kMillisecond);
  for (Time decade = kMillisecond; 10 * decade < test; decade *= 10)
    for (const Time t : {10, 15, 20, 30, 40, 60, 80})
      if (t * decade < test) times.push_back(t * decade);
  times.push_back(test);
  return times;
}

OverTime::OverTime(const TrialPlan& plan)
    : plan_(&plan), times_(presentation_times(plan.test)), sums_(times_.size()), counts_(plan.outputs, 0) {}

void OverTime::add(const TrialSink& sink, std::uint32_t label) {
  std::fill(counts_.begin(), counts_.end(), 0u);
  std::uint64_t spikes = 0, input = 0;
  auto next = sink.spikes.begin();
  for (std::size_t i = 0; i < times_.size(); ++i) {
    for (; next != sink.spikes.end() && next->time < times_[i]; ++next) {
      if (next->population == plan_->readout) ++counts_[next->neuron];
      spikes += next->population == plan_->readout || plan_->hidden[next->population];
      input += next->population == plan_->input;
    }
    const bool end = i + 1 == times_.size();
    const std::uint32_t answer = end ? sink.answer() : most_spikes(counts_, sink.potentials_at(times_[i] - plan_->tick));
    sums_[i].right += answer == label;
    sums_[i].spikes += spikes;
    sums_[i].input += input;
  }
  ++samples_;
}

std::vector<TimePoint> OverTime::points() const {
  std::vector<TimePoint> points;
  const auto share = [&](std::uint64_t sum) { return static_cast<double>(sum) / static_cast<double>(samples_); };
  for (std::size_t i = 0; i < times_.size() && samples_ > 0; ++i)
    points.push_back({to_ms(times_[i]), share(sums_[i].right), share(sums_[i].spikes), share(sums_[i].input)});
  return points;
}

}  // namespace spikeloop
