// SPDX-License-Identifier: Apache-2.0
#include "core/engine/lane.hpp"

#include <algorithm>
#include <cmath>

#include "core/errors.hpp"

namespace spikeloop::engine {
namespace {

/// A log of post spikes that is this long is replayed to every row, so that a run without commits does not fill the memory.
constexpr std::size_t kLongestLog = std::size_t{1} << 20;

}  // namespace

Tick Lane::next(Tick now) const {
  if (!drives_.empty() || sweeping_ > 0) return now;
  Tick next = std::min(arrivals_.next(now), visits_.next(now));
  for (const std::uint32_t p : used_)
    if (const Block& b = blocks_[p]; b.watched_gate && !b.gate_seen && b.gate < next) next = std::max(b.gate, now);
  return next;
}

void Lane::run(Tick from, Tick until) {
  Tick swept = next_sweep(from);
  for (Tick t = std::min(swept, next(from)); t < until;) {
    tick(t);
    ++t;
    if (sweeping_ > 0) continue;
    if (swept < t) swept = next_sweep(t);
    t = std::min(swept, next(t));
  }
}

void Lane::tick(Tick t) {
  now_ = t;
  learning_.clear();
  stopwatch_.begin();
  choose_modes(t);
  draw_drives(t);
  arrivals_.take(t, due_);
  deliver();
  visits_.take(t, due_visits_);
  for (const Visit& v : due_visits_) visit(v, t);
  const std::size_t first = spikes_.size();
  update(t);
  learn(t);
  log_spikes(first, t);
  if (!plastic_.empty()) stopwatch_.lap_of_none(Phase::kPlasticity, spikes_.size() - first);
}

/// After depression: it sees only earlier post spikes.
void Lane::log_spikes(std::size_t first, Tick t) {
  bool trim = false;
  for (std::size_t k = first; k < spikes_.size(); ++k) {
    Block& b = blocks_[spikes_[k].population];
    const std::uint32_t j = spikes_[k].neuron - b.slice.begin;
    for (Trace& trace : b.traces) trace.spike(j, t);
    if (b.log) b.log->add(j, t), trim |= b.log->posts.size() >= kLongestLog;
  }
  if (trim) flush();
}

NeuronState Lane::state_at(std::size_t population, std::uint32_t j, Tick t) const {
  const Block& b = blocks_[population];
  NeuronState s = b.load(j);
  if (t > s.last) b.dynamics_of(j).advance(s, t, b.extra_of(j));
  return s;
}

Plasticity::Post Lane::post_of(Rows& r, Tick t) {
  Block& b = blocks_[r.target];
  Plasticity::Post post{nullptr, b.log.get(), &b.traces[r.trace]};
  if (t < 0 || !r.plasticity->needs_feedback()) return post;
  if (b.feedback_tick != t) {
    b.feedback.resize(b.slice.size());
    for (std::uint32_t j = 0; j < b.feedback.size(); ++j) {
      double current = b.extra_feedback_of(j);
      if (!b.apical.empty()) current += b.apical[j] * b.dynamics_of(j).apical(t - b.last_of(j));
      if (!b.modulator.empty()) current += b.modulator[j] * b.dynamics_of(j).apical(t - b.last_of(j));
      b.feedback[j] = static_cast<float>(current);
    }
    b.feedback_tick = t;
  }
  post.feedback = &b.feedback;
  return post;
}

void Lane::learn(Tick t) {
  if (plastic_.empty()) return;
  for (const std::uint32_t g : plastic_) {  // gates first: the arrival that opens one is inside it
    Rows& r = rows_[g];
    const Block& b = blocks_[r.target];
    if (b.gate <= t && !b.gate_seen) r.plasticity->open_gate(b.gate, post_of(r, -1));
  }
  for (Block& b : blocks_)
    if (b.gate <= t) b.gate_seen = true;
  for (const Arrival& arrival : learning_) {
    Rows& r = rows_[arrival.rows];
    r.plasticity->arrive(arrival.at, t, post_of(r, r.plasticity->learns_at(t) ? t : -1));
    stopwatch_.lap(Phase::kPlasticity, r.source, r.synapses.row_end(arrival.at) - r.synapses.row_begin(arrival.at));
  }
}

void Lane::open_gate(std::uint32_t p, Tick t) { blocks_[p].gate = std::min(blocks_[p].gate, t); }

/// Neurons that differ are updated one by one: a sweep has one set of constants for all.
void Lane::set_neurons(std::size_t population, std::span<const NeuronModel> models, Tick now) {
  constexpr std::size_t kFew = 64;  // ticks that most intervals between updates are shorter than; there is a table a neuron
  settle();
  window_begin_ = window_end_ = 0;
  Block& b = blocks_[population];
  b.own.clear();
  for (std::uint32_t j = 0; j < b.slice.size() && !models.empty(); ++j)
    b.own.emplace_back(models[j + b.slice.begin], network_->resolution(), kFew);
  b.plain = b.is_plain();
  look_again(population, now);
}

void Lane::look_again(std::size_t population, Tick now) {
  Block& b = blocks_[population];
  b.compare_thresholds();
  if (!b.used || b.swept) return;
  for (std::uint32_t j = 0; j < b.slice.size(); ++j) {
    const Tick look = b.dynamics_of(j).look_again(b.load(j), b.theta[j], b.extra_of(j));
    b.check[j] = look == kNever ? kNever : std::max(look, now);
    plan_visit(static_cast<std::uint32_t>(population), j, now);
  }
}

void Lane::set_learning(double rules, double homeostasis) {
  flush();  // what waits was earned at the old rate
  for (const std::uint32_t g : plastic_) rows_[g].plasticity->set_scale(rules);
  homeostasis_scale_ = homeostasis;
}

void Lane::flush() {
  for (const std::uint32_t g : plastic_)
    if (rows_[g].plasticity->is_stdp()) rows_[g].plasticity->flush(now_ + 1, post_of(rows_[g], -1));
  for (Block& b : blocks_)
    if (b.log) b.log->clear();
}

void Lane::commit(Tick now, bool own_trial) {
  flush();
  for (const std::uint32_t g : plastic_) rows_[g].plasticity->commit();
  for (std::size_t p = 0; p < blocks_.size(); ++p) {
    Block& b = blocks_[p];
    if (b.free_spikes.empty()) continue;
    if (own_trial) take_homeostasis(p, now);
    const double least = network_->populations()[p].homeostasis->threshold_min_mv;
    bool moved = false;
    for (std::uint32_t j = 0; j < b.slice.size(); ++j) {
      if (b.theta_changes[j] == 0) continue;
      moved = true;
      b.theta[j] = std::max(least, b.theta[j] + b.theta_changes[j]);
      b.theta_changes[j] = 0;
    }
    if (moved) look_again(p, now);
  }
}

/// What the spikes of the trial do to the thresholds, into `theta_changes`.
void Lane::take_homeostasis(std::size_t population, Tick now) {
  Block& b = blocks_[population];
  if (homeostasis_scale_ == 0) return;
  const Homeostasis& h = *network_->populations()[population].homeostasis;
  const double expected = h.target_hz * static_cast<double>(std::min(b.gate, now)) * static_cast<double>(network_->resolution()) * 1e-9;
  for (std::uint32_t j = 0; j < b.slice.size(); ++j) {
    b.theta_changes[j] += homeostasis_scale_ * h.rate * (b.free_spikes[j] - expected);
    b.free_spikes[j] = 0;
  }
}

void Lane::take_changes(Tick now, Changes& changes) {
  flush();
  for (const std::uint32_t g : plastic_) changes.weights.push_back(rows_[g].plasticity->take_changes());
  for (std::size_t p = 0; p < blocks_.size(); ++p) {
    Block& b = blocks_[p];
    if (b.free_spikes.empty()) continue;
    take_homeostasis(p, now);
    changes.thresholds.push_back(b.theta_changes);
    std::fill(b.theta_changes.begin(), b.theta_changes.end(), 0.0);
    std::fill(b.free_spikes.begin(), b.free_spikes.end(), 0u);
  }
}

void Lane::add_changes(const Changes& changes, std::size_t& weights, std::size_t& thresholds) {
  for (const std::uint32_t g : plastic_) rows_[g].plasticity->add_changes(changes.weights.at(weights++));
  for (Block& b : blocks_) {
    if (b.free_spikes.empty()) continue;
    const std::vector<double>& moved = changes.thresholds.at(thresholds++);
    for (std::size_t j = 0; j < moved.size(); ++j) b.theta_changes[j] += moved[j];
  }
}

Trace* Lane::post_trace(std::size_t k) {
  Rows& r = rows_of(k);
  return r.plasticity && blocks_[r.target].used ? &blocks_[r.target].traces[r.trace] : nullptr;
}

bool Lane::belongs(std::size_t k, std::uint64_t synapse) const {
  const Rows& r = rows_[layout_->group_of[k]];
  if (r.group->projections.size() == 1) return true;
  const Projection& p = network_->projections()[k];
  const Block& b = blocks_[network_->population_index(p.target)];
  const std::uint32_t slot = r.synapses.base + r.synapses.target(synapse);
  if (slot < b.inputs.begin || slot >= b.inputs.end()) return false;
  const std::uint32_t kind = (slot - b.inputs.begin) / b.inputs.stride, wanted = b.kinds.of(p.port);
  return kind == wanted || (p.port == Port::kBasal && kind != 0 && kind == b.kinds.inhibitory);
}

std::uint32_t Lane::target_of(std::size_t k, std::uint64_t synapse) const {
  const Rows& r = rows_[layout_->group_of[k]];
  const Synapses& s = r.synapses;
  if (s.dense) return static_cast<std::uint32_t>(synapse % s.width);
  const Inputs& inputs = blocks_[network_->population_index(network_->projections()[k].target)].inputs;
  return (s.base + s.target(synapse) - inputs.begin) % inputs.stride;
}

void Lane::store_weights(std::size_t k) {
  Synapses& s = rows_of(k).synapses;
  s.unroll(mine_->slots > kNarrowSlots);
  if (s.weights.empty()) s.weights.assign(s.size(), s.weight);
}

/// Merged rows know the slot of each synapse: where it depends on the weight's sign, it moves with it.
void Lane::set_weight(std::size_t k, std::uint64_t synapse, float weight) {
  Rows& r = rows_of(k);
  Synapses& s = r.synapses;
  s.weights[synapse] = weight;
  const Group& g = *r.group;
  if (s.dense || g.plastic || g.drive || g.current || network_->projections()[k].port != Port::kBasal) return;
  const Block& b = blocks_[network_->population_index(network_->projections()[k].target)];
  if (b.kinds.inhibitory == 0) return;
  const std::uint32_t slot = b.inputs.begin + (weight < 0 ? b.kinds.inhibitory * b.inputs.stride : 0) + target_of(k, synapse);
  if (s.wide_targets.empty())
    s.targets[synapse] = static_cast<std::uint16_t>(slot - s.base);
  else
    s.wide_targets[synapse] = slot - s.base;
}

void Lane::clear_counts() {
  counts_ = {};
  counts_.populations.resize(blocks_.size());
  counts_.projections.resize(network_->projections().size());
  for (const std::uint32_t g : plastic_) rows_[g].plasticity->clear_updates();
}

OperationCounts Lane::counts() const {
  OperationCounts counts = counts_;
  uncount(counts);
  for (const std::uint32_t g : plastic_)
    counts.projections[rows_[g].group->projections.front()].plastic_updates = rows_[g].plasticity->updates();
  return counts;
}

/// Takes back what was counted for rows with parts when they were queued, and has not been delivered.
void Lane::uncount(OperationCounts& counts) const {
  arrivals_.for_each([&](const Arrival& a) {
    if (const Rows& r = rows_[a.rows]; !r.synapses.parts.empty()) count_parts(r, a.at, a.size, -1, counts);
  });
}

void Lane::count_parts(const Rows& r, std::uint64_t begin, std::uint64_t size, std::int64_t sign, OperationCounts& counts) const {
  for (std::uint64_t i = begin; i < begin + size; ++i)
    for (const std::uint32_t k : r.group->projections)
      if (belongs(k, i)) counts.projections[k].synaptic_events += static_cast<std::uint64_t>(sign);
}

}  // namespace spikeloop::engine
