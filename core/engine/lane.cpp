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

NeuronState Block::load(std::uint32_t j) const {
  NeuronState s;
  s.v = v[j];
  if (dynamics.synaptic) s.excitatory = excitatory[j], s.inhibitory = inhibitory[j];
  if (!apical.empty()) s.apical = apical[j];
  if (!modulator.empty()) s.modulator = modulator[j];
  if (dynamics.adaptive) s.adaptation = adaptation[j];
  s.last = last[j], s.hold = hold[j];
  return s;
}

void Block::store(std::uint32_t j, const NeuronState& s) {
  v[j] = s.v;
  if (dynamics.synaptic) excitatory[j] = s.excitatory, inhibitory[j] = s.inhibitory;
  if (!apical.empty()) apical[j] = s.apical;
  if (!modulator.empty()) modulator[j] = s.modulator;
  if (dynamics.adaptive) adaptation[j] = s.adaptation;
  last[j] = s.last, hold[j] = s.hold;
}

void Block::touch(std::uint32_t j) {
  if (marked[j]) return;
  marked[j] = 1;
  touched.push_back(j);
}

Tick Lane::next(Tick now) const {
  if (!drives_.empty()) return now;
  Tick next = std::min(arrivals_.next(now), visits_.next(now));
  for (const Block& b : blocks_)
    if (b.watched_gate && !b.gate_seen && b.gate < next) next = std::max(b.gate, now);
  return next;
}

void Lane::run(Tick from, Tick until) {
  for (Tick t = next(from); t < until; t = next(t + 1)) tick(t);
}

void Lane::tick(Tick t) {
  now_ = t;
  learning_.clear();
  draw_drives(t);
  arrivals_.take(t, due_);
  for (const Arrival& arrival : due_) deliver(arrival);
  visits_.take(t, due_visits_);
  for (const Visit& visit : due_visits_) {
    Block& b = blocks_[visit.population];
    if (b.check[visit.neuron] == t) b.touch(visit.neuron);
  }
  const std::size_t first = spikes_.size();
  for (std::uint32_t p = 0; p < blocks_.size(); ++p)
    if (blocks_[p].used && (blocks_[p].all_touched || !blocks_[p].touched.empty())) update(p, t);
  learn(t);
  bool trim = false;
  for (std::size_t k = first; k < spikes_.size(); ++k) {  // after depression: it sees only earlier post spikes
    Block& b = blocks_[spikes_[k].population];
    const std::uint32_t j = spikes_[k].neuron - b.slice.begin;
    for (Trace& trace : b.traces) trace.spike(j, t);
    if (b.log) b.log->add(j, t), trim |= b.log->posts.size() >= kLongestLog;
  }
  if (trim) flush();
}

void Lane::draw_drives(Tick t) {
  for (const std::uint32_t k : drives_) {
    ProjectionState& p = projections_[k];
    if (t < p.synapses.delay) continue;
    Block& b = blocks_[p.target];
    const Slice slice = b.slice;
    const float* weights = p.synapses.weights.empty() ? nullptr : p.synapses.weights.data();
    float* sum = accumulator(b, p.port, p.synapses.weight).data();
    std::uint64_t events = 0;
    for (std::uint32_t group = slice.begin / 4; group * 4 < slice.end; ++group) {  // a slice begins at a multiple of 64
      std::uint32_t counts[4];
      p.poisson.draw(trial_, t - p.synapses.delay, group, counts);
      const std::uint32_t j = group * 4 - slice.begin, n = std::min(4u, slice.end - group * 4);
      for (std::uint32_t i = 0; i < n; ++i) {
        if (weights) accumulator(b, p.port, weights[j + i])[j + i] += weights[j + i] * static_cast<float>(counts[i]);
        else sum[j + i] += p.synapses.weight * static_cast<float>(counts[i]);
        events += counts[i];
      }
    }
    b.all_touched = true;
    counts_.projections[k].synaptic_events += events;
    if (p.counts_spikes) counts_.populations[p.source].spikes += events;  // as they arrive, not as they are emitted
  }
}

std::vector<float>& Lane::accumulator(Block& b, Port port, float weight) {
  if (port == Port::kApical) return b.apical_in;
  if (port == Port::kModulator) return b.modulator_in;
  return b.dynamics.synaptic && weight < 0 ? b.basal_inhibitory : b.basal;
}

void Lane::deliver(const Arrival& arrival) {
  ProjectionState& p = projections_[arrival.projection];
  if (p.current) return deliver_current(p, arrival.segment);
  if (p.plasticity) {
    if (p.plasticity->is_stdp()) p.plasticity->replay(arrival.segment, post_of(p, -1));
    learning_.push_back(arrival);
  }
  Block& b = blocks_[p.target];
  const Synapses& s = p.synapses;
  const std::uint64_t begin = s.segment_begin(arrival.segment), end = s.segment_end(arrival.segment);
  counts_.projections[arrival.projection].synaptic_events += end - begin;
  const float* w = s.weights.empty() ? nullptr : s.weights.data() + begin;
  const std::uint64_t n = end - begin;
  const bool by_sign = b.dynamics.synaptic && p.port == Port::kBasal && w;  // excitatory and inhibitory currents decay differently
  if (by_sign) {
    float *excitatory = b.basal.data(), *inhibitory = b.basal_inhibitory.data();
    b.all_touched |= s.dense;
    for (std::uint64_t i = 0; i < n; ++i) {
      const std::uint64_t j = s.dense ? i : s.targets[begin + i];
      (w[i] < 0 ? inhibitory : excitatory)[j] += w[i];
    }
    if (!b.all_touched)
      for (std::uint64_t i = 0; i < n; ++i) b.touch(s.targets[begin + i]);
    return;
  }
  float* sum = accumulator(b, p.port, s.weight).data();
  if (s.dense) {
    b.all_touched = true;
    if (w)
      for (std::uint64_t i = 0; i < n; ++i) sum[i] += w[i];
    else
      for (std::uint64_t i = 0; i < n; ++i) sum[i] += s.weight;
    return;
  }
  const std::uint32_t* targets = s.targets.data() + begin;
  if (w)
    for (std::uint64_t i = 0; i < n; ++i) sum[targets[i]] += w[i];
  else
    for (std::uint64_t i = 0; i < n; ++i) sum[targets[i]] += s.weight;
  if (!b.all_touched)
    for (std::uint64_t i = 0; i < n; ++i) b.touch(targets[i]);
}

void Lane::deliver_current(ProjectionState& p, std::size_t step) {
  Block& b = blocks_[p.target];
  const double jump = p.current->steps[step].value_mv - (step == 0 ? 0 : p.current->steps[step - 1].value_mv);
  const std::size_t sources = network_->populations()[p.source].size();
  for (std::uint64_t i = 0; i < p.synapses.size(sources); ++i) {
    const std::uint32_t j = p.synapses.dense ? static_cast<std::uint32_t>(i % p.synapses.width) : p.synapses.targets[i];
    const double w = static_cast<double>(p.synapses.weights.empty() ? p.synapses.weight : p.synapses.weights[i]);
    if (p.port == Port::kModulator) {
      b.extra_modulator[j] += w * jump;
      continue;
    }
    // The state up to this tick was driven by the old current; advance before it changes.
    NeuronState s = b.load(j);
    b.dynamics.advance(s, now_, b.extra[j]);
    b.store(j, s);
    b.extra[j] += w * jump;
    if (p.port == Port::kApical) b.extra_apical[j] += w * jump;
    b.check[j] = now_;
    b.touch(j);
  }
}

void Lane::look_again(std::size_t population, Tick now) {
  Block& b = blocks_[population];
  if (!b.used) return;
  for (std::uint32_t j = 0; j < b.slice.size(); ++j) {
    const Tick look = b.dynamics.look_again(b.load(j), b.theta[j], b.extra_of(j));
    b.check[j] = look == kNever ? kNever : std::max(look, now);
    if (look != kNever) visits_.put(b.check[j], {static_cast<std::uint32_t>(population), j});
  }
}

NeuronState Lane::state_at(std::size_t population, std::uint32_t j, Tick t) const {
  const Block& b = blocks_[population];
  NeuronState s = b.load(j);
  if (t > s.last) b.dynamics.advance(s, t, b.extra_of(j));
  return s;
}

Plasticity::Post Lane::post_of(ProjectionState& p, Tick t) {
  Block& b = blocks_[p.target];
  Plasticity::Post post{nullptr, b.log.get(), &b.traces[p.trace]};
  if (t < 0 || !p.plasticity->needs_feedback()) return post;
  if (b.feedback_tick != t) {
    b.feedback.resize(b.slice.size());
    for (std::uint32_t j = 0; j < b.feedback.size(); ++j) {
      double current = b.extra_feedback_of(j);
      if (!b.apical.empty()) current += b.apical[j] * b.dynamics.apical(t - b.last[j]);
      if (!b.modulator.empty()) current += b.modulator[j] * b.dynamics.apical(t - b.last[j]);
      b.feedback[j] = static_cast<float>(current);
    }
    b.feedback_tick = t;
  }
  post.feedback = &b.feedback;
  return post;
}

void Lane::learn(Tick t) {
  for (ProjectionState& p : projections_) {  // gates first: the arrival that opens one is inside it
    if (!p.plasticity) continue;
    const Block& b = blocks_[p.target];
    if (b.gate <= t && !b.gate_seen) p.plasticity->open_gate(b.gate, post_of(p, -1));
  }
  for (Block& b : blocks_)
    if (b.gate <= t) b.gate_seen = true;
  for (const Arrival& arrival : learning_) {
    ProjectionState& p = projections_[arrival.projection];
    p.plasticity->arrive(arrival.segment, t, post_of(p, p.plasticity->scale() == 0 ? -1 : t));
  }
}

void Lane::receive(const TickSpike& spike, Tick now) {
  for (const std::uint32_t k : outgoing_[spike.population]) {
    const Synapses& s = projections_[k].synapses;
    if (s.uniform_delay) {
      if (s.segment_begin(spike.neuron) == s.segment_end(spike.neuron) && !projections_[k].plasticity) continue;
      if (const Tick due = spike.tick + s.delay; due >= now) arrivals_.put(due, {k, spike.neuron});
      continue;
    }
    for (std::uint64_t segment = s.first_segment[spike.neuron]; segment < s.first_segment[spike.neuron + 1]; ++segment)
      if (const Tick due = spike.tick + s.segment_delay[segment]; due >= now) arrivals_.put(due, {k, static_cast<std::uint32_t>(segment)});
  }
}

void Lane::open_gate(std::uint32_t p, Tick t) { blocks_[p].gate = std::min(blocks_[p].gate, t); }

void Lane::set_learning(double rules, double homeostasis) {
  flush();  // what waits was earned at the old rate
  for (ProjectionState& p : projections_)
    if (p.plasticity) p.plasticity->set_scale(rules);
  homeostasis_scale_ = homeostasis;
}

void Lane::flush() {
  for (ProjectionState& p : projections_)
    if (p.plasticity && p.plasticity->is_stdp()) p.plasticity->flush(post_of(p, -1));
  for (Block& b : blocks_)
    if (b.log) b.log->clear();
}

void Lane::commit(Tick now) {
  flush();
  for (ProjectionState& p : projections_)
    if (p.plasticity) p.plasticity->commit();
  for (std::size_t p = 0; p < blocks_.size(); ++p) {
    Block& b = blocks_[p];
    if (b.free_spikes.empty() || homeostasis_scale_ == 0) continue;
    const Homeostasis& h = *network_->populations()[p].homeostasis;
    const double expected = h.target_hz * static_cast<double>(std::min(b.gate, now)) * static_cast<double>(network_->resolution()) * 1e-9;
    for (std::uint32_t j = 0; j < b.slice.size(); ++j) {
      const double moved = b.theta[j] + homeostasis_scale_ * h.rate * (b.free_spikes[j] - expected);
      b.theta[j] = std::max(h.threshold_min_mv, moved);
      b.free_spikes[j] = 0;
    }
    look_again(p, now);
  }
}

Trace* Lane::post_trace(std::size_t k) {
  ProjectionState& p = projections_[k];
  return p.plasticity && blocks_[p.target].used ? &blocks_[p.target].traces[p.trace] : nullptr;
}

void Lane::clear_counts() {
  counts_ = {};
  counts_.populations.resize(blocks_.size());
  counts_.projections.resize(projections_.size());
  for (ProjectionState& p : projections_)
    if (p.plasticity) p.plasticity->clear_updates();
}

const OperationCounts& Lane::counts() {
  for (std::size_t k = 0; k < projections_.size(); ++k)
    if (projections_[k].plasticity) counts_.projections[k].plastic_updates = projections_[k].plasticity->updates();
  return counts_;
}

}  // namespace spikeloop::engine
