// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/backend.hpp"
#include "core/engine/dynamics.hpp"
#include "core/engine/kernels.hpp"
#include "core/engine/synapses.hpp"
#include "core/learning.hpp"

namespace spikeloop::engine {

/// An exponential trace of each neuron's spikes: jumps by 1 at a spike. One per (population, time constant), shared by all rules.
struct Trace {
  double tau_ms = 0;
  Decay decay;
  std::vector<double> value;  ///< at `last`
  std::vector<Tick> last;
  std::vector<float> at_tick;  ///< all values at `cached`, spikes of that tick not included
  Tick cached = -1;

  void clear();
  void spike(std::uint32_t neuron, Tick tick);
  double at(std::uint32_t neuron, Tick tick) const { return value[neuron] * decay(tick - last[neuron]); }
  /// Every neuron's value at `tick`.
  const std::vector<float>& all_at(Tick tick);
};

/// The spikes of a population since the last flush, newest last, each linked to the same neuron's one before: what potentiation replays.
/// The last few of every neuron are also at hand by themselves, where vectors can look at many neurons at a time.
struct PostLog {
  struct Post {
    Tick tick;
    std::uint32_t neuron;
    std::int64_t previous;  ///< index of the same neuron's spike before, or -1
  };
  std::vector<Post> posts;
  std::vector<std::int64_t> newest;  ///< per neuron: index into `posts`, or -1
  std::vector<std::int32_t>
      recent[Potentiation::kRecent];  ///< per neuron: low 32 bits of its last ticks, oldest first; right for ticks < `fresh`
  Tick fresh = 0;

  explicit PostLog(std::size_t neurons);
  void add(std::uint32_t neuron, Tick tick);
  void clear();
  /// Start of a trial: nobody has spiked.
  void reset();
  /// Makes `recent` right for `tick` and later ones, as long as `kFresh` goes.
  void refresh(Tick tick);
  static constexpr Tick kFresh = Tick{1} << 29;
};

/// The plasticity of one projection in one lane. Rows are visited when their source spikes; a post spike costs nothing until then.
class Plasticity {
 public:
  /// What the rule sees of the post population at a tick.
  struct Post {
    const std::vector<float>* feedback = nullptr;  ///< feedback current of every neuron (mV), for FeedbackCurrent
    PostLog* log = nullptr;                        ///< for the STDP rules
    Trace* trace = nullptr;                        ///< the post trace of the rule
  };

  Plasticity(const Rule& rule, Synapses& synapses, std::size_t sources, Time resolution);

  bool is_stdp() const { return stdp_ != nullptr; }
  bool needs_feedback() const { return feedback_ != nullptr; }
  double trace_tau_ms() const;
  /// Factor on every change from now on; 0 = nothing is learned, but traces run. Call `flush` before.
  void set_scale(double scale) { scale_ = scale; }
  /// An arrival at this tick changes weights: something is learned, and the gate is open.
  bool learns_at(Tick tick) const { return scale_ != 0 && (!gated_ || tick >= gate_); }

  /// Start of a trial: traces are cleared, the gate shuts. Call `flush` before.
  void reset();
  /// The gate opens at `tick`: neurons that were not active do not learn.
  void open_gate(Tick tick, const Post& post);
  bool needs_gate_mask() const { return active_trace_ > 0; }

  /// Potentiation by the post spikes that the row has not seen (STDP). Before its spike is delivered.
  /// `tick` is now, of which the post spikes are not known yet.
  void replay(std::size_t source, Tick tick, const Post& post);
  /// The row's spike arrives at `tick`, after the post population was advanced and before its spikes of this tick are seen.
  void arrive(std::size_t source, Tick tick, const Post& post);
  /// Replays every row, so that the log can be cleared.
  void flush(Tick now, const Post& post);
  /// Adds pending changes to the weights.
  void commit();
  /// Moves the pending changes out; adds such changes to the pending ones.
  Changes::Rows take_changes();
  void add_changes(const Changes::Rows& changes);

  /// Pre trace of a source at a tick.
  double pre_trace(std::size_t source, Tick tick) const;
  std::uint64_t updates() const { return updates_; }
  void clear_updates() { updates_ = 0; }

  /// State that a checkpoint keeps, apart from weights.
  struct Row {
    double x = 0;  ///< pre trace at x_tick
    Tick x_tick = 0;
    Tick seen = 0;              ///< post spikes before this tick have been replayed
    std::vector<Tick> waiting;  ///< arrivals that reach the trace `lag` later
  };
  std::vector<Row>& rows() { return rows_; }
  std::vector<float>& pending() { return pending_; }
  std::vector<float>& mask() { return mask_; }
  Tick& gate() { return gate_; }
  void touch_all();

 private:
  double pre_at(const Row& row, Tick tick) const;
  float potentiation_at(const Row& row, float amplitude, Tick tick) const;
  void change(std::uint64_t synapse, float dw);
  void replay_one(const Row& row, std::uint64_t synapse, std::uint32_t neuron, Tick first, const PostLog& log);
  bool replay_many(const Row& row, std::size_t source, Tick first, Tick tick, PostLog& log);
  void mark_dirty(std::size_t source) {
    if (trial_commit_ && !is_dirty_[source]) is_dirty_[source] = 1, dirty_.push_back(static_cast<std::uint32_t>(source));
  }

  Synapses* synapses_;
  const Stdp* stdp_ = nullptr;
  const FeedbackCurrent* feedback_ = nullptr;
  std::optional<double> latest_ms_;
  double tick_ms_;
  double active_trace_ = 0;
  bool gated_ = false, trial_commit_ = false;
  float low_, high_;
  double scale_ = 1;
  Decay pre_decay_;
  Tick lag_ = 0;
  Tick gate_ = kNever;
  std::vector<Row> rows_;
  std::vector<float> pending_;        ///< changes not yet committed, one a synapse; empty if changes are immediate
  std::vector<std::uint32_t> dirty_;  ///< rows with pending changes
  std::vector<std::uint8_t> is_dirty_;
  std::vector<float> mask_;        ///< 1 for neurons that may learn, 0 for the others; empty = all
  std::vector<float> pre_decays_;  ///< `pre_decay_` for few ticks, times 1
  std::vector<std::int64_t> stack_;
  std::vector<std::uint32_t> left_;
  std::uint64_t updates_ = 0;
};

}  // namespace spikeloop::engine
