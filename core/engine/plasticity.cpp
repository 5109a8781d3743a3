// SPDX-License-Identifier: Apache-2.0
#include "core/engine/plasticity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace spikeloop::engine {

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

void PostLog::add(std::uint32_t neuron, Tick tick) {
  posts.push_back({tick, neuron, newest[neuron]});
  newest[neuron] = static_cast<std::int64_t>(posts.size()) - 1;
}

void PostLog::clear() {
  for (const Post& post : posts) newest[post.neuron] = -1;
  posts.clear();
}

Plasticity::Plasticity(const Rule& rule, Synapses& synapses, std::size_t sources, Time resolution) : synapses_(&synapses), tick_ms_(to_ms(resolution)) {
  if (const auto* s = std::get_if<Stdp>(&rule.kind)) stdp_ = s;
  if (const auto* s = std::get_if<StdpFeedback>(&rule.kind)) stdp_ = s, gated_ = true, active_trace_ = s->active_trace, latest_ms_ = s->latest_ms;
  if (const auto* f = std::get_if<FeedbackCurrent>(&rule.kind)) feedback_ = f, gated_ = true, active_trace_ = f->active_trace;
  trial_commit_ = rule.commit == Commit::kTrial;
  low_ = static_cast<float>(rule.weight_min.value_or(-std::numeric_limits<float>::infinity()));
  high_ = static_cast<float>(rule.weight_max.value_or(std::numeric_limits<float>::infinity()));
  if (stdp_) {
    pre_decay_ = Decay(stdp_->tau_plus_ms, resolution);
    lag_ = static_cast<Tick>(std::llround(stdp_->lag_ms / tick_ms_));
    rows_.resize(sources);
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

void Plasticity::change(std::uint64_t synapse, double dw) {
  float& to = trial_commit_ ? pending_[synapse] : synapses_->weights[synapse];
  to += static_cast<float>(dw);
  if (!trial_commit_) to = std::clamp(to, low_, high_);
  ++updates_;
}

void Plasticity::replay(std::size_t source, const Post& post) {
  if (!stdp_ || scale_ == 0) return;
  Row& row = rows_[source];
  const auto& posts = post.log->posts;
  const std::size_t first = row.seen;
  row.seen = posts.size();
  if (first == posts.size() || (row.x == 0 && row.waiting.empty()) || !open_at(posts.back().tick)) return;
  if (trial_commit_ && !is_dirty_[source]) is_dirty_[source] = 1, dirty_.push_back(static_cast<std::uint32_t>(source));
  const double a = scale_ * stdp_->a_plus;
  const std::uint64_t begin = synapses_->row_begin(source);
  const auto potentiate = [&](std::uint64_t synapse, const PostLog::Post& p) {
    if (open_at(p.tick) && (mask_.empty() || mask_[p.neuron] != 0)) change(synapse, a * pre_at(row, p.tick));
  };
  if (synapses_->dense) {
    for (std::size_t k = first; k < posts.size(); ++k) potentiate(begin + posts[k].neuron, posts[k]);
    return;
  }
  for (std::uint64_t synapse = begin; synapse < synapses_->row_end(source); ++synapse) {
    stack_.clear();
    for (std::int64_t k = post.log->newest[synapses_->targets[synapse]]; k >= static_cast<std::int64_t>(first); k = posts[static_cast<std::size_t>(k)].previous)
      stack_.push_back(k);
    for (auto k = stack_.rbegin(); k != stack_.rend(); ++k) potentiate(synapse, posts[static_cast<std::size_t>(*k)]);
  }
}

void Plasticity::arrive(std::size_t source, Tick tick, const Post& post) {
  const std::uint64_t begin = synapses_->row_begin(source), end = synapses_->row_end(source);
  if (scale_ != 0 && open_at(tick)) {
    if (trial_commit_ && !is_dirty_[source]) is_dirty_[source] = 1, dirty_.push_back(static_cast<std::uint32_t>(source));
    float* weights = synapses_->weights.data() + begin;
    float* to = trial_commit_ ? pending_.data() + begin : weights;
    const std::uint64_t n = end - begin;
    const std::uint16_t* targets = synapses_->dense ? nullptr : synapses_->targets.data() + begin;
    const auto each = [&](auto&& dw) {
      for (std::uint64_t i = 0; i < n; ++i) {
        const std::uint64_t j = targets ? targets[i] : i;
        to[i] += mask_.empty() ? dw(i, j) : mask_[j] * dw(i, j);
      }
      if (!trial_commit_)
        for (std::uint64_t i = 0; i < n; ++i) to[i] = std::clamp(to[i], low_, high_);
    };
    if (feedback_) {
      const float eta = static_cast<float>(scale_ * feedback_->eta);
      const float* current = post.feedback->data();
      each([&](std::uint64_t, std::uint64_t j) { return eta * current[j]; });
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

void Plasticity::flush(const Post& post) {
  for (std::size_t source = 0; source < rows_.size(); ++source) {
    replay(source, post);
    rows_[source].seen = 0;
  }
}

void Plasticity::commit() {
  for (const std::uint32_t source : dirty_) {
    is_dirty_[source] = 0;
    for (std::uint64_t i = synapses_->row_begin(source); i < synapses_->row_end(source); ++i) {
      synapses_->weights[i] = std::clamp(synapses_->weights[i] + pending_[i], low_, high_);
      pending_[i] = 0;
    }
  }
  dirty_.clear();
}

void Plasticity::touch_all() {
  if (!trial_commit_) return;
  dirty_.resize(is_dirty_.size());
  for (std::uint32_t s = 0; s < is_dirty_.size(); ++s) is_dirty_[s] = 1, dirty_[s] = s;
}

double Plasticity::pre_trace(std::size_t source, Tick tick) const { return rows_.empty() ? 0 : pre_at(rows_[source], tick); }

}  // namespace spikeloop::engine
