// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/engine/layout.hpp"
#include "core/engine/sources.hpp"
#include "core/engine/update.hpp"

namespace spikeloop::engine {

/// The ticks at which spikes arrive that reach a whole population at once: the last ones and those soon to come.
class Bursts {
 public:
  static constexpr Tick kRing = 1024;  ///< so many ticks are known
  static constexpr Tick kSpan = 16, kEnough = 3;

  void clear() { high_ = 0; }
  /// Such a spike arrives at `tick`.
  void add(Tick tick);
  /// At least kEnough of the kSpan ticks up to this one bring such spikes.
  bool dense(Tick tick) const;
  /// Those that are known from a tick on, for checkpoints.
  std::vector<Tick> from(Tick tick) const;

 private:
  bool at(Tick tick) const { return tick >= 0 && tick < high_ && (bits_[static_cast<std::size_t>(tick % kRing) / 64] >> (tick % 64) & 1); }
  std::array<std::uint64_t, kRing / 64> bits_{};
  Tick high_ = 0;  ///< nothing is known of ticks from here on
};

/// Which populations are updated densely: window by window of a fixed number of ticks, by the spikes that were emitted two and three
/// windows ago; and at once, where several ticks close together reach all neurons. Lazy and dense differ in how they round, so the choice
/// is a function of the network and of emitted spikes: of nothing that depends on threads, slices or probes.
class Modes {
 public:
  Modes(const Network& network, Update update);
  /// No epoch will be longer than `least_delay`.
  void begin(Tick least_delay);

  void reset();
  Tick window() const { return window_; }
  /// Is the population swept at this tick? Valid while every spike that was emitted more than a window ago has been counted.
  bool dense(std::size_t population, Tick tick) const {
    return tick > 0 && (dense_in(population, tick / window_) || (prompt_[population] && bursts_[population].dense(tick)));
  }
  /// Whole populations may be reached at once: `dense` may change from tick to tick, not only with the window.
  bool prompt(std::size_t population) const { return prompt_[population]; }
  /// The first tick >= now of a window, among those that can be told by now, in which a population is swept; kNever if there is none.
  Tick next(std::size_t population, Tick now) const;
  /// Spikes of complete ticks, in order.
  void count(std::span<const TickSpike> spikes);

  /// What a checkpoint keeps: (window, population) -> touched neurons.
  struct Window {
    Tick index = -1;
    std::vector<double> touched;  ///< per population: neurons that spikes of this window will reach, as far as they cost
  };
  std::vector<Bursts>& bursts() { return bursts_; }
  const std::vector<Bursts>& bursts() const { return bursts_; }
  std::array<Window, 4>& windows() { return windows_; }
  const std::array<Window, 4>& windows() const { return windows_; }

 private:
  bool dense_in(std::size_t population, Tick window) const;
  bool busy(std::size_t population, Tick window) const {
    const Window& w = windows_[static_cast<std::size_t>(window) % windows_.size()];
    return w.index == window && w.touched[population] >= enough_[population];
  }

  Update update_;
  Tick window_ = 1;
  std::vector<bool> neurons_;   ///< per population: not a source
  std::vector<bool> driven_;    ///< per population: input at nearly every tick, from a Poisson drive
  std::vector<bool> prompt_;    ///< per population: chosen by bursts too
  std::vector<Bursts> bursts_;  ///< per population
  std::vector<double> size_;    ///< per population
  std::vector<double> enough_;  ///< per population: touched neurons a window from which on sweeping is cheaper
  struct FanOut {
    std::uint32_t target;
    double synapses;  ///< expected, per spike
    Tick all_after;   ///< the delay, if the spike reaches every neuron; else 0
  };
  std::vector<std::vector<FanOut>> fan_out_;  ///< per source population
  std::array<Window, 4> windows_;
  std::vector<double> arrivals_;  ///< per population, of one tick
};

}  // namespace spikeloop::engine
