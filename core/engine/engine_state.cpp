// SPDX-License-Identifier: Apache-2.0
// What can be asked of an engine and told to it between two stretches of a run: weights, thresholds, learning, where its time went.
#include <fmt/format.h>

#include <algorithm>

#include "core/engine/engine.hpp"

namespace spikeloop::engine {

std::vector<float> Engine::weights(std::size_t k) const {
  for (const auto& lane : lanes_) lane->flush();
  std::vector<float> values;
  for_each_synapse(k, [&](std::size_t l, std::uint64_t i, std::size_t, Tick) { values.push_back(lanes_[l]->synapses(k).weight_of(i)); });
  return values;
}

void Engine::set_weights(std::size_t k, std::span<const float> weights) {
  std::size_t expected = 0;
  if (layout_.groups[layout_.group_of[k]].projections.size() == 1) {
    for (const auto& lane : lanes_) expected += lane->synapses(k).size();
  } else {
    for_each_synapse(k, [&](std::size_t, std::uint64_t, std::size_t, Tick) { ++expected; });
  }
  if (weights.size() != expected)
    throw DescriptionError(fmt::format("projection \"{}\" has {} synapses, but {} weights were given", network_->projections()[k].name,
                                       expected, weights.size()));
  for (const auto& lane : lanes_) {
    lane->flush();
    lane->store_weights(k);
  }
  std::size_t at = 0;
  for_each_synapse(k, [&](std::size_t l, std::uint64_t i, std::size_t, Tick) { lanes_[l]->set_weight(k, i, weights[at++]); });
}

Connectivity Engine::connectivity(std::size_t k) const {
  Connectivity c;
  const std::size_t target = network_->population_index(network_->projections()[k].target);
  for_each_synapse(k, [&](std::size_t l, std::uint64_t i, std::size_t source, Tick delay) {
    c.sources.push_back(static_cast<std::uint32_t>(source));
    c.targets.push_back(lanes_[l]->target_of(k, i) + lanes_[l]->block(target).slice.begin);
    c.delays.push_back(delay);
  });
  return c;
}

std::vector<double> Engine::thresholds(std::size_t population) const {
  std::vector<double> values;
  for (const auto& lane : lanes_) {
    const std::vector<double>& theta = lane->block(population).theta;
    values.insert(values.end(), theta.begin(), theta.end());
  }
  return values;
}

void Engine::set_thresholds(std::size_t population, std::span<const double> thresholds) {
  const Population& p = network_->populations()[population];
  if (p.is_source() || thresholds.size() != p.size())
    throw DescriptionError(fmt::format("\"{}\" does not have {} thresholds", p.name, thresholds.size()));
  for (const auto& lane : lanes_) {
    Block& b = lane->block(population);
    std::copy_n(thresholds.begin() + b.slice.begin, b.slice.size(), b.theta.begin());
    lane->look_again(population, now_);
  }
}

void Engine::set_neurons(std::size_t population, std::span<const NeuronModel> models) {
  const Population& p = network_->populations()[population];
  const auto fits = [&](NeuronModel model) {
    const auto taus = time_constants(model);
    return model.index() == p.neuron().index() && std::all_of(taus.begin(), taus.end(), [](const double* tau) { return *tau > 0; });
  };
  if (p.is_source() || (!models.empty() && models.size() != p.size()) || !std::all_of(models.begin(), models.end(), fits))
    throw DescriptionError(
        fmt::format("\"{}\" cannot have these {} neurons: one for each of its own, of the same model, with time constants "
                    "greater than 0",
                    p.name, models.size()));
  for (const auto& lane : lanes_) lane->set_neurons(population, models, now_);
}

void Engine::set_learning(double rules, double homeostasis) {
  rules_ = rules, homeostasis_ = homeostasis;
  for (const auto& lane : lanes_) lane->set_learning(rules, homeostasis);
}

void Engine::commit() {
  for (const auto& lane : lanes_) lane->commit(now_, true);
}

Changes Engine::take_changes() {
  Changes changes;
  for (const auto& lane : lanes_) lane->take_changes(now_, changes);
  return changes;
}

void Engine::commit(std::span<const Changes> changes) {
  for (const Changes& c : changes) {
    std::size_t weights = 0, thresholds = 0;
    for (const auto& lane : lanes_) lane->add_changes(c, weights, thresholds);
  }
  for (const auto& lane : lanes_) lane->commit(now_, false);
}

void Engine::set_profiling(bool on) {
  const Stopwatch::Clock::time_point zero = Stopwatch::Clock::now();
  const std::size_t populations = network_->populations().size();
  const auto set = [&](Stopwatch& watch, std::size_t lane) {
    on ? watch.start(populations, static_cast<std::uint32_t>(lane), zero) : watch.stop();
  };
  for (std::size_t l = 0; l < lanes_.size(); ++l) set(lanes_[l]->stopwatch(), l);
  set(stopwatch_, lanes_.size());
}

Profile Engine::profile() const {
  Profile profile = stopwatch_.profile();
  for (const auto& lane : lanes_) profile += lane->stopwatch().profile();
  return profile;
}

}  // namespace spikeloop::engine
