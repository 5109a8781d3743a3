// SPDX-License-Identifier: Apache-2.0
// Testing a trained network, and the figures that are made of the answers.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "core/experiment.hpp"
#include "core/over_time.hpp"
#include "core/trial.hpp"
#include "core/workload.hpp"

namespace spikeloop {
namespace {

/// Trials of tests have identities far from those of training, so that an answer does not depend on how long was trained.
constexpr std::uint64_t kTestTrials = std::uint64_t{1} << 40;

/// Controllers are no part of the network that answers.
std::vector<bool> controllers_of(const Network& network) {
  std::vector<bool> all;
  for (const Population& p : network.populations()) all.push_back(p.name.starts_with("ctrl."));
  return all;
}

}  // namespace

Evaluation evaluate(const Experiment& experiment, const Network& network, Session& session, const Dataset& data,
                    const std::vector<std::size_t>& samples, std::uint64_t seed, const std::function<void()>& after_each) {
  const TrialPlan plan(experiment, network);
  Evaluation e;
  e.confusion.assign(data.classes, std::vector<std::uint32_t>(plan.outputs, 0));
  WorkloadCounter workload(network, workload_of(network, session, controllers_of(network)), e.bin_ms);
  TrialSink sink(plan);
  OverTime over_time(plan);
  std::vector<Spike> input;
  std::vector<float> values;
  session.set_learning(0, 0);
  OperationsOfSamples operations(session.counts());
  std::size_t right = 0;
  for (const std::size_t i : samples) {
    sink.clear();
    input.clear();
    session.reset(kTestTrials + i);
    input_values(plan.encode, {data.samples.data() + i * data.features, data.features}, data.shape, {0, 0}, values);
    encode_sample(plan, values, seed, kTestTrials + i, plan.test, input);
    encode_teaching_off(plan, plan.test, plan.test, input);
    const auto begin = std::chrono::steady_clock::now();
    session.advance(plan.test, input, sink);
    e.wall_ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    const std::uint32_t answer = sink.answer();
    ++e.confusion[data.labels[i]][answer];
    right += answer == data.labels[i];
    const bool by_count = sink.spoke && sink.leader() == answer;  // else the potentials at the end decided
    e.latency_ms.push_back(to_ms(by_count ? sink.decided : plan.test));
    workload.add(sink.spikes, plan.test);
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

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(std::max(1.0, std::ceil(share * static_cast<double>(values.size()))) - 1)];
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
  n.effective_macs = e.effective_macs;
  n.dense = e.dense_operations;
  return n;
}

}  // namespace spikeloop
