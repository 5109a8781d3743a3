// SPDX-License-Identifier: Apache-2.0
// The neurons of a lane at one tick: advance, add what arrived, threshold, reset, and when to look again.
#include <algorithm>
#include <limits>

#include "core/engine/kernels.hpp"
#include "core/engine/lane.hpp"

namespace spikeloop::engine {
namespace {

constexpr Tick kLowTicks = Tick{1} << 30;  ///< for so long a tick's low 32 bits tell before from after

}  // namespace

/// The first tick >= from at which a block is or should be swept, as far as is known by now.
Tick Lane::next_sweep(Tick from) const {
  Tick next = kNever;
  for (const std::uint32_t p : used_) next = std::min(next, blocks_[p].swept ? from : modes_->next(p, from));
  return next;
}

void Lane::choose_modes(Tick t) {
  const bool new_window = t >= window_end_ || t < window_begin_;
  if (!new_window && !unsettled_ && !prompt_) return;
  if (new_window) {
    window_begin_ = t == 0 ? 0 : std::max(Tick{1}, t / modes_->window() * modes_->window());
    window_end_ = t == 0 ? 1 : (t / modes_->window() + 1) * modes_->window();
  }
  for (const std::uint32_t p : used_) {
    Block& b = blocks_[p];
    if (new_window || modes_->prompt(p)) b.should_sweep = modes_->dense(p, t) && b.dynamics.refractory < kLowTicks && b.own.empty();
    if (b.should_sweep && !b.swept) enter_sweep(b, t);
    if (!b.should_sweep && b.swept) leave_sweep(p);
  }
  unsettled_ = false;  // `leave_sweep` cannot know that it was meant
}

void Lane::enter_sweep(Block& b, Tick t) {
  for (std::uint32_t j = 0; j < b.slice.size(); ++j) {
    NeuronState s = b.load(j);
    b.dynamics.advance(s, t - 1, b.extra_of(j));
    b.store(j, s);
    b.hold_low[j] = static_cast<std::int32_t>(std::max(s.hold, t - 2));
  }
  b.compare_thresholds();
  b.swept = true;
  b.swept_at = b.hold_from = t - 1;
  ++sweeping_;
  marking_ = sweeping_ < used_.size();
}

void Lane::leave_sweep(std::uint32_t population) {
  Block& b = blocks_[population];
  if (!b.swept) return;
  for (std::uint32_t j = 0; j < b.slice.size(); ++j) b.hold[j] = b.hold_of(j);
  std::fill(b.last.begin(), b.last.end(), b.swept_at);
  b.swept = false;
  --sweeping_;
  marking_ = unsettled_ = true;
  look_again(population, b.swept_at + 1);
}

void Lane::settle() {
  for (const std::uint32_t p : used_) leave_sweep(p);
}

void Lane::update(Tick t) {
  const std::size_t first = spikes_.size();
  for (const std::uint32_t p : used_) {
    if (blocks_[p].swept)
      sweep_block(p, t);
    else if (blocks_[p].all_touched)
      update_all(p, t);
    else
      continue;
    stopwatch_.lap(Phase::kUpdate, p, blocks_[p].slice.size());
  }
  if (touches_ > 0) {
    const std::uint32_t touched = touches_;
    update_touched(t);
    stopwatch_.lap_of_none(Phase::kUpdate, touched);
  }
  for (const std::uint32_t p : used_) blocks_[p].all_touched = false;
  if (!std::is_sorted(spikes_.begin() + static_cast<std::ptrdiff_t>(first), spikes_.end()))
    std::sort(spikes_.begin() + static_cast<std::ptrdiff_t>(first), spikes_.end());
  for (std::size_t k = first; k < spikes_.size(); ++k) ++counts_.populations[spikes_[k].population].spikes;
}

void Lane::update_touched(Tick t) {
  for (std::uint32_t i = 0; i < touches_; ++i) {
    const std::uint32_t slot = touched_[i], p = owner_[slot / 16];
    marked_[slot] = 0;
    Block& b = blocks_[p];
    if (!b.swept && !b.all_touched) update_neuron(p, b, (slot - b.inputs.begin) % b.inputs.stride, t);
  }
  touches_ = 0;
}

void Lane::update_all(std::uint32_t population, Tick t) {
  Block& b = blocks_[population];
  if (b.plain) return update_lif(population, b, t);
  for (std::uint32_t j = 0; j < b.slice.size(); ++j) update_neuron(population, b, j, t);
}

/// `update_neuron` for every neuron of a block of lif neurons with nothing but basal input: the same arithmetic, without the questions.
void Lane::update_lif(std::uint32_t population, Block& b, Tick t) {
  const Dynamics& d = b.dynamics;
  const double v_inf = d.v_rest + (d.bias + 0.0);
  std::uint64_t updates = 0;
  float* basal = inputs_.data() + b.inputs.begin;
  for (std::uint32_t j = 0; j < b.slice.size(); ++j) {
    const float input = basal[j];
    if (input == 0 && b.check[j] != t) continue;
    updates += input != 0;
    basal[j] = 0;
    const Tick hold = b.hold[j], from = std::max(b.last[j], std::min(hold, t));
    double v = b.v[j];
    if (from < t) v = v_inf + (v - v_inf) * d.membrane(t - from);
    b.last[j] = t;
    b.check[j] = kNever;
    if (t > hold) {
      v += static_cast<double>(input);
      if (v >= b.theta[j]) {
        v = d.reset == Reset::kToValue ? d.v_reset : v - (b.theta[j] - d.v_reset);
        b.hold[j] = t + d.refractory;
        spikes_.push_back({t, population, j + b.slice.begin});
      }
    }
    b.v[j] = v;
    if (std::max(v, v_inf) >= b.theta[j]) schedule(population, b, j, b.load(j));
  }
  counts_.populations[population].updates += updates;
}

void Lane::update_neuron(std::uint32_t population, Block& b, std::uint32_t j, Tick t) {
  float* in = inputs_.data() + b.inputs.begin + j;
  const auto take = [&](std::uint32_t kind) { return std::exchange(in[kind * b.inputs.stride], 0.0f); };
  const float basal = take(0), inhibitory = b.kinds.inhibitory ? take(b.kinds.inhibitory) : 0,
              apical = b.kinds.apical ? take(b.kinds.apical) : 0, modulator = b.kinds.modulator ? take(b.kinds.modulator) : 0;
  const bool input = basal != 0 || inhibitory != 0 || apical != 0 || modulator != 0;
  if (!input && b.check[j] != t) return;  // visited for its neighbours' sake: to advance it here would change its rounding
  counts_.populations[population].updates += input;
  const Dynamics& d = b.dynamics_of(j);
  NeuronState s = b.load(j);
  d.advance(s, t, b.extra_of(j));
  const bool held = t <= s.hold;
  if (d.synaptic)
    s.excitatory += static_cast<double>(basal), s.inhibitory += static_cast<double>(inhibitory);
  else if (!held)
    s.v += static_cast<double>(basal);
  s.apical += static_cast<double>(apical);
  s.modulator += static_cast<double>(modulator);
  const bool fired = !held && fire(b, s, j, t);
  if (fired) spikes_.push_back({t, population, j + b.slice.begin});
  if (input && !held && !fired && s.v < d.v_floor) s.v = d.v_floor;
  b.store(j, s);
  schedule(population, b, j, s);
}

bool Lane::fire(Block& b, NeuronState& s, std::uint32_t j, Tick t) {
  const Dynamics& d = b.dynamics_of(j);
  if (!d.spiking || s.v < b.theta[j] + s.adaptation) return false;
  if (d.reset == Reset::kToValue)
    s.v = d.v_reset;
  else
    s.v -= b.theta[j] + s.adaptation - d.v_reset;
  s.adaptation += d.adaptation_jump;
  s.hold = t + d.refractory;
  if (!b.free_spikes.empty() && t < b.gate) ++b.free_spikes[j];
  return true;
}

void Lane::schedule(std::uint32_t population, Block& b, std::uint32_t j, const NeuronState& s) {
  const Tick look = b.dynamics_of(j).look_again(s, b.theta[j], b.extra_of(j));
  b.check[j] = look;
  plan_visit(population, j, s.last);
}

/// A far crossing is not waited for at its tick but at half the way there, where the neuron is planned anew. So inputs that each move it a
/// little do not leave a visit each: another is only put before the one that waits when the way has become half as long.
void Lane::plan_visit(std::uint32_t population, std::uint32_t j, Tick now) {
  constexpr Tick kNear = 16;
  Block& b = blocks_[population];
  if (b.check[j] >= b.visit[j]) return;
  const Tick ahead = b.check[j] - now;
  b.visit[j] = ahead <= kNear ? b.check[j] : now + ahead / 2;
  visits_.put(b.visit[j], {population, j});
}

void Lane::visit(const Visit& visit, Tick t) {
  Block& b = blocks_[visit.population];
  if (b.visit[visit.neuron] != t) return;  // an earlier one took its place
  b.visit[visit.neuron] = kNever;
  if (b.swept) return;
  if (b.check[visit.neuron] == t)
    touch(b, visit.neuron);
  else
    plan_visit(visit.population, visit.neuron, t);
}

void Lane::sweep_block(std::uint32_t population, Tick t) {
  Block& b = blocks_[population];
  const Dynamics& d = b.dynamics;
  if (t - b.hold_from >= kLowTicks / 2) {  // old ones would come round and look like the future
    for (std::uint32_t j = 0; j < b.slice.size(); ++j) b.hold_low[j] = static_cast<std::int32_t>(std::max(b.hold_of(j), t - 2));
    b.hold_from = t - 1;
  }
  float* in = inputs_.data() + b.inputs.begin;
  const auto input = [&](std::uint32_t kind) { return in + kind * b.inputs.stride; };
  Sweep s;
  s.neurons = b.slice.size();
  s.tick = static_cast<std::int32_t>(t);
  s.leaky = d.leaky;
  s.v_rest = d.v_rest, s.bias = d.bias;
  s.extra = b.extra.empty() ? nullptr : b.extra.data();
  s.membrane = d.membrane(1), s.membrane_rate = d.membrane.rate();
  s.v_floor = d.v_floor;
  if (!d.spiking)
    s.one_threshold = std::numeric_limits<double>::infinity();
  else if (b.same_theta)
    s.one_threshold = b.theta.front();
  else
    s.threshold = b.theta.data();
  s.v = b.v.data();
  s.hold = b.hold_low.data();
  if (d.adaptive) s.adaptation = b.adaptation.data(), s.adaptation_decay = d.adaptation(1);
  if (d.synaptic)
    s.excitatory = {b.excitatory.data(), in, d.excitatory_kernel(1), d.excitatory(1)};
  else
    s.delta = in;
  if (b.kinds.inhibitory) s.inhibitory = {b.inhibitory.data(), input(b.kinds.inhibitory), d.inhibitory_kernel(1), d.inhibitory(1)};
  if (b.kinds.apical) s.apical = {b.apical.data(), input(b.kinds.apical), d.apical_kernel(1), d.apical(1)};
  if (b.kinds.modulator) s.modulator = {b.modulator.data(), input(b.kinds.modulator), 0, d.apical(1)};
  s.fired = b.fired.data();
  const SweepResult result = sweep(s);
  b.swept_at = t;
  counts_.populations[population].updates += result.touched;
  for (std::size_t k = 0; k < result.fired; ++k) {
    const std::uint32_t j = b.fired[k];
    const double threshold = b.theta[j] + (d.adaptive ? b.adaptation[j] : 0);
    b.v[j] = d.reset == Reset::kToValue ? d.v_reset : b.v[j] - (threshold - d.v_reset);
    if (d.adaptive) b.adaptation[j] += d.adaptation_jump;
    b.hold_low[j] = static_cast<std::int32_t>(t + d.refractory);
    if (!b.free_spikes.empty() && t < b.gate) ++b.free_spikes[j];
    spikes_.push_back({t, population, j + b.slice.begin});
  }
}

}  // namespace spikeloop::engine
