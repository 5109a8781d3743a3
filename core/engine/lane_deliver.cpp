// SPDX-License-Identifier: Apache-2.0
// Spikes on their way: into the calendar when they are emitted, into the inputs when they are due.
#include <algorithm>

#include "core/engine/kernels.hpp"
#include "core/engine/lane.hpp"

namespace spikeloop::engine {
namespace {

/// Rows are fetched this many arrivals ahead, the first lines of them; the machine guesses the rest of a long row itself. (Not to be left
/// to a function that might stay one: GCC takes a function that only prefetches for one without effect, and drops its calls.)
constexpr std::size_t kAhead = 6;
constexpr std::uint64_t kLine = 64, kMostLines = 32;

[[gnu::always_inline]] inline void prefetch_lines(const void* p, std::uint64_t bytes) {
  const auto* line = static_cast<const char*>(p);
  const std::uint64_t lines = std::min(bytes / kLine + 1, kMostLines);
  for (std::uint64_t i = 0; i < lines; ++i) __builtin_prefetch(line + i * kLine);
}

}  // namespace

bool Lane::reached_by(std::uint32_t population, std::uint32_t neuron) const {
  return std::any_of(outgoing_[population].begin(), outgoing_[population].end(), [&](std::uint32_t g) {
    return keeps_traces(rows_[g]) || rows_[g].synapses.row_begin(neuron) < rows_[g].synapses.row_end(neuron);
  });
}

/// In two steps: where the segments of a row lie must be there before they can be fetched themselves.
void Lane::fetch_ahead(std::span<const TickSpike> spikes, std::size_t i) const {
  constexpr std::size_t kRows = 8, kSegments = 4;
  if (i + kRows < spikes.size())
    for (const std::uint32_t g : outgoing_[spikes[i + kRows].population]) {
      const Synapses& s = rows_[g].synapses;
      const std::uint32_t neuron = spikes[i + kRows].neuron;
      if (!s.begin.empty()) __builtin_prefetch(&s.begin[neuron]);
      if (!s.first_segment.empty()) __builtin_prefetch(&s.first_segment[neuron]);
      if (!s.parts.empty()) __builtin_prefetch(&s.parts[neuron * rows_[g].group->projections.size()]);
    }
  if (i + kSegments < spikes.size())
    for (const std::uint32_t g : outgoing_[spikes[i + kSegments].population])
      if (const Synapses& s = rows_[g].synapses; !s.first_segment.empty()) {
        const std::uint32_t first = s.first_segment[spikes[i + kSegments].neuron], last = s.first_segment[spikes[i + kSegments].neuron + 1];
        prefetch_lines(s.segments.data() + first, (last - first) * sizeof(Segment));
      }
}

void Lane::receive(const TickSpike& spike, Tick now) {
  for (const std::uint32_t g : outgoing_[spike.population]) {
    const Rows& r = rows_[g];
    const Synapses& s = r.synapses;
    if (s.dense || r.plasticity) {
      if (const Tick due = spike.tick + s.delay; due >= now) arrivals_.put(due, {g, 0, spike.neuron});
      continue;
    }
    std::uint64_t at = s.begin[spike.neuron];
    const std::uint64_t end = s.begin[spike.neuron + 1], all = end - at;
    if (at == end) continue;
    std::uint64_t queued = 0;
    const auto put = [&](Tick delay, std::uint32_t size) {
      if (const Tick due = spike.tick + delay; due >= now) {
        arrivals_.put(due, {g, size, at});
        queued += size;
        if (!s.parts.empty() && queued < at + size - s.begin[spike.neuron])
          count_parts(r, at, size, 1, counts_);  // some were due before: count one by one
      }
      at += size;
    };
    if (s.uniform_delay)
      put(s.delay, static_cast<std::uint32_t>(all));
    else
      for (std::uint32_t k = s.first_segment[spike.neuron]; k < s.first_segment[spike.neuron + 1]; ++k)
        put(s.segments[k].delay, s.segments[k].size);
    const std::size_t parts = r.group->projections.size();
    if (!s.parts.empty() && queued == all)
      for (std::size_t i = 0; i < parts; ++i)
        counts_.projections[r.group->projections[i]].synaptic_events += s.parts[spike.neuron * parts + i];
  }
}

void Lane::touch(std::uint32_t slot) {
  touched_[touches_] = slot;
  touches_ += !marked_[slot];
  marked_[slot] = 1;
}

void Lane::draw_drives(Tick t) {
  for (const std::uint32_t g : drives_) {
    Rows& r = rows_[g];
    if (t < r.synapses.delay) continue;
    Block& b = blocks_[r.target];
    const Synapses& s = r.synapses;
    const std::uint32_t n = b.slice.size();
    float* sum = inputs_.data() + s.base;
    const auto draw = [&](float weight, float* to) { return r.poisson.add(trial_, t - s.delay, b.slice.begin, n, weight, to); };
    std::uint64_t events = 0;
    if (s.weights.empty()) {
      events = draw(s.weight, sum + (s.weight < 0 ? r.inhibitory : 0));
    } else {
      drawn_.assign(n, 0);
      events = draw(1, drawn_.data());
      for (std::uint32_t j = 0; j < n; ++j) sum[j + (s.weights[j] < 0 ? r.inhibitory : 0)] += s.weights[j] * drawn_[j];
    }
    b.all_touched = true;
    counts_.projections[r.group->projections.front()].synaptic_events += events;
    if (r.counts_spikes) counts_.populations[r.source].spikes += events;  // as they arrive, not as they are emitted
    stopwatch_.lap(Phase::kDrive, r.target, events);
  }
}

[[gnu::always_inline]] inline void Lane::prefetch(const Arrival& arrival) const {
  const Rows& r = rows_[arrival.rows];
  const Synapses& s = r.synapses;
  if (s.dense || r.current || s.kernel) return;
  const std::uint64_t at = r.plasticity ? s.row_begin(arrival.at) : arrival.at,
                      size = r.plasticity ? s.row_end(arrival.at) - at : arrival.size;
  if (size == 0) return;
  if (s.wide_targets.empty())
    prefetch_lines(s.targets.data() + at, size * sizeof(std::uint16_t));
  else
    prefetch_lines(s.wide_targets.data() + at, size * sizeof(std::uint32_t));
  if (!s.weights.empty()) prefetch_lines(s.weights.data() + at, size * sizeof(float));
}

void Lane::deliver() {
  for (std::size_t i = 0; i < std::min(kAhead, due_.size()); ++i) prefetch(due_[i]);
  for (std::size_t i = 0; i < due_.size();) {
    if (i + kAhead < due_.size()) prefetch(due_[i + kAhead]);
    const Arrival& arrival = due_[i];
    Rows& r = rows_[arrival.rows];
    if (r.synapses.dense && !r.current) {
      const std::size_t next = deliver_dense(r, i);
      stopwatch_.lap(Phase::kDeliver, r.source, (next - i) * r.synapses.width);
      i = next;
      continue;
    }
    if (r.current)
      deliver_current(r, arrival.at);
    else if (r.plasticity)
      deliver_plastic(r, arrival);
    else
      deliver_rows(r, arrival);
    stopwatch_.lap(Phase::kDeliver, r.source,
                   r.plasticity ? r.synapses.row_end(arrival.at) - r.synapses.row_begin(arrival.at) : arrival.size);
    ++i;
  }
}

template <class Target, class Weight>
void Lane::scatter(const Target* targets, std::uint64_t n, std::uint32_t base, Weight weight) {
  float* sum = inputs_.data() + base;
  std::uint64_t i = 0;
  for (; i + 4 <= n; i += 4) {  // by hand: compilers see a loop of single steps, which is a third slower
    sum[targets[i]] += weight(i), sum[targets[i + 1]] += weight(i + 1);
    sum[targets[i + 2]] += weight(i + 2), sum[targets[i + 3]] += weight(i + 3);
  }
  for (; i < n; ++i) sum[targets[i]] += weight(i);
  if (marking_)
    for (i = 0; i < n; ++i) touch(base + targets[i]);
}

template <class Target, class Weight>
void Lane::scatter_by_sign(const Target* targets, std::uint64_t n, const Rows& r, Weight weight) {
  float* sum = inputs_.data() + r.synapses.base;
  for (std::uint64_t i = 0; i < n; ++i) {
    const float w = weight(i);
    sum[targets[i] + (w < 0 ? r.inhibitory : 0)] += w;
    if (marking_) touch(r.synapses.base + targets[i]);
  }
}

void Lane::deliver_rows(const Rows& r, const Arrival& arrival) {
  const Synapses& s = r.synapses;
  if (s.parts.empty()) counts_.projections[r.group->projections.front()].synaptic_events += arrival.size;
  if (s.kernel) return deliver_kernel(s, arrival.at);
  s.with_targets(arrival.at, [&](const auto* targets) {
    if (s.weights.empty())
      scatter(targets, arrival.size, s.base, [w = s.weight](std::uint64_t) { return w; });
    else
      scatter(targets, arrival.size, s.base, [w = s.weights.data() + arrival.at](std::uint64_t i) { return w[i]; });
  });
}

void Lane::deliver_kernel(const Synapses& s, std::uint64_t at) {
  float* sum = inputs_.data() + s.base;
  s.kernel->for_each(s.source_of(at), [&](std::uint32_t target, float w) {
    const std::uint32_t slot = target + (w < 0 ? s.inhibitory : 0);
    sum[slot] += w;
    if (marking_) touch(s.base + slot);
  });
}

void Lane::deliver_plastic(Rows& r, const Arrival& arrival) {
  const Synapses& s = r.synapses;
  const std::uint64_t begin = s.row_begin(arrival.at), n = s.row_end(arrival.at) - begin;
  if (r.plasticity->is_stdp()) {
    r.plasticity->replay(arrival.at, now_, post_of(r, -1));
    stopwatch_.lap(Phase::kPlasticity, r.source, n);
  }
  learning_.push_back(arrival);
  counts_.projections[r.group->projections.front()].synaptic_events += n;
  const auto weight = [w = s.weights.data() + begin](std::uint64_t i) { return w[i]; };
  s.with_targets(begin, [&](const auto* targets) {
    if (r.inhibitory != 0)
      scatter_by_sign(targets, n, r, weight);
    else
      scatter(targets, n, s.base, weight);
  });
}

/// All arrivals from number `first` on that are of the same rows, in one pass over the inputs; returns the first that is not.
std::size_t Lane::deliver_dense(Rows& r, std::size_t first) {
  const Synapses& s = r.synapses;
  std::size_t end = first;
  batch_.clear();
  for (; end < due_.size() && due_[end].rows == due_[first].rows; ++end) {
    if (r.plasticity) learning_.push_back(due_[end]);
    if (r.plasticity && r.plasticity->is_stdp()) r.plasticity->replay(due_[end].at, now_, post_of(r, -1));
    if (!s.weights.empty()) batch_.push_back(s.weights.data() + s.row_begin(due_[end].at));
  }
  if (r.plasticity) stopwatch_.lap(Phase::kPlasticity, r.source, (end - first) * s.width);
  blocks_[r.target].all_touched = true;
  counts_.projections[r.group->projections.front()].synaptic_events += (end - first) * s.width;
  float* sum = inputs_.data() + s.base;
  if (s.weights.empty()) {
    if (s.weight < 0) sum += r.inhibitory;
    for (std::size_t k = first; k < end; ++k)
      for (std::uint32_t j = 0; j < s.width; ++j) sum[j] += s.weight;
  } else if (r.inhibitory == 0) {
    add_rows(sum, batch_.data(), batch_.size(), s.width);
  } else {
    for (const float* w : batch_)
      for (std::uint32_t j = 0; j < s.width; ++j) sum[j + (w[j] < 0 ? r.inhibitory : 0)] += w[j];
  }
  return end;
}

void Lane::deliver_current(Rows& r, std::size_t step) {
  Block& b = blocks_[r.target];
  const Synapses& s = r.synapses;
  const double jump = r.current->steps[step].value_mv - (step == 0 ? 0 : r.current->steps[step - 1].value_mv);
  if (b.swept && r.port != Port::kModulator) {  // what came before at this tick was not marked
    leave_sweep(r.target);
    b.all_touched = true;
  }
  for (std::uint64_t i = 0; i < s.size(); ++i) {
    const std::uint32_t j = s.dense ? static_cast<std::uint32_t>(i % s.width) : s.target(i);
    const double w = static_cast<double>(s.weight_of(i));
    if (r.port == Port::kModulator) {
      b.extra_modulator[j] += w * jump;
      continue;
    }
    // The state up to this tick was driven by the old current; advance before it changes.
    NeuronState state = b.load(j);
    b.dynamics_of(j).advance(state, now_, b.extra[j]);
    b.store(j, state);
    b.extra[j] += w * jump;
    if (r.port == Port::kApical) b.extra_apical[j] += w * jump;
    b.check[j] = now_;
    touch(b, j);
  }
}

}  // namespace spikeloop::engine
