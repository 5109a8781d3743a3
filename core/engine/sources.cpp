// SPDX-License-Identifier: Apache-2.0
#include "core/engine/sources.hpp"

#include <algorithm>
#include <cmath>

#include "core/random.hpp"

namespace spikeloop::engine {

Sources::Sources(const Network& network, const std::vector<bool>& skip)
    : network_(&network), trains_(network.populations().size()), skip_(skip) {
  const double tick_s = static_cast<double>(network.resolution()) * 1e-9;
  for (std::uint32_t p = 0; p < trains_.size(); ++p) {
    const Population& population = network.populations()[p];
    if (!population.is_source() || skip_[p]) continue;
    Train& train = trains_[p];
    train.stream = stream_of(population.name, "source");
    if (const auto* s = std::get_if<PoissonSource>(&population.source())) {
      train.per_tick = s->rate_hz * tick_s;
      if (train.per_tick < kCountsFrom) continue;
      counted_.push_back(p);
      counts_.emplace_back(train.per_tick, network.seed(), train.stream);
    } else if (const auto* r = std::get_if<RegularSource>(&population.source())) {
      train.per_tick = r->rate_hz * tick_s;
    }
  }
  reset(0);
}

void Sources::reset(std::uint64_t trial) {
  trial_ = trial;
  calendar_.clear(0);
  ahead_.clear();
  for (std::uint32_t p = 0; p < trains_.size(); ++p) {
    const Population& population = network_->populations()[p];
    if (!population.is_source() || skip_[p]) continue;
    if (std::holds_alternative<SpikeListSource>(population.source()))
      start_list(p);
    else if (trains_[p].per_tick > 0 && !std::count(counted_.begin(), counted_.end(), p))
      start_train(p);
  }
}

void Sources::start_list(std::uint32_t p) {
  for (const auto& e : std::get<SpikeListSource>(network_->populations()[p].source()).events) {
    const Tick tick = (e.time + network_->resolution() / 2) / network_->resolution();
    calendar_.put(tick, {p, e.neuron, false});
  }
}

void Sources::start_train(std::uint32_t p) {
  Train& train = trains_[p];
  const Population& population = network_->populations()[p];
  const auto n = static_cast<std::uint32_t>(population.size());
  train.drawn.assign(n, 0);
  train.at.assign(n, 0);
  if (const auto* r = std::get_if<RegularSource>(&population.source()))
    for (std::uint32_t i = 0; i < n; ++i)
      train.at[i] = r->random_phase ? random_unit(network_->seed(), stream_of_trial(train.stream, trial_), i) : r->phase;
  for (std::uint32_t i = 0; i < n; ++i) renew(p, i);
}

void Sources::renew(std::uint32_t p, std::uint32_t i) {
  Train& train = trains_[p];
  const std::uint64_t k = train.drawn[i]++;
  double tick = 0;
  if (std::holds_alternative<RegularSource>(network_->populations()[p].source())) {
    tick = std::ceil((static_cast<double>(k) + train.at[i]) / train.per_tick - 1e-9);
  } else {  // exponential gaps in continuous time; spikes of one tick are few but not one at most
    const double u = random_unit(network_->seed(), stream_of_trial(train.stream, trial_), k << 32 | i);
    tick = std::floor(train.at[i] -= std::log1p(-u) / train.per_tick);
  }
  if (tick < 4e18) calendar_.put(static_cast<Tick>(tick), {p, i, true});
}

Tick Sources::next(Tick now) const { return counted_.empty() ? calendar_.next(now) : now; }

void Sources::emit(Tick from, Tick until, std::vector<TickSpike>& spikes) {
  if (!ahead_.empty()) std::erase_if(ahead_, [&](const TickSpike& s) { return s.tick < until; });
  for (std::size_t c = 0; c < counted_.size(); ++c) {
    const auto n = static_cast<std::uint32_t>(network_->populations()[counted_[c]].size());
    for (Tick tick = from; tick < until; ++tick) {
      drawn_.assign(n, 0);
      counts_[c].add(trial_, tick, 0, n, 1, drawn_.data());
      for (std::uint32_t i = 0; i < n; ++i)
        for (float k = 0; k < drawn_[i]; ++k) spikes.push_back({tick, counted_[c], i});
    }
  }
  for (Tick tick = calendar_.next(from); tick < until; tick = calendar_.next(tick)) {  // the same tick again: a train may go on in it
    take(tick);
    for (const Item& item : due_) spikes.push_back({tick, item.population, item.neuron});
  }
}

void Sources::restore(std::uint64_t trial, Tick now) {
  reset(trial);
  for (Tick tick = calendar_.next(0); tick < now; tick = calendar_.next(tick)) take(tick);
}

void Sources::add(const TickSpike& spike) {
  calendar_.put(spike.tick, {spike.population, spike.neuron, false});
  ahead_.push_back(spike);
}

std::vector<TickSpike> Sources::ahead(Tick now) const {
  std::vector<TickSpike> spikes;
  for (const TickSpike& s : ahead_)
    if (s.tick >= now) spikes.push_back(s);
  return spikes;
}

/// What is due at a tick, into due_; trains draw their next spikes.
void Sources::take(Tick tick) {
  calendar_.take(tick, due_);
  for (const Item& item : due_)
    if (item.renews) renew(item.population, item.neuron);
}

}  // namespace spikeloop::engine
