// SPDX-License-Identifier: Apache-2.0
// What came out of a training run.
#include <algorithm>
#include <numeric>

#include "core/trainer.hpp"

namespace spikeloop {

TrainingResult Trainer::finish(bool with_test) {
  Impl& t = *impl_;
  if (!done()) throw BugError("a training run is finished before it is done");
  TrainingResult r;
  r.seed = t.seed;
  r.epochs = t.epochs;
  r.kept_epoch = t.experiment.patience ? t.best_epoch : t.epochs.empty() ? 0 : t.epochs.size() - 1;
  if (with_test) {
    r.test = evaluate(t.experiment, t.network, t.session(), *t.data, t.test, t.seed);
    r.example = t.example();
  }
  r.fields = t.fields();
  r.weights_hash = kHashStart;
  for (std::size_t k = 0; k < t.network.projections().size(); ++k) {
    if (t.network.projections()[k].rule.empty()) continue;
    const std::vector<float> weights = t.session().weights(k);
    r.weights_hash = hash_bytes(r.weights_hash, weights.data(), weights.size() * sizeof(float));
  }
  return r;
}

std::optional<RobustnessResult> Trainer::probe(const Evaluation& reported, const std::atomic<bool>& stop) {
  Impl& t = *impl_;
  if (!t.experiment.robustness || t.test.empty()) return std::nullopt;
  const TestedNetwork tested{&t.experiment, &t.network, &t.session(), t.data, t.test, reported.accuracy, t.seed};
  return probe_robustness(*t.experiment.robustness, tested, stop);
}

/// The first test sample with teaching on and learning off: what the controller still has to do.
ExampleTrial Trainer::Impl::example() {
  ExampleTrial e;
  if (test.empty()) return e;
  const std::size_t i = test.front();
  e.spikes = runners[0].show(done + 1, i);
  e.label = data->labels[i];
  e.free_ms = experiment.free_ms, e.feedback_ms = experiment.feedback_ms;
  return e;
}

/// Weights from the input into the neurons of the largest plastic projection out of it; the strongest 24 neurons.
std::vector<ReceptiveField> Trainer::Impl::fields() const {
  constexpr std::size_t kFields = 24;
  for (std::size_t k = 0; k < network.projections().size(); ++k) {
    const Projection& p = network.projections()[k];
    if (p.source != experiment.encode.population || network.population_index(p.target) == plan.readout || p.port != Port::kBasal) continue;
    const std::size_t n = network.populations()[network.population_index(p.target)].size();
    const std::vector<float> weights = session().weights(k);
    if (weights.size() != data->features * n) continue;
    std::vector<ReceptiveField> all(n);
    for (std::size_t j = 0; j < n; ++j) {
      all[j].neuron = static_cast<std::uint32_t>(j);
      for (std::size_t i = 0; i < data->features; ++i) all[j].weights.push_back(weights[i * n + j]);
    }
    const auto norm = [](const ReceptiveField& f) {
      return std::inner_product(f.weights.begin(), f.weights.end(), f.weights.begin(), 0.0f);
    };
    std::stable_sort(all.begin(), all.end(), [&](const ReceptiveField& a, const ReceptiveField& b) { return norm(a) > norm(b); });
    all.resize(std::min(n, kFields));
    return all;
  }
  return {};
}

}  // namespace spikeloop
