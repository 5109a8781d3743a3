// SPDX-License-Identifier: Apache-2.0
// The state of an engine as bytes. Everything is stored per neuron and synapse of the whole network, so that a state saved with one number
// of threads can be restored with another.
#include <algorithm>

#include "core/bytes.hpp"
#include "core/engine/engine.hpp"

namespace spikeloop::engine {
namespace {

constexpr std::uint64_t kMagic = 0x33305350494b45ull;  // changes with the layout

/// What a checkpoint keeps of every neuron, as pointers into a block. Empty arrays are skipped on both sides.
template <class F>
void for_each_array(Block& b, F&& f) {
  for (auto* x : {&b.v, &b.excitatory, &b.inhibitory, &b.apical, &b.modulator, &b.adaptation, &b.theta, &b.extra, &b.extra_apical,
                  &b.extra_modulator})
    f(*x);
  for (auto* x : {&b.last, &b.hold, &b.check}) f(*x);
  f(b.free_spikes);
  for (Trace& t : b.traces) f(t.value), f(t.last);
}

}  // namespace

/// Saves and restores an engine; a friend, so that the engine's own file is not about bytes.
class Checkpoint {
 public:
  static State save(const Engine& e) {
    StateWriter w;
    w.put(kMagic);
    w.put(e.network_->fingerprint());
    w.put(e.network_->seed());
    w.put(e.now_), w.put(e.trial_), w.put(e.rules_), w.put(e.homeostasis_);
    w.put_all(e.in_flight());
    w.put_all(e.sources_.ahead(e.now_));
    for (const auto& window : e.modes_->windows()) w.put(window.index), w.put_all(window.touched);
    for (const Bursts& bursts : e.modes_->bursts()) w.put_all(bursts.from(e.now_ - Bursts::kSpan));
    for (const auto& lane : e.lanes_) lane->flush(), lane->settle();
    for (std::size_t p = 0; p < e.network_->populations().size(); ++p) save_population(e, p, w);
    for (std::size_t k = 0; k < e.network_->projections().size(); ++k) save_projection(e, k, w);
    w.put(hash_bytes(kHashStart, w.bytes.data(), w.bytes.size()));
    return std::move(w.bytes);
  }

  /// Refuses before it changes anything: what passes here was written by `save` for this network.
  static void restore(Engine& e, const State& state) {
    StateReader r(state);
    if (r.get<std::uint64_t>() != kMagic)
      throw DescriptionError("the saved state has another format; it was written by another version of the program");
    if (r.get<std::uint64_t>() != e.network_->fingerprint()) throw DescriptionError("the saved state belongs to another network");
    if (r.get<std::uint64_t>() != e.network_->seed()) throw DescriptionError("the saved state belongs to another seed of this network");
    r.check_sum();
    read(e, r);
  }

 private:
  static void read(Engine& e, StateReader& r) {
    const auto now = r.get<Tick>();
    const auto trial = r.get<std::uint64_t>();
    const auto rules = r.get<double>(), homeostasis = r.get<double>();
    e.reset(trial);
    e.set_learning(rules, homeostasis);
    e.now_ = now;
    e.in_flight_ = r.get_all<TickSpike>();
    const auto ahead = r.get_all<TickSpike>();
    for (auto& window : e.modes_->windows()) window.index = r.get<Tick>(), window.touched = r.get_all<double>();
    for (Bursts& bursts : e.modes_->bursts())
      for (const Tick tick : r.get_all<Tick>()) bursts.add(tick);
    for (std::size_t p = 0; p < e.network_->populations().size(); ++p) restore_population(e, p, r);
    for (std::size_t k = 0; k < e.network_->projections().size(); ++k) restore_projection(e, k, r);
    if (r.left() != 0) throw BugError("a saved state is not read to its end");
    e.sources_.restore(trial, now);
    for (const TickSpike& s : ahead) e.sources_.add(s);
    e.clear_counts();
    for (const auto& lane : e.lanes_) {
      lane->resume(trial, now);
      for (const TickSpike& s : e.in_flight_) lane->receive(s, now);
    }
  }

  static void save_population(const Engine& e, std::size_t p, StateWriter& w) {
    const Block& first = e.lanes_.front()->block(p);
    w.put(first.gate), w.put_flag(first.gate_seen);
    const std::size_t arrays = count_arrays(e, p);
    for (std::size_t a = 0; a < arrays; ++a)
      for (const auto& lane : e.lanes_)
        nth_array(lane->block(p), a, [&](auto& xs) {
          for (const auto& x : xs) w.put(x);
        });
  }

  static void restore_population(Engine& e, std::size_t p, StateReader& r) {
    const auto gate = r.get<Tick>();
    const auto seen = r.get_flag();
    for (const auto& lane : e.lanes_) lane->block(p).gate = gate, lane->block(p).gate_seen = seen;
    const std::size_t arrays = count_arrays(e, p);
    for (std::size_t a = 0; a < arrays; ++a)
      for (const auto& lane : e.lanes_)
        nth_array(lane->block(p), a, [&](auto& xs) {
          for (auto& x : xs) x = r.get<std::decay_t<decltype(x)>>();
        });
  }

  static std::size_t count_arrays(const Engine& e, std::size_t p) {
    std::size_t n = 0;
    for_each_array(e.lanes_.front()->block(p), [&](auto&) { ++n; });
    return n;
  }

  template <class F>
  static void nth_array(Block& b, std::size_t nth, F&& f) {
    std::size_t i = 0;
    for_each_array(b, [&](auto& xs) {
      if (i++ == nth) f(xs);
    });
  }

  static void save_projection(const Engine& e, std::size_t k, StateWriter& w) {
    bool stored = false, waits = false, masked = false;  // an empty slice has none of these, so every lane is asked
    for (const auto& lane : e.lanes_) {
      stored |= !lane->synapses(k).weights.empty();
      Plasticity* plasticity = lane->plasticity(k);
      waits |= plasticity && !plasticity->pending().empty();
      masked |= plasticity && !plasticity->mask().empty();
    }
    w.put_flag(stored);
    if (stored) w.put_all(e.weights(k));
    if (!e.lanes_.front()->plasticity(k)) return;
    std::vector<float> pending;
    if (waits)
      e.for_each_synapse(
          k, [&](std::size_t l, std::uint64_t i, std::size_t, Tick) { pending.push_back(e.lanes_[l]->plasticity(k)->pending()[i]); });
    w.put_all(pending);
    for (const auto& row : e.lanes_.front()->plasticity(k)->rows()) w.put(row.x), w.put(row.x_tick), w.put_all(row.waiting);
    w.put(e.lanes_.front()->plasticity(k)->gate());
    w.put_flag(masked);
    if (masked)
      for (const auto& lane : e.lanes_)
        for (const float m : lane->plasticity(k)->mask()) w.put(m);
  }

  static void restore_projection(Engine& e, std::size_t k, StateReader& r) {
    if (r.get_flag())
      e.set_weights(k, r.get_all<float>());
    else if (!e.lanes_.front()->synapses(k).weights.empty())
      e.set_weights(k, std::vector<float>(e.weights(k).size(), e.lanes_.front()->synapses(k).weight));  // all alike, as described
    if (!e.lanes_.front()->plasticity(k)) return;
    const auto pending = r.get_all<float>();
    std::size_t at = 0;
    if (!pending.empty())
      e.for_each_synapse(k, [&](std::size_t l, std::uint64_t i, std::size_t, Tick) {
        if (at < pending.size()) e.lanes_[l]->plasticity(k)->pending()[i] = pending[at++];
      });
    for (std::size_t row = 0; row < e.lanes_.front()->plasticity(k)->rows().size(); ++row) {
      Plasticity::Row saved;
      saved.x = r.get<double>(), saved.x_tick = r.get<Tick>(), saved.waiting = r.get_all<Tick>();
      for (const auto& lane : e.lanes_) lane->plasticity(k)->rows()[row] = saved;
    }
    const auto gate = r.get<Tick>();
    const auto masked = r.get_flag();
    const std::size_t target = e.network_->population_index(e.network_->projections()[k].target);
    for (const auto& lane : e.lanes_) {
      Plasticity& plasticity = *lane->plasticity(k);
      plasticity.gate() = gate;
      if (masked) plasticity.mask().resize(lane->block(target).slice.size());
      for (float& m : plasticity.mask()) m = r.get<float>();
      plasticity.touch_all();
    }
  }
};

State Engine::save() const { return Checkpoint::save(*this); }
void Engine::restore(const State& state) { Checkpoint::restore(*this, state); }

}  // namespace spikeloop::engine
