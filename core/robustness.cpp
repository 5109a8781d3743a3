// SPDX-License-Identifier: Apache-2.0
#include "core/robustness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/experiment.hpp"
#include "core/random.hpp"
#include "core/trial.hpp"

namespace spikeloop {
namespace {

/// The trained weights, which come back at the end whatever happens in between.
class KeptWeights {
 public:
  /// Those of the feedback are left alone: the controller is silent in a test, and they must not set the range of the others.
  KeptWeights(const TrialPlan& plan, const Network& network, Session& session) : session_(&session) {
    for (std::size_t k = 0; k < network.projections().size(); ++k) {
      if (network.projections()[k].rule.empty() || plan.controller[network.population_index(network.projections()[k].source)]) continue;
      const std::size_t target = network.population_index(network.projections()[k].target);
      weights_.push_back({k, target, session.weights(k), session.connectivity(k).targets});
      neurons_.resize(std::max(neurons_.size(), target + 1));
      neurons_[target] = network.populations()[target].size();
    }
  }
  ~KeptWeights() {
    for (const Kept& kept : weights_) session_->set_weights(kept.projection, kept.weights);
  }
  KeptWeights(const KeptWeights&) = delete;
  KeptWeights& operator=(const KeptWeights&) = delete;

  void quantise(std::uint32_t bits) const {
    for (std::size_t p = 0; p < neurons_.size(); ++p) {
      std::vector<WeightsOnto> onto;
      std::vector<std::size_t> projections;
      for (const Kept& kept : weights_)
        if (kept.target == p) onto.push_back({kept.weights, kept.targets}), projections.push_back(kept.projection);
      quantise_by_neuron(onto, neurons_[p], bits);
      for (std::size_t k = 0; k < onto.size(); ++k) session_->set_weights(projections[k], onto[k].weights);
    }
  }

 private:
  struct Kept {
    std::size_t projection, target;  ///< target population
    std::vector<float> weights;
    std::vector<std::uint32_t> targets;  ///< neurons, one a weight
  };
  Session* session_;
  std::vector<Kept> weights_;
  std::vector<std::size_t> neurons_;  ///< per population that plastic weights reach
};

/// The neurons as they were trained; so again at the end.
class KeptNeurons {
 public:
  KeptNeurons(const Experiment& experiment, const Network& network, Session& session) : network_(&network), session_(&session) {
    const TrialPlan plan(experiment, network);
    for (std::uint32_t p = 0; p < network.populations().size(); ++p)
      if (plan.hidden[p] || p == plan.readout) thresholds_.emplace_back(p, session.thresholds(p));
  }
  ~KeptNeurons() {
    for (const auto& [p, thresholds] : thresholds_) {
      session_->set_neurons(p, {});
      session_->set_thresholds(p, thresholds);
    }
  }
  KeptNeurons(const KeptNeurons&) = delete;
  KeptNeurons& operator=(const KeptNeurons&) = delete;

  void vary(const Mismatch& mismatch) const {
    for (const auto& [p, thresholds] : thresholds_) {
      const Population& population = network_->populations()[p];
      // At level 0 neurons are all alike again, so that the session computes as if nobody had touched it.
      session_->set_neurons(p, mismatch.level == 0 ? std::vector<NeuronModel>{} : mismatch.neurons(population));
      if (spiking_of(population.neuron())) session_->set_thresholds(p, mismatch.thresholds(population, thresholds));
    }
  }

 private:
  const Network* network_;
  Session* session_;
  std::vector<std::pair<std::size_t, std::vector<double>>> thresholds_;
};

}  // namespace

namespace {

/// The values that `bits` can hold, from -range to range.
struct Grid {
  Grid(double range, std::uint32_t bits) : levels(std::ldexp(1.0, static_cast<int>(bits) - 1) - 1), step(range / levels) {}
  double nearest(double w) const { return std::clamp(std::round(w / step), -levels, levels) * step; }
  double levels, step;
};

double squared_error(const Grid& grid, std::span<const float> weights) {
  double sum = 0;
  for (const float w : weights) {
    const double d = static_cast<double>(w) - grid.nearest(static_cast<double>(w));
    sum += d * d;
  }
  return sum;
}

}  // namespace

std::vector<float> quantised(std::span<const float> weights, std::uint32_t bits) {
  constexpr int kRanges = 64;
  std::vector<float> out(weights.begin(), weights.end());
  double most = 0;
  for (const float w : weights) most = std::max(most, std::abs(static_cast<double>(w)));
  if (bits >= 32 || bits < 2 || most == 0) return out;
  Grid best(most, bits);
  double least = squared_error(best, weights);
  for (int k = kRanges - 1; k > 0; --k) {
    const Grid grid(most * k / kRanges, bits);
    if (const double error = squared_error(grid, weights); error < least) least = error, best = grid;
  }
  for (float& w : out) w = static_cast<float>(best.nearest(static_cast<double>(w)));
  return out;
}

void quantise_by_neuron(std::span<WeightsOnto> projections, std::size_t neurons, std::uint32_t bits) {
  std::vector<std::vector<float*>> onto(neurons);
  for (WeightsOnto& p : projections)
    for (std::size_t i = 0; i < p.weights.size(); ++i) onto[p.targets[i]].push_back(&p.weights[i]);
  std::vector<float> values;
  for (const std::vector<float*>& weights : onto) {
    values.clear();
    for (const float* w : weights) values.push_back(*w);
    values = quantised(values, bits);
    for (std::size_t i = 0; i < weights.size(); ++i) *weights[i] = values[i];
  }
}

namespace {

double factor(const Mismatch& m, const Population& population, const std::string& parameter, std::uint32_t neuron) {
  const double s = std::sqrt(std::log1p(m.level * m.level));
  const std::uint64_t stream = stream_of_trial(stream_of(population.name, "mismatch." + parameter), m.draw);
  return std::exp(s * random_normal(m.seed, stream, neuron) - s * s / 2);
}

}  // namespace

std::vector<NeuronModel> Mismatch::neurons(const Population& population) const {
  std::vector<NeuronModel> neurons(population.size(), population.neuron());
  for (std::uint32_t j = 0; j < neurons.size(); ++j) {
    const std::vector<double*> taus = time_constants(neurons[j]);
    for (std::size_t k = 0; k < taus.size(); ++k) *taus[k] *= factor(*this, population, fmt::format("tau{}", k), j);
  }
  return neurons;
}

std::vector<double> Mismatch::thresholds(const Population& population, std::span<const double> nominal) const {
  std::vector<double> thresholds(nominal.begin(), nominal.end());
  if (level == 0) return thresholds;
  const double rest = membrane_of(population.neuron()).v_rest_mv;
  for (std::uint32_t j = 0; j < thresholds.size(); ++j)
    thresholds[j] = rest + (thresholds[j] - rest) * factor(*this, population, "threshold", j);
  return thresholds;
}

std::vector<std::size_t> spread_evenly(const std::vector<std::size_t>& items, std::size_t count) {
  if (count == 0 || count >= items.size()) return items;
  std::vector<std::size_t> some;
  for (std::size_t i = 0; i < count; ++i) some.push_back(items[i * items.size() / count]);
  return some;
}

std::optional<RobustnessResult> probe_robustness(const RobustnessPlan& plan, const TestedNetwork& tested, const std::atomic<bool>& stop) {
  const std::vector<std::size_t> samples = spread_evenly(tested.samples, plan.samples);
  const auto accuracy = [&] {
    return evaluate(*tested.experiment, *tested.network, *tested.session, *tested.data, samples, tested.seed).accuracy;
  };
  const bool all = samples.size() == tested.samples.size();
  RobustnessResult result{samples.size(), all ? tested.accuracy : accuracy(), {}, {}};
  {
    const KeptWeights kept(TrialPlan(*tested.experiment, *tested.network), *tested.network, *tested.session);
    for (const std::uint32_t bits : plan.bits) {
      if (stop) return std::nullopt;
      kept.quantise(bits);
      result.bits.push_back({static_cast<double>(bits), {accuracy()}});
    }
  }
  const KeptNeurons kept(*tested.experiment, *tested.network, *tested.session);
  for (const double level : plan.mismatch) {
    RobustnessPoint point{level, {}};
    for (std::uint64_t draw = 0; draw < plan.draws; ++draw) {
      if (stop) return std::nullopt;
      kept.vary({level, tested.seed, draw});
      point.accuracies.push_back(accuracy());
    }
    result.mismatch.push_back(std::move(point));
  }
  return result;
}

}  // namespace spikeloop
