// SPDX-License-Identifier: Apache-2.0
// Testing a trained network, and the figures that are made of the answers.
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <tuple>

#include "core/experiment.hpp"
#include "core/over_time.hpp"
#include "core/trial.hpp"

namespace spikeloop {
namespace {

/// Trials of tests have identities far from those of training, so that an answer does not depend on how long was trained.
constexpr std::uint64_t kTestTrials = std::uint64_t{1} << 40;

double percentile(std::vector<double> sorted, double share) {
  if (sorted.empty()) return 0;
  std::sort(sorted.begin(), sorted.end());
  return sorted[static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())) - 1)];
}

/// What NeuroBench counts, gathered over samples.
class Workload {
 public:
  Workload(const Network& network, const TrialPlan& plan, Session& session, double bin_ms)
      : network_(&network), plan_(&plan), bin_(from_ms(bin_ms)) {
    for (std::size_t p = 0; p < network.populations().size(); ++p) fan_out_.emplace_back(network.populations()[p].size(), 0u);
    for (std::size_t k = 0; k < network.projections().size(); ++k) {
      const std::size_t source = network.population_index(network.projections()[k].source),
                        target = network.population_index(network.projections()[k].target);
      if (plan.controller[source] || plan.controller[target] || network.populations()[source].name.starts_with("ctrl.")) continue;
      const std::vector<float> weights = session.weights(k);
      const Connectivity c = session.connectivity(k);
      for (std::size_t i = 0; i < weights.size(); ++i) {
        if (weights[i] == 0)
          ++zeros_;
        else
          ++fan_out_[source][c.sources[i]];
      }
      synapses_ += weights.size();
    }
    for (std::size_t p = 0; p < network.populations().size(); ++p)
      if (plan.hidden[p] || p == plan.readout) neurons_ += network.populations()[p].size();
  }

  void add(const std::vector<Spike>& spikes) {
    active_.clear();
    for (const Spike& s : spikes) {
      effective_ += fan_out_[s.population][s.neuron];
      if (plan_->hidden[s.population] || s.population == plan_->readout) active_.insert({s.population, s.neuron, s.time / bin_});
    }
    active_bins_ += active_.size();
  }

  void finish(Evaluation& e) const {
    const double bins = std::ceil(static_cast<double>(plan_->test) / static_cast<double>(bin_)), samples = static_cast<double>(e.samples);
    e.activation_sparsity = 1 - static_cast<double>(active_bins_) / (bins * static_cast<double>(neurons_) * samples);
    e.dense_operations = static_cast<double>(synapses_) * bins;
    e.effective_operations = static_cast<double>(effective_) / samples;
    e.parameters = synapses_ + neurons_;
    e.connection_sparsity = synapses_ == 0 ? 0 : static_cast<double>(zeros_) / static_cast<double>(synapses_);
  }

 private:
  const Network* network_;
  const TrialPlan* plan_;
  Time bin_;
  std::vector<std::vector<std::uint32_t>> fan_out_;  ///< non-zero synapses that leave a neuron
  std::uint64_t synapses_ = 0, zeros_ = 0, neurons_ = 0, effective_ = 0, active_bins_ = 0;
  std::set<std::tuple<std::uint32_t, std::uint32_t, Time>> active_;
};

/// Operations of all samples, and how those of single ones differ.
class Operations {
 public:
  explicit Operations(const OperationCounts& start) : start_(start), until_(start) {}

  void add(const OperationCounts& now) {
    OperationCounts of_sample = now;
    of_sample -= until_;
    spread_.add(of_sample);
    until_ = now;
  }

  void finish(Evaluation& e) const {
    e.counts = until_;
    e.counts -= start_;
    e.count_covariance = spread_.covariance();
  }

 private:
  OperationCounts start_, until_;
  CountSpread spread_;
};

}  // namespace

Evaluation evaluate(const Experiment& experiment, const Network& network, Session& session, const Dataset& data,
                    const std::vector<std::size_t>& samples, std::uint64_t seed, const std::function<void()>& after_each) {
  const TrialPlan plan(experiment, network);
  Evaluation e;
  e.confusion.assign(data.classes, std::vector<std::uint32_t>(plan.outputs, 0));
  Workload workload(network, plan, session, e.bin_ms);
  TrialSink sink(plan);
  OverTime over_time(plan);
  std::vector<Spike> input;
  std::vector<float> values;
  session.set_learning(0, 0);
  Operations operations(session.counts());
  std::size_t right = 0;
  for (const std::size_t i : samples) {
    sink.clear();
    input.clear();
    session.reset(kTestTrials + i);
    input_values(plan.encode, {data.samples.data() + i * data.features, data.features}, data.shape, {0, 0}, values);
    encode_sample(plan, values, seed, kTestTrials + i, plan.test, input);
    encode_teaching_off(plan, plan.test, input);
    session.advance(plan.test, input, sink);
    const std::uint32_t answer = sink.answer();
    ++e.confusion[data.labels[i]][answer];
    right += answer == data.labels[i];
    const bool by_count = sink.spoke && sink.leader() == answer;  // else the potentials at the end decided
    e.latency_ms.push_back(to_ms(by_count ? sink.decided : plan.test));
    workload.add(sink.spikes);
    over_time.add(sink, data.labels[i]);
    operations.add(session.counts());
    if (after_each) after_each();
  }
  e.samples = samples.size();
  operations.finish(e);
  if (samples.empty()) {
    e.accuracy = std::numeric_limits<double>::quiet_NaN();
    return e;
  }
  e.accuracy = static_cast<double>(right) / static_cast<double>(samples.size());
  e.latency_p50_ms = percentile(e.latency_ms, 0.5);
  e.latency_p99_ms = percentile(e.latency_ms, 0.99);
  e.over_time = over_time.points();
  workload.finish(e);
  return e;
}

MeanSpread mean_spread(std::span<const double> values) {
  MeanSpread m;
  if (values.empty()) return m;
  const auto n = static_cast<double>(values.size());
  for (const double x : values) m.mean += x / n;
  for (const double x : values) m.spread += (x - m.mean) * (x - m.mean);
  m.spread = values.size() < 2 ? 0 : std::sqrt(m.spread / (n - 1));
  return m;
}

MeanSpread accuracy_of(const std::vector<TrainingResult>& runs) {
  std::vector<double> accuracies;
  for (const TrainingResult& r : runs) accuracies.push_back(r.test.accuracy);
  return mean_spread(accuracies);
}

NeuroBench neurobench(const Evaluation& e) {
  NeuroBench n;
  n.footprint = e.parameters * sizeof(float);
  n.connection_sparsity = std::round(e.connection_sparsity * 1e4) / 1e4;
  n.classification_accuracy = e.accuracy;
  n.activation_sparsity = e.activation_sparsity;
  n.effective_acs = e.effective_operations;
  n.dense = e.dense_operations;
  return n;
}

}  // namespace spikeloop
