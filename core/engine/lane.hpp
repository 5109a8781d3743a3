// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/engine/block.hpp"
#include "core/engine/calendar.hpp"
#include "core/engine/layout.hpp"
#include "core/engine/modes.hpp"
#include "core/engine/plasticity.hpp"
#include "core/engine/sources.hpp"
#include "core/engine/stopwatch.hpp"
#include "core/engine/synapses.hpp"
#include "core/network.hpp"
#include "core/recording.hpp"

namespace spikeloop::engine {

/// A share of a network that one thread works on at a time: it owns slices of the populations and all synapses onto them, and runs them for
/// one epoch at a time. Nothing that it computes depends on how the network was cut.
class Lane {
 public:
  Lane(const Network& network, const Layout& layout, std::size_t index, const Modes& modes);

  /// Start of a trial.
  void reset(std::uint64_t trial);
  /// The first tick >= now at which there is something to do, or kNever; mode changes aside.
  Tick next(Tick now) const;
  /// Runs the ticks in [from, until); spikes of owned neurons are appended to `spikes()`.
  void run(Tick from, Tick until);
  std::vector<TickSpike>& spikes() { return spikes_; }
  /// Fetches what `receive` will read of the spikes soon after number `i`.
  void fetch_ahead(std::span<const TickSpike> spikes, std::size_t i) const;
  /// Queues the arrivals of a spike, from tick `now` on.
  void receive(const TickSpike& spike, Tick now);
  /// Does any synapse of the neuron end here?
  bool reached_by(std::uint32_t population, std::uint32_t neuron) const;
  /// Feedback reaches population p at `tick`.
  void open_gate(std::uint32_t p, Tick tick);

  /// Thresholds of a population have changed: looks for crossings from `now` on.
  void look_again(std::size_t population, Tick now);
  /// See Session::set_neurons; `models` are of the whole population.
  void set_neurons(std::size_t population, std::span<const NeuronModel> models, Tick now);
  void set_learning(double rules, double homeostasis);
  /// Commits what waits. The trial's own spikes move thresholds only if `own_trial`: after `take_changes` they have been counted.
  void commit(Tick now, bool own_trial);
  /// See Session::take_changes; appends one entry a plastic group, and one a population with homeostasis.
  void take_changes(Tick now, Changes& changes);
  /// Adds what `take_changes` of this lane wrote from entry `weights` and `thresholds` on, and moves them behind it.
  void add_changes(const Changes& changes, std::size_t& weights, std::size_t& thresholds);
  /// Applies potentiation that waits for its row's next visit; changes nothing that follows.
  void flush();
  /// Ends every sweep, so that blocks hold their state neuron by neuron; changes nothing that follows.
  void settle();

  const Block& block(std::size_t population) const { return blocks_[population]; }
  Block& block(std::size_t population) { return blocks_[population]; }
  Plasticity* plasticity(std::size_t projection) { return rows_of(projection).plasticity.get(); }
  Trace* post_trace(std::size_t projection);
  /// The state of owned neuron j (counted from the slice's begin) at `tick`, after everything before it; a pure function.
  NeuronState state_at(std::size_t population, std::uint32_t j, Tick tick) const;
  /// Goes on at `now` with what `block()` and `plasticity()` were given (checkpoints).
  void resume(std::uint64_t trial, Tick now);

  const Synapses& synapses(std::size_t projection) const { return rows_[layout_->group_of[projection]].synapses; }
  /// Which of the synapses of a group are the projection's, and the neuron of the slice that each ends at.
  bool belongs(std::size_t projection, std::uint64_t synapse) const;
  std::uint32_t target_of(std::size_t projection, std::uint64_t synapse) const;
  /// One weight a synapse from now on, if there was one for all.
  void store_weights(std::size_t projection);
  void set_weight(std::size_t projection, std::uint64_t synapse, float weight);

  OperationCounts counts() const;
  void clear_counts();
  Stopwatch& stopwatch() { return stopwatch_; }

 private:
  /// One (spike, delay class) that waits: `size` synapses from `at` on; of plastic and dense rows `at` is the source, of currents the step.
  struct Arrival {
    std::uint32_t rows;
    std::uint32_t size;
    std::uint64_t at;
  };
  /// A neuron that may cross its threshold without arrivals.
  struct Visit {
    std::uint32_t population;
    std::uint32_t neuron;
  };
  /// The synapses of a group and how they act.
  struct Rows {
    const Group* group = nullptr;
    Synapses synapses;
    std::uint32_t source = 0, target = 0;  ///< the target of the first projection
    Port port = Port::kBasal;
    std::uint32_t inhibitory = 0;  ///< distance from `synapses.base` to the slots for negative weights; 0 = signs do not matter here
    std::unique_ptr<Plasticity> plasticity;
    std::size_t trace = 0;  ///< of the target block, if plastic
    const CurrentSource* current = nullptr;
    bool counts_spikes = false;  ///< the first drive of its source
    PoissonCounts poisson;
  };

  void build_blocks(const Network& network);
  void build_rows(const Network& network);
  void build_plasticity(const Network& network, Rows& rows, const Rule& rule);
  void build_drive(const Network& network, std::uint32_t g);
  void queue_current_steps(Tick now);
  void start_neurons();

  void tick(Tick tick);
  void choose_modes(Tick tick);
  Tick next_sweep(Tick from) const;
  void enter_sweep(Block& block, Tick tick);
  void leave_sweep(std::uint32_t population);
  void draw_drives(Tick tick);
  void deliver();
  void deliver_rows(const Rows& rows, const Arrival& arrival);
  void deliver_kernel(const Synapses& synapses, std::uint64_t at);
  std::size_t deliver_dense(Rows& rows, std::size_t first);
  void deliver_plastic(Rows& rows, const Arrival& arrival);
  void deliver_current(Rows& rows, std::size_t step);
  void prefetch(const Arrival& arrival) const;
  template <class Target, class Weight>
  void scatter(const Target* targets, std::uint64_t n, std::uint32_t base, Weight weight);
  template <class Target, class Weight>
  void scatter_by_sign(const Target* targets, std::uint64_t n, const Rows& rows, Weight weight);
  void touch(std::uint32_t slot);
  void touch(const Block& block, std::uint32_t j) { touch(block.inputs.begin + j); }

  void update(Tick tick);
  void update_touched(Tick tick);
  void update_all(std::uint32_t population, Tick tick);
  void update_lif(std::uint32_t population, Block& block, Tick tick);
  void update_neuron(std::uint32_t population, Block& block, std::uint32_t j, Tick tick);
  void sweep_block(std::uint32_t population, Tick tick);
  bool fire(Block& block, NeuronState& s, std::uint32_t j, Tick tick);
  void plan_visit(std::uint32_t population, std::uint32_t j, Tick now);
  void visit(const Visit& visit, Tick tick);
  void schedule(std::uint32_t population, Block& block, std::uint32_t j, const NeuronState& s);
  void learn(Tick tick);
  void log_spikes(std::size_t first, Tick tick);
  Plasticity::Post post_of(Rows& rows, Tick tick);
  void take_homeostasis(std::size_t population, Tick now);
  void uncount(OperationCounts& counts) const;
  /// The first lane hears of every spike that a rule sees: its copy of the pre traces is complete.
  bool keeps_traces(const Rows& rows) const { return rows.plasticity && mine_ == layout_->lanes.data(); }
  Rows& rows_of(std::size_t projection) { return rows_[layout_->group_of[projection]]; }
  void count_parts(const Rows& rows, std::uint64_t begin, std::uint64_t size, std::int64_t sign, OperationCounts& counts) const;

  const Network* network_;
  const Layout* layout_;
  const LaneLayout* mine_;
  const Modes* modes_;
  std::uint64_t trial_ = 0;
  std::vector<Block> blocks_;
  std::vector<Rows> rows_;
  std::vector<std::vector<std::uint32_t>> outgoing_;  ///< per population: rows that leave it and wait in the calendar
  std::vector<std::uint32_t> drives_;                 ///< rows whose Poisson counts are drawn here
  std::vector<std::uint32_t> plastic_;                ///< rows that learn
  std::vector<std::uint32_t> used_;                   ///< populations of which neurons are owned
  Calendar<Arrival> arrivals_;
  Calendar<Visit> visits_;
  Tick now_ = 0;                            ///< tick being processed
  Tick window_begin_ = 0, window_end_ = 0;  ///< ticks for which the blocks know their modes
  bool prompt_ = false;                     ///< some blocks may change their mode at any tick
  bool unsettled_ = false;                  ///< a block is not in the mode that it should be in
  std::uint32_t sweeping_ = 0;              ///< blocks that are swept
  bool marking_ = true;                     ///< some blocks are not: who is touched must be known
  Buffer<float> inputs_;                    ///< what arrived at the tick, see Inputs
  std::vector<std::uint8_t> marked_;        ///< per slot
  Buffer<std::uint32_t> touched_;           ///< slots
  std::uint32_t touches_ = 0;
  std::vector<std::uint32_t> owner_;  ///< population of every 16 slots
  std::vector<Arrival> due_;
  std::vector<const float*> batch_;
  std::vector<float> drawn_;  ///< Poisson counts, where weights differ
  std::vector<Visit> due_visits_;
  std::vector<Arrival> learning_;  ///< arrivals of the tick at plastic projections
  std::vector<TickSpike> spikes_;
  double homeostasis_scale_ = 1;
  Stopwatch stopwatch_;
  OperationCounts counts_;  ///< of rows with parts: counted when they were queued, see `uncount`
};

}  // namespace spikeloop::engine
