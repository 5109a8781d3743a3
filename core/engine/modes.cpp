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

void Bursts::add(Tick tick) {
  const auto word = [&](Tick t) -> std::uint64_t& { return bits_[static_cast<std::size_t>(t % kRing) / 64]; };
  for (high_ = std::max(high_, tick - kRing + 1); high_ <= tick; ++high_) word(high_) &= ~(std::uint64_t{1} << (high_ % 64));
  if (tick > high_ - kRing) word(tick) |= std::uint64_t{1} << (tick % 64);
}

bool Bursts::dense(Tick tick) const {
  Tick arrivals = 0;
  for (Tick t = tick - kSpan + 1; t <= tick; ++t) arrivals += at(t);
  return arrivals >= kEnough;
}

std::vector<Tick> Bursts::from(Tick tick) const {
  std::vector<Tick> ticks;
  for (Tick t = std::max(tick, high_ - kRing + 1); t < high_; ++t)
    if (at(t)) ticks.push_back(t);
  return ticks;
}

Modes::Modes(const Network& network, Update update) : update_(update) {
  const std::size_t n = network.populations().size();
  fan_out_.resize(n), driven_.resize(n), arrivals_.resize(n), prompt_.resize(n), bursts_.resize(n);
  for (const Population& p : network.populations()) {
    neurons_.push_back(!p.is_source());
    size_.push_back(static_cast<double>(p.size()));
  }
  for (const Projection& p : network.projections()) {
    const std::size_t source = network.population_index(p.source), target = network.population_index(p.target);
    if (drawn_at_arrival(network, source)) {
      driven_[target] = true;
      continue;
    }
    const bool all = is_dense(p) && neurons_[target];
    fan_out_[source].push_back({static_cast<std::uint32_t>(target), network.expected_synapses(p) / size_[source],
                                all ? ticks_of(std::get<Constant>(p.delay_ms.kind).value, network.resolution()) : Tick{0}});
    if (all && update == Update::kAuto) prompt_[target] = true;
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
  for (Bursts& b : bursts_) b.clear();
}

bool Modes::dense_in(std::size_t p, Tick window) const {
  if (!neurons_[p] || update_ == Update::kLazy) return false;
  if (driven_[p] || update_ == Update::kDense) return true;
  return (window >= 2 && busy(p, window - 2)) || (window >= 3 && busy(p, window - 3));
}

Tick Modes::next(std::size_t p, Tick now) const {
  if (dense(p, std::max(now, Tick{1}))) return std::max(now, Tick{1});  // later bursts begin with an arrival, which nobody misses
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
      for (const FanOut& f : fan_out_[spikes[k].population]) {
        arrivals_[f.target] += f.synapses;
        if (f.all_after > 0) bursts_[f.target].add(tick + f.all_after);
      }
    Window& w = windows_[static_cast<std::size_t>(tick / window_) % windows_.size()];
    if (w.index != tick / window_) w.index = tick / window_, w.touched.assign(w.touched.size(), 0.0);
    for (std::size_t p = 0; p < arrivals_.size(); ++p) w.touched[p] += std::min(arrivals_[p], kAllAtOnce * size_[p]);
  }
}

}  // namespace spikeloop::engine
