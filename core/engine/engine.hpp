// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "core/backend.hpp"
#include "core/engine/lane.hpp"
#include "core/engine/sources.hpp"
#include "core/team.hpp"

namespace spikeloop::engine {

/// The event-queue simulator: a session in which lanes run epochs of the smallest delay and then exchange spikes. The result does not
/// depend on the number of lanes.
class Engine final : public Session {
 public:
  Engine(std::shared_ptr<const Network> network, std::size_t threads, Update update, std::span<const InitialWeights> initial);

  void advance(Time until, std::span<const Spike> spikes_in, Sink& sink) override;
  void reset(std::uint64_t trial) override;
  Time now() const override { return now_ * network_->resolution(); }
  std::vector<float> weights(std::size_t projection) const override;
  void set_weights(std::size_t projection, std::span<const float> weights) override;
  Connectivity connectivity(std::size_t projection) const override;
  std::vector<double> thresholds(std::size_t population) const override;
  void set_thresholds(std::size_t population, std::span<const double> thresholds) override;
  void set_neurons(std::size_t population, std::span<const NeuronModel> models) override;
  void set_learning(double rules, double homeostasis) override;
  void commit() override;
  Changes take_changes() override;
  void commit(std::span<const Changes> changes) override;
  State save() const override;
  void restore(const State& state) override;
  OperationCounts counts() const override;
  void set_profiling(bool on) override;
  Profile profile() const override;

 private:
  /// How long after a spike of each source neuron feedback reaches the target population; kNever = it does not.
  struct Gate {
    std::uint32_t target = 0;
    std::vector<Tick> after;
  };
  void accept(std::span<const Spike> spikes_in, Time until);
  Gate gate_of(std::size_t projection) const;
  Tick next_activity() const;
  void epoch(Tick from, Tick until, Sink& sink);
  void gather(Tick from, Tick until);
  void exchange(Tick until, Sink& sink);
  /// Every lane takes in what was emitted last and has not been handed out.
  void hand_out();
  void receive(std::size_t lane);
  void find_reach();
  /// Calls f for each lane, side by side.
  template <class F>
  void for_lanes(const F& f);
  void sample(Tick tick, Sink& sink);
  /// Emitted within the last largest delay: what a checkpoint must deliver again.
  std::vector<TickSpike> in_flight() const;
  void clear_counts();
  Tick next_sample(Tick from) const;
  std::vector<double> observe(const Probe& probe, Tick tick) const;
  std::vector<double> observe_neurons(const Probe& probe, Tick tick) const;
  std::vector<double> observe_projection(const Probe& probe, Tick tick) const;
  /// Calls f(lane, synapse, source, delay) for every synapse of a projection in the order of `weights`; `synapse` counts within the lane's
  /// group.
  template <class F>
  void for_each_synapse(std::size_t projection, F&& f) const;

  std::shared_ptr<const Network> network_;
  Layout layout_;
  std::unique_ptr<Modes> modes_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::unique_ptr<Team> team_;
  Sources sources_;
  Tick now_ = 0;
  std::uint64_t trial_ = 0;
  Tick least_delay_ = 1, largest_delay_ = 1;
  double rules_ = 1, homeostasis_ = 1;
  std::vector<bool> observed_;            ///< per population: its spikes go to the sink
  std::vector<bool> counted_by_lanes_;    ///< per population: drawn where it arrives, and counted there
  std::vector<std::vector<Gate>> gates_;  ///< per population: which gates its spikes open
  std::vector<TickSpike> spikes_;         ///< of the epoch
  std::vector<Tick> lane_next_;           ///< per lane: the next tick at which it has something to do, mode changes aside
  Tick received_until_ = 0;               ///< everything before has been simulated when the lanes take in `spikes_`
  bool handed_out_ = true;                ///< the lanes have taken in `spikes_`
  std::vector<std::vector<std::uint64_t>>
      reach_;                         ///< per population and neuron: a bit for each part of the lanes that it reaches; empty = all
  std::vector<TickSpike> in_flight_;  ///< `in_flight()` and, now and then, older ones
  Stopwatch stopwatch_;               ///< of what is done for all lanes at once
  OperationCounts counts_;            ///< of sources, and what was lost; lanes count the rest
  friend class Checkpoint;
};

template <class F>
void Engine::for_each_synapse(std::size_t k, F&& f) const {
  struct Part {
    Tick delay;
    std::size_t lane;
    std::uint64_t begin, end;
  };
  const std::size_t sources = network_->populations()[network_->population_index(network_->projections()[k].source)].size();
  std::vector<Part> row;
  for (std::size_t source = 0; source < sources; ++source) {
    row.clear();
    for (std::size_t l = 0; l < lanes_.size(); ++l) {
      const Synapses& s = lanes_[l]->synapses(k);
      std::uint64_t at = s.row_begin(source);
      if (s.uniform_delay) {
        row.push_back({s.delay, l, at, s.row_end(source)});
        continue;
      }
      for (std::uint64_t g = s.first_segment[source]; g < s.first_segment[source + 1]; at += s.segments[g++].size)
        row.push_back({s.segments[g].delay, l, at, at + s.segments[g].size});
    }
    std::stable_sort(row.begin(), row.end(), [](const Part& a, const Part& b) { return a.delay < b.delay; });
    for (const Part& g : row)
      for (std::uint64_t i = g.begin; i < g.end; ++i)
        if (lanes_[g.lane]->belongs(k, i)) f(g.lane, i, source, g.delay);
  }
}

}  // namespace spikeloop::engine
