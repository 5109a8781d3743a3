// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/engine/calendar.hpp"
#include "core/engine/dynamics.hpp"
#include "core/engine/plasticity.hpp"
#include "core/engine/sources.hpp"
#include "core/engine/synapses.hpp"
#include "core/network.hpp"
#include "core/recording.hpp"

namespace spikeloop::engine {

/// The neurons of one population that a lane owns: state as struct of arrays, and what has arrived at the current tick.
struct Block {
  Slice slice;
  Dynamics dynamics;
  bool used = false;  ///< false for sources and empty slices
  bool plain = false;  ///< lif with basal input and nothing else: a short way through `update`

  std::vector<double> v, excitatory, inhibitory, apical, modulator, adaptation;
  std::vector<double> theta;    ///< thresholds, moved by homeostasis
  std::vector<double> extra;    ///< current from current sources that enters v, in mV; empty if there are none
  std::vector<double> extra_apical, extra_modulator;  ///< current from current sources through these ports; the first enters v too
  std::vector<Tick> last, hold, check;
  std::vector<std::uint32_t> free_spikes;  ///< spikes before feedback came, for homeostasis; empty without it
  double v_initial = 0;
  std::vector<double> v_initials;  ///< empty if all are `v_initial`

  std::vector<float> basal, basal_inhibitory, apical_in, modulator_in;  ///< arrivals of the tick; the last three only where used
  std::vector<std::uint8_t> marked;
  std::vector<std::uint32_t> touched;
  bool all_touched = false;

  std::vector<Trace> traces;
  std::unique_ptr<PostLog> log;  ///< only where an STDP rule needs it
  std::vector<float> feedback;   ///< feedback current of every neuron at `feedback_tick`
  Tick feedback_tick = -1;
  bool watched_gate = false;     ///< a rule needs to know who was active when the gate opened
  Tick gate = kNever;            ///< feedback reaches the population
  bool gate_seen = false;

  NeuronState load(std::uint32_t j) const;
  void store(std::uint32_t j, const NeuronState& s);
  double extra_of(std::uint32_t j) const { return extra.empty() ? 0 : extra[j]; }
  double extra_basal_of(std::uint32_t j) const { return extra_of(j) - (extra_apical.empty() ? 0 : extra_apical[j]); }
  double extra_feedback_of(std::uint32_t j) const { return (extra_apical.empty() ? 0 : extra_apical[j]) + (extra_modulator.empty() ? 0 : extra_modulator[j]); }
  void touch(std::uint32_t j);
};

/// One thread's share of a network: it owns slices of the populations and all synapses onto them, and runs them for one epoch at a time.
/// Nothing that it computes depends on how the network was cut.
class Lane {
 public:
  /// `slices[p]` is what this lane owns of population p.
  Lane(const Network& network, std::vector<Slice> slices);

  /// Start of a trial.
  void reset(std::uint64_t trial);
  /// The first tick >= now at which there is something to do, or kNever.
  Tick next(Tick now) const;
  /// Runs the ticks in [from, until); spikes of owned neurons are appended to `spikes()`.
  void run(Tick from, Tick until);
  std::vector<TickSpike>& spikes() { return spikes_; }
  /// Queues the arrivals of a spike, from tick `now` on.
  void receive(const TickSpike& spike, Tick now);
  /// Feedback reaches population p at `tick`.
  void open_gate(std::uint32_t p, Tick tick);

  /// Thresholds of a population have changed: looks for crossings from `now` on.
  void look_again(std::size_t population, Tick now);
  void set_learning(double rules, double homeostasis);
  void commit(Tick now);
  /// Applies potentiation that waits for its row's next visit; changes nothing that follows.
  void flush();

  const Block& block(std::size_t population) const { return blocks_[population]; }
  Block& block(std::size_t population) { return blocks_[population]; }
  Synapses& synapses(std::size_t projection) { return projections_[projection].synapses; }
  Plasticity* plasticity(std::size_t projection) { return projections_[projection].plasticity.get(); }
  Trace* post_trace(std::size_t projection);
  /// The state of owned neuron j (counted from the slice's begin) at `tick`, after everything before it; a pure function.
  NeuronState state_at(std::size_t population, std::uint32_t j, Tick tick) const;
  /// Goes on at `now` with what `block()` and `plasticity()` were given (checkpoints).
  void resume(std::uint64_t trial, Tick now);
  const OperationCounts& counts();
  void clear_counts();

 private:
  /// One (spike, delay class) that waits.
  struct Arrival {
    std::uint32_t projection;
    std::uint32_t segment;
  };
  /// A neuron that may cross its threshold without arrivals.
  struct Visit {
    std::uint32_t population;
    std::uint32_t neuron;
  };
  struct ProjectionState {
    std::uint32_t source = 0, target = 0;
    Port port = Port::kBasal;
    Synapses synapses;
    std::unique_ptr<Plasticity> plasticity;
    std::size_t trace = 0;               ///< of the target block, if plastic
    const CurrentSource* current = nullptr;
    bool drive = false;                  ///< Poisson counts drawn where they arrive
    bool counts_spikes = false;          ///< the first such projection of its source
    PoissonCounts poisson;
  };

  void build_blocks(const Network& network);
  void build_projections(const Network& network);
  void build_plasticity(const Network& network, ProjectionState& p, const Rule& rule);
  void allocate_ports();
  void queue_current_steps(Tick now);
  void start_neurons();
  void tick(Tick tick);
  void draw_drives(Tick tick);
  void deliver(const Arrival& arrival);
  void deliver_current(ProjectionState& p, std::size_t step);
  std::vector<float>& accumulator(Block& block, Port port, float weight);
  void update(std::uint32_t population, Tick tick);
  void update_plain(std::uint32_t population, Block& block, Tick tick);
  void update_neuron(std::uint32_t population, Block& block, std::uint32_t j, Tick tick);
  bool fire(Block& block, NeuronState& s, std::uint32_t j, Tick tick);
  void schedule(std::uint32_t population, Block& block, std::uint32_t j, const NeuronState& s);
  void learn(Tick tick);
  Plasticity::Post post_of(ProjectionState& p, Tick tick);

  const Network* network_;
  std::vector<Slice> slices_;
  std::uint64_t trial_ = 0;
  std::vector<Block> blocks_;
  std::vector<ProjectionState> projections_;
  std::vector<std::vector<std::uint32_t>> outgoing_;  ///< per population: projections that leave it and wait in the calendar
  std::vector<std::uint32_t> drives_;                 ///< projections with `drive`
  Calendar<Arrival> arrivals_;
  Calendar<Visit> visits_;
  Tick now_ = 0;                       ///< tick being processed
  std::vector<Arrival> due_;
  std::vector<Visit> due_visits_;
  std::vector<Arrival> learning_;     ///< arrivals of the tick at plastic projections
  std::vector<TickSpike> spikes_;
  double homeostasis_scale_ = 1;
  OperationCounts counts_;
};

/// True if the Poisson population is drawn where it arrives: counts, and every projection of it one-to-one with one delay. Probes have no say in
/// this, for the way in which the sums are formed would change what follows.
bool drawn_at_arrival(const Network& network, std::size_t population);

}  // namespace spikeloop::engine
