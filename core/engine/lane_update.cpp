// SPDX-License-Identifier: Apache-2.0
// The neurons of a lane at one tick: advance, add what arrived, threshold, reset, and when to look again.
#include <algorithm>

#include "core/engine/lane.hpp"

namespace spikeloop::engine {

void Lane::update(std::uint32_t population, Tick t) {
  Block& b = blocks_[population];
  const std::size_t first = spikes_.size();
  if (b.all_touched) {
    if (b.plain) update_plain(population, b, t);
    else
      for (std::uint32_t j = 0; j < b.slice.size(); ++j) update_neuron(population, b, j, t);
    for (const std::uint32_t j : b.touched) b.marked[j] = 0;
  } else {
    for (const std::uint32_t j : b.touched) b.marked[j] = 0, update_neuron(population, b, j, t);
    std::sort(spikes_.begin() + static_cast<std::ptrdiff_t>(first), spikes_.end());
  }
  b.touched.clear();
  b.all_touched = false;
  counts_.populations[population].spikes += spikes_.size() - first;
}

/// `update_neuron` for every neuron of a block of lif neurons with nothing but basal input: the same arithmetic, without the questions.
void Lane::update_plain(std::uint32_t population, Block& b, Tick t) {
  const Dynamics& d = b.dynamics;
  const double v_inf = d.v_rest + (d.bias + 0.0);
  std::uint64_t updates = 0;
  for (std::uint32_t j = 0; j < b.slice.size(); ++j) {
    const float input = b.basal[j];
    if (input == 0 && b.check[j] != t) continue;
    ++updates;
    b.basal[j] = 0;
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
  float basal = b.basal[j], inhibitory = 0, apical = 0, modulator = 0;
  b.basal[j] = 0;
  if (b.dynamics.synaptic) std::swap(inhibitory, b.basal_inhibitory[j]);
  if (!b.apical_in.empty()) std::swap(apical, b.apical_in[j]);
  if (!b.modulator_in.empty()) std::swap(modulator, b.modulator_in[j]);
  const bool input = basal != 0 || inhibitory != 0 || apical != 0 || modulator != 0;
  if (!input && b.check[j] != t) return;  // visited for its neighbours' sake: to advance it here would change its rounding
  ++counts_.populations[population].updates;
  NeuronState s = b.load(j);
  b.dynamics.advance(s, t, b.extra_of(j));
  const bool held = t <= s.hold;
  if (b.dynamics.synaptic) s.excitatory += static_cast<double>(basal), s.inhibitory += static_cast<double>(inhibitory);
  else if (!held) s.v += static_cast<double>(basal);
  s.apical += static_cast<double>(apical);
  s.modulator += static_cast<double>(modulator);
  if (!held && fire(b, s, j, t)) spikes_.push_back({t, population, j + b.slice.begin});
  if (input && t > s.hold && s.v < b.dynamics.v_floor) s.v = b.dynamics.v_floor;
  b.store(j, s);
  schedule(population, b, j, s);
}

bool Lane::fire(Block& b, NeuronState& s, std::uint32_t j, Tick t) {
  const Dynamics& d = b.dynamics;
  if (!d.spiking || s.v < b.theta[j] + s.adaptation) return false;
  if (d.reset == Reset::kToValue) s.v = d.v_reset;
  else s.v -= b.theta[j] + s.adaptation - d.v_reset;
  s.adaptation += d.adaptation_jump;
  s.hold = t + d.refractory;
  if (!b.free_spikes.empty() && t < b.gate) ++b.free_spikes[j];
  return true;
}

void Lane::schedule(std::uint32_t population, Block& b, std::uint32_t j, const NeuronState& s) {
  const Tick look = b.dynamics.look_again(s, b.theta[j], b.extra_of(j));
  b.check[j] = look;
  if (look != kNever) visits_.put(look, {population, j});
}

}  // namespace spikeloop::engine
