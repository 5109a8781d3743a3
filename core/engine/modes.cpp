// SPDX-License-Identifier: Apache-2.0
#include "core/engine/modes.hpp"

#include <algorithm>

namespace spikeloop::engine {
namespace {

/// Touching one neuron costs as much as sweeping so many (measured: 25 to 40 ns against 0.3 to 0.6); where all are touched at one tick,
/// they are updated in order, and each costs a quarter of it.
constexpr double kSweptPerTouched = 64, kAllAtOnce = 0.25;
constexpr Tick kShortestWindow = 64;

}  // namespace

Modes::Modes(const Network& network, Update update) : update_(update) {
  const std::size_t n = network.populations().size();
  fan_out_.resize(n), driven_.resize(n), arrivals_.resize(n);
  for (const Population& p : network.populations()) {
    neurons_.push_back(!p.is_source());
    size_.push_back(static_cast<double>(p.size()));
  }
  for (const Projection& p : network.projections()) {
    const std::size_t source = network.population_index(p.source), target = network.population_index(p.target);
    if (drawn_at_arrival(network, source))
      driven_[target] = true;
    else
      fan_out_[source].push_back({static_cast<std::uint32_t>(target), network.expected_synapses(p) / size_[source]});
  }
  reset();
}

void Modes::begin(Tick least_delay) {
  window_ = std::max(least_delay, kShortestWindow);
  enough_.clear();
  for (const double size : size_) enough_.push_back(size * static_cast<double>(window_) / kSweptPerTouched);
}

void Modes::reset() {
  for (Window& w : windows_) w.index = -1, w.touched.assign(size_.size(), 0.0);
}

bool Modes::dense_in(std::size_t p, Tick window) const {
  if (!neurons_[p] || update_ == Update::kLazy) return false;
  if (driven_[p] || update_ == Update::kDense) return true;
  return (window >= 2 && busy(p, window - 2)) || (window >= 3 && busy(p, window - 3));
}

Tick Modes::next(std::size_t p, Tick now) const {
  for (Tick w = now / window_; w <= now / window_ + 3; ++w)
    if (dense_in(p, w)) return std::max({now, w * window_, Tick{1}});
  return kNever;
}

void Modes::count(std::span<const TickSpike> spikes) {
  if (update_ != Update::kAuto) return;
  for (std::size_t k = 0; k < spikes.size();) {
    const Tick tick = spikes[k].tick;
    std::fill(arrivals_.begin(), arrivals_.end(), 0.0);
    for (; k < spikes.size() && spikes[k].tick == tick; ++k)
      for (const FanOut& f : fan_out_[spikes[k].population]) arrivals_[f.target] += f.synapses;
    Window& w = windows_[static_cast<std::size_t>(tick / window_) % windows_.size()];
    if (w.index != tick / window_) w.index = tick / window_, w.touched.assign(w.touched.size(), 0.0);
    for (std::size_t p = 0; p < arrivals_.size(); ++p) w.touched[p] += std::min(arrivals_[p], kAllAtOnce * size_[p]);
  }
}

}  // namespace spikeloop::engine
