// SPDX-License-Identifier: Apache-2.0
#include "core/engine/plasticity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace spikeloop::engine {

namespace {

constexpr Tick kDecays = 1024;  ///< ticks for which potentiation has its decay at hand

}  // namespace

void Trace::clear() {
  std::fill(value.begin(), value.end(), 0.0);
  std::fill(last.begin(), last.end(), Tick{0});
  cached = -1;
}

void Trace::spike(std::uint32_t neuron, Tick tick) {
  value[neuron] = at(neuron, tick) + 1;
  last[neuron] = tick;
}

const std::vector<float>& Trace::all_at(Tick tick) {
  if (cached == tick) return at_tick;
  at_tick.resize(value.size());
  for (std::uint32_t j = 0; j < value.size(); ++j) at_tick[j] = static_cast<float>(at(j, tick));
  cached = tick;
  return at_tick;
}

PostLog::PostLog(std::size_t neurons) : newest(neurons, -1) { reset(); }

void PostLog::add(std::uint32_t neuron, Tick tick) {
  refresh(tick);
  posts.push_back({tick, neuron, newest[neuron]});
  newest[neuron] = static_cast<std::int64_t>(posts.size()) - 1;
  for (int k = 0; k + 1 < Potentiation::kRecent; ++k) recent[k][neuron] = recent[k + 1][neuron];
  recent[Potentiation::kRecent - 1][neuron] = static_cast<std::int32_t>(tick);
}

void PostLog::clear() {
  for (const Post& post : posts) newest[post.neuron] = -1;
  posts.clear();
}

void PostLog::reset() {
  clear();
  for (auto& ticks : recent) ticks.assign(newest.size(), static_cast<std::int32_t>(-2 * kFresh));
  fresh = kFresh;
}

void PostLog::refresh(Tick tick) {
  if (tick < fresh) return;
  const bool all = tick - fresh > 2 * kFresh;  // every spike was before `fresh`, but 32 bits may no longer tell
  for (auto& ticks : recent)
    for (std::int32_t& t : ticks) {  // what is long ago stays long ago, instead of coming round
      const Tick ago = static_cast<std::int32_t>(static_cast<std::uint32_t>(tick) - static_cast<std::uint32_t>(t));
      if (all || ago < 0 || ago > 2 * kFresh) t = static_cast<std::int32_t>(tick - 2 * kFresh);
    }
  fresh = tick + kFresh;
}

Plasticity::Plasticity(const Rule& rule, Synapses& synapses, std::size_t sources, Time resolution)
    : synapses_(&synapses), tick_ms_(to_ms(resolution)) {
  if (const auto* s = std::get_if<Stdp>(&rule.kind)) stdp_ = s;
  if (const auto* s = std::get_if<StdpFeedback>(&rule.kind))
    stdp_ = s, gated_ = true, active_trace_ = s->active_trace, latest_ms_ = s->latest_ms;
  if (const auto* f = std::get_if<FeedbackCurrent>(&rule.kind)) feedback_ = f, gated_ = true, active_trace_ = f->active_trace;
  trial_commit_ = rule.commit == Commit::kTrial;
  low_ = static_cast<float>(rule.weight_min.value_or(-std::numeric_limits<float>::infinity()));
  high_ = static_cast<float>(rule.weight_max.value_or(std::numeric_limits<float>::infinity()));
  if (stdp_) {
    pre_decay_ = Decay(stdp_->tau_plus_ms, resolution);
    lag_ = static_cast<Tick>(std::llround(stdp_->lag_ms / tick_ms_));
    rows_.resize(sources);
    for (Tick n = 0; n < kDecays; ++n) pre_decays_.push_back(static_cast<float>(pre_decay_(n)));
  }
  if (trial_commit_) pending_.assign(synapses.weights.size(), 0.0f), is_dirty_.assign(sources, 0);
}

double Plasticity::trace_tau_ms() const { return stdp_ ? stdp_->tau_minus_ms : feedback_->tau_trace_ms; }

void Plasticity::reset() {
  gate_ = kNever;
  mask_.clear();
  for (Row& row : rows_) row.x = 0, row.x_tick = 0, row.seen = 0, row.waiting.clear();
}

void Plasticity::open_gate(Tick tick, const Post& post) {
  if (latest_ms_ && static_cast<double>(tick) * tick_ms_ > *latest_ms_) return;
  gate_ = tick;
  if (!needs_gate_mask()) return;
  const std::vector<float>& x = post.trace->all_at(tick);
  mask_.resize(x.size());
  for (std::size_t j = 0; j < x.size(); ++j) mask_[j] = x[j] >= static_cast<float>(active_trace_) ? 1.0f : 0.0f;
}

/// Pre trace as potentiation at `tick` sees it: arrivals count from `lag` after they came.
double Plasticity::pre_at(const Row& row, Tick tick) const {
  double x = tick >= row.x_tick ? row.x * pre_decay_(tick - row.x_tick) : 0;
  for (const Tick arrival : row.waiting)
    if (arrival + lag_ <= tick) x += pre_decay_(tick - arrival - lag_);
  return x;
}

/// What one post spike adds; rounded in the same way whether spikes are treated one by one or side by side.
float Plasticity::potentiation_at(const Row& row, float amplitude, Tick tick) const {
  if (!row.waiting.empty() || lag_ > 0) return static_cast<float>(scale_ * stdp_->a_plus * pre_at(row, tick));
  return amplitude * static_cast<float>(pre_decay_(tick - row.x_tick));
}

void Plasticity::change(std::uint64_t synapse, float dw) {
  float& to = trial_commit_ ? pending_[synapse] : synapses_->weights[synapse];
  to += dw;
  if (!trial_commit_) to = std::min(std::max(to, low_), high_);
  ++updates_;
}

void Plasticity::replay(std::size_t source, Tick tick, const Post& post) {
  if (!stdp_) return;
  Row& row = rows_[source];
  PostLog& log = *post.log;
  const Tick first = gated_ ? std::max(row.seen, gate_) : row.seen;
  row.seen = tick;  // also while nothing is learned: those post spikes must never count
  if (scale_ == 0 || log.posts.empty() || log.posts.back().tick < first || (row.x == 0 && row.waiting.empty())) return;
  mark_dirty(source);
  const std::uint64_t begin = synapses_->row_begin(source);
  if (synapses_->dense) {
    const auto unseen = std::partition_point(log.posts.begin(), log.posts.end(), [&](const PostLog::Post& p) { return p.tick < first; });
    const auto amplitude = static_cast<float>(scale_ * stdp_->a_plus * row.x);
    for (auto p = unseen; p != log.posts.end(); ++p)
      if (mask_.empty() || mask_[p->neuron] != 0) change(begin + p->neuron, potentiation_at(row, amplitude, p->tick));
    return;
  }
  if (replay_many(row, source, first, tick, log)) return;
  for (std::uint64_t synapse = begin; synapse < synapses_->row_end(source); ++synapse)
    if (const std::uint32_t neuron = synapses_->target(synapse); mask_.empty() || mask_[neuron] != 0)
      replay_one(row, synapse, neuron, first, log);
}

/// The post spikes of one neuron from tick `first` on, oldest first.
void Plasticity::replay_one(const Row& row, std::uint64_t synapse, std::uint32_t neuron, Tick first, const PostLog& log) {
  stack_.clear();
  for (std::int64_t k = log.newest[neuron]; k >= 0 && log.posts[static_cast<std::size_t>(k)].tick >= first;
       k = log.posts[static_cast<std::size_t>(k)].previous)
    stack_.push_back(k);
  const auto amplitude = static_cast<float>(scale_ * stdp_->a_plus * row.x);
  for (auto k = stack_.rbegin(); k != stack_.rend(); ++k)
    change(synapse, potentiation_at(row, amplitude, log.posts[static_cast<std::size_t>(*k)].tick));
}

/// The whole row side by side; false if this row, or this rule, needs more than that.
bool Plasticity::replay_many(const Row& row, std::size_t source, Tick first, Tick tick, PostLog& log) {
  if (lag_ > 0 || !row.waiting.empty() || !mask_.empty() || !synapses_->wide_targets.empty() || tick - first >= PostLog::kFresh ||
      tick - row.x_tick >= PostLog::kFresh)
    return false;
  log.refresh(tick);
  const std::uint64_t begin = synapses_->row_begin(source);
  Potentiation p;
  p.targets = synapses_->targets.data() + begin;
  p.synapses = synapses_->row_end(source) - begin;
  for (int k = 0; k < Potentiation::kRecent; ++k) p.recent[k] = log.recent[k].data();
  p.first = static_cast<std::int32_t>(first), p.pre = static_cast<std::int32_t>(row.x_tick);
  p.decay = pre_decays_.data(), p.decays = static_cast<std::int32_t>(kDecays);
  p.amplitude = static_cast<float>(scale_ * stdp_->a_plus * row.x);
  p.low = trial_commit_ ? -std::numeric_limits<float>::infinity() : low_,
  p.high = trial_commit_ ? std::numeric_limits<float>::infinity() : high_;
  p.to = (trial_commit_ ? pending_.data() : synapses_->weights.data()) + begin;
  left_.clear();
  updates_ += potentiate(p, left_);
  for (const std::uint32_t i : left_) replay_one(row, begin + i, p.targets[i], first, log);
  return true;
}

void Plasticity::arrive(std::size_t source, Tick tick, const Post& post) {
  const std::uint64_t begin = synapses_->row_begin(source), end = synapses_->row_end(source);
  if (learns_at(tick)) {
    mark_dirty(source);
    float* weights = synapses_->weights.data() + begin;
    float* to = trial_commit_ ? pending_.data() + begin : weights;
    const std::uint64_t n = end - begin;
    const auto each = [&](auto&& dw) {
      const auto change_all = [&](auto target) {
        for (std::uint64_t i = 0; i < n; ++i) {
          const std::uint64_t j = target(i);
          to[i] += mask_.empty() ? dw(i, j) : mask_[j] * dw(i, j);
        }
      };
      if (synapses_->dense)
        change_all([](std::uint64_t i) { return i; });
      else
        synapses_->with_targets(begin,
                                [&](const auto* targets) { change_all([targets](std::uint64_t i) { return std::uint64_t{targets[i]}; }); });
      if (!trial_commit_)
        for (std::uint64_t i = 0; i < n; ++i) to[i] = std::clamp(to[i], low_, high_);
    };
    if (feedback_) {
      const float eta = static_cast<float>(scale_ * feedback_->eta);
      const float* current = post.feedback->data();
      if (const float decay = static_cast<float>(std::abs(scale_ * feedback_->eta) * feedback_->decay); decay == 0)
        each([&](std::uint64_t, std::uint64_t j) { return eta * current[j]; });
      else
        each([&](std::uint64_t i, std::uint64_t j) { return eta * current[j] - decay * weights[i]; });
    } else {
      const float a = static_cast<float>(scale_ * stdp_->a_minus), excess = static_cast<float>(stdp_->ltd_excess);
      const float decay = static_cast<float>(scale_ * stdp_->decay);
      const float* x = post.trace->all_at(tick).data();
      each([&](std::uint64_t i, std::uint64_t j) { return -(a * (1.0f + excess * x[j]) + decay * weights[i]) * x[j]; });
    }
    updates_ += n;
  }
  if (!stdp_) return;
  Row& row = rows_[source];
  row.waiting.push_back(tick);
  while (!row.waiting.empty() && row.waiting.front() + lag_ <= tick) {
    const Tick matured = row.waiting.front() + lag_;
    row.x = (row.x == 0 ? 0 : row.x * pre_decay_(matured - row.x_tick)) + 1;
    row.x_tick = matured;
    row.waiting.erase(row.waiting.begin());
  }
}

void Plasticity::flush(Tick now, const Post& post) {
  for (std::size_t source = 0; source < rows_.size(); ++source) replay(source, now, post);
}

void Plasticity::commit() {
  for (const std::uint32_t source : dirty_) {
    is_dirty_[source] = 0;
    for (std::uint64_t i = synapses_->row_begin(source); i < synapses_->row_end(source); ++i) {
      if (pending_[i] == 0) continue;  // also to the bounds: which rows are dirty depends on how the network was cut
      synapses_->weights[i] = std::clamp(synapses_->weights[i] + pending_[i], low_, high_);
      pending_[i] = 0;
    }
  }
  dirty_.clear();
}

Changes::Rows Plasticity::take_changes() {
  Changes::Rows changes;
  changes.sources = std::move(dirty_);
  dirty_.clear();
  for (const std::uint32_t source : changes.sources) {
    is_dirty_[source] = 0;
    const auto begin = pending_.begin() + static_cast<std::ptrdiff_t>(synapses_->row_begin(source)),
               end = pending_.begin() + static_cast<std::ptrdiff_t>(synapses_->row_end(source));
    changes.values.insert(changes.values.end(), begin, end);
    std::fill(begin, end, 0.0f);
  }
  return changes;
}

void Plasticity::add_changes(const Changes::Rows& changes) {
  auto value = changes.values.begin();
  for (const std::uint32_t source : changes.sources) {
    mark_dirty(source);
    for (std::uint64_t i = synapses_->row_begin(source); i < synapses_->row_end(source); ++i) pending_[i] += *value++;
  }
}

void Plasticity::touch_all() {
  if (!trial_commit_) return;
  dirty_.resize(is_dirty_.size());
  for (std::uint32_t s = 0; s < is_dirty_.size(); ++s) is_dirty_[s] = 1, dirty_[s] = s;
}

double Plasticity::pre_trace(std::size_t source, Tick tick) const { return rows_.empty() ? 0 : pre_at(rows_[source], tick); }

}  // namespace spikeloop::engine
