// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/backend.hpp"
#include "core/engine/lane.hpp"
#include "core/engine/sources.hpp"
#include "core/engine/team.hpp"

namespace spikeloop::engine {

/// The event-queue simulator: a session in which lanes run epochs of the smallest delay and then exchange spikes. The result does not depend
/// on the number of lanes.
class Engine final : public Session {
 public:
  Engine(std::shared_ptr<const Network> network, std::size_t threads, std::span<const InitialWeights> initial);

  void advance(Time until, std::span<const Spike> spikes_in, Sink& sink) override;
  void reset(std::uint64_t trial) override;
  Time now() const override { return now_ * network_->resolution(); }
  std::vector<float> weights(std::size_t projection) const override;
  void set_weights(std::size_t projection, std::span<const float> weights) override;
  Connectivity connectivity(std::size_t projection) const override;
  std::vector<double> thresholds(std::size_t population) const override;
  void set_thresholds(std::size_t population, std::span<const double> thresholds) override;
  void set_learning(double rules, double homeostasis) override;
  void commit() override;
  State save() const override;
  void restore(const State& state) override;
  OperationCounts counts() const override;

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
  void exchange(Tick until, Sink& sink);
  void sample(Tick tick, Sink& sink);
  /// Emitted within the last largest delay: what a checkpoint must deliver again.
  std::vector<TickSpike> in_flight() const;
  void clear_counts();
  Tick next_sample(Tick from) const;
  std::vector<double> observe(const Probe& probe, Tick tick) const;
  std::vector<double> observe_neurons(const Probe& probe, Tick tick) const;
  std::vector<double> observe_projection(const Probe& probe, Tick tick) const;
  using EachSynapse = std::function<void(std::size_t lane, std::uint64_t synapse, std::size_t source, Tick delay)>;
  /// Calls f for every synapse of a projection in the order of `weights`; `synapse` counts within the lane.
  void for_each_synapse(std::size_t projection, const EachSynapse& f) const;

  std::shared_ptr<const Network> network_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::unique_ptr<Team> team_;
  Sources sources_;
  Tick now_ = 0;
  std::uint64_t trial_ = 0;
  Tick least_delay_ = 1, largest_delay_ = 1;
  double rules_ = 1, homeostasis_ = 1;
  std::vector<bool> observed_;              ///< per population: its spikes go to the sink
  std::vector<bool> counted_by_lanes_;      ///< per population: drawn where it arrives, and counted there
  std::vector<std::vector<Gate>> gates_;    ///< per population: which gates its spikes open
  std::vector<TickSpike> spikes_;           ///< of the epoch
  std::vector<TickSpike> in_flight_;        ///< `in_flight()` and, now and then, older ones
  OperationCounts counts_;                  ///< of sources, and what was lost; lanes count the rest
  friend class Checkpoint;
};

}  // namespace spikeloop::engine
