// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "core/engine/calendar.hpp"
#include "core/engine/layout.hpp"
#include "core/engine/poisson.hpp"
#include "core/network.hpp"

namespace spikeloop::engine {

/// A spike inside the engine.
struct TickSpike {
  Tick tick = 0;
  std::uint32_t population = 0;
  std::uint32_t neuron = 0;

  friend auto operator<=>(const TickSpike&, const TickSpike&) = default;
};

/// The spikes that sources emit, tick by tick: Poisson, regular, lists, and what was handed in from outside.
class Sources {
 public:
  /// `skip[p]`: nobody needs the spikes of the Poisson population p, since it is drawn where it arrives.
  Sources(const Network& network, const std::vector<bool>& skip);

  void reset(std::uint64_t trial);
  /// Spikes of external sources, at ticks >= the next one to be emitted.
  void add(const TickSpike& spike);
  /// Those at ticks >= `now`: what `restore` does not bring back.
  std::vector<TickSpike> ahead(Tick now) const;
  /// The first tick >= `now` at which something may be emitted, or kNever.
  Tick next(Tick now) const;
  /// Appends the spikes of the ticks in [from, until), which must not be skipped over.
  void emit(Tick from, Tick until, std::vector<TickSpike>& spikes);
  /// Goes to the state in which all ticks before `now` of the trial have been emitted.
  void restore(std::uint64_t trial, Tick now);

 private:
  struct Item {
    std::uint32_t population = 0, neuron = 0;
    bool renews = false;  ///< the neuron's next spike is drawn when this one is emitted
  };
  struct Train {
    std::uint64_t stream = 0;
    double per_tick = 0;               ///< expected spikes per tick
    std::vector<std::uint64_t> drawn;  ///< per neuron: spikes drawn so far
    std::vector<double> at;            ///< per neuron: time of the last one in ticks (regular: the phase)
  };
  void take(Tick tick);
  void renew(std::uint32_t population, std::uint32_t neuron);
  void start_train(std::uint32_t population);
  void start_list(std::uint32_t population);

  const Network* network_;
  std::uint64_t trial_ = 0;
  std::vector<Train> trains_;
  std::vector<std::uint32_t> counted_;  ///< Poisson populations drawn by counts
  std::vector<PoissonCounts> counts_;   ///< one for each of these
  std::vector<bool> skip_;
  Calendar<Item> calendar_;
  std::vector<TickSpike> ahead_;  ///< external spikes that have not been emitted
  std::vector<Item> due_;
  std::vector<float> drawn_;
};

}  // namespace spikeloop::engine
