// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <vector>

#include "core/engine/dynamics.hpp"
#include "core/engine/layout.hpp"
#include "core/engine/plasticity.hpp"

namespace spikeloop::engine {

/// The neurons of one population that a lane owns: state as struct of arrays. It is either lazy, every neuron at a tick of its own, or
/// swept, all neurons at one tick.
struct Block {
  Slice slice;
  Inputs inputs;
  InputKinds kinds;
  Dynamics dynamics;
  std::vector<Dynamics> own;  ///< of each neuron, where they have parameters of their own: such a block is never swept; else empty
  bool used = false;          ///< false for sources and empty slices
  bool plain = false;         ///< lif with basal input and nothing else: a short way through the lazy update

  std::vector<double> v, excitatory, inhibitory, apical, modulator, adaptation;
  std::vector<double> theta;                          ///< thresholds, moved by homeostasis
  std::vector<double> extra;                          ///< current from current sources that enters v, in mV; empty if there are none
  std::vector<double> extra_apical, extra_modulator;  ///< current from current sources through these ports; the first enters v too
  std::vector<Tick> last, hold;                       ///< lazy only
  std::vector<Tick> check;                            ///< lazy only: may cross its threshold at this tick without arrivals; kNever = cannot
  std::vector<Tick> visit;                            ///< lazy only: the next visit that waits in the calendar, <= check; kNever = none
  std::vector<std::uint32_t> free_spikes;             ///< spikes before feedback came, for homeostasis; empty without it
  std::vector<double> theta_changes;                  ///< mV, not yet committed; as many
  double v_initial = 0;
  std::vector<double> v_initials;  ///< empty if all are `v_initial`

  bool all_touched = false;  ///< at this tick
  bool should_sweep = false, swept = false;
  bool same_theta = false;             ///< while swept: all thresholds are equal, so that one need not be read for every neuron
  Tick swept_at = 0;                   ///< the tick that all neurons are at
  Tick hold_from = 0;                  ///< `hold_low` is right for 2^30 ticks from here
  std::vector<std::int32_t> hold_low;  ///< the low 32 bits of `hold`
  std::vector<std::uint32_t> fired;

  std::vector<Trace> traces;
  std::unique_ptr<PostLog> log;  ///< only where an STDP rule needs it
  std::vector<float> feedback;   ///< feedback current of every neuron at `feedback_tick`
  Tick feedback_tick = -1;
  bool watched_gate = false;  ///< a rule needs to know who was active when the gate opened
  Tick gate = kNever;         ///< feedback reaches the population
  bool gate_seen = false;

  void compare_thresholds() { same_theta = std::adjacent_find(theta.begin(), theta.end(), std::not_equal_to<>()) == theta.end(); }

  const Dynamics& dynamics_of(std::uint32_t j) const { return own.empty() ? dynamics : own[j]; }
  bool is_plain() const {
    const Dynamics& d = dynamics;
    const bool lif = d.spiking && d.leaky && !d.synaptic && !d.adaptive && d.v_floor == -std::numeric_limits<double>::infinity();
    return lif && own.empty() && apical.empty() && modulator.empty() && extra.empty() && free_spikes.empty();
  }

  NeuronState load(std::uint32_t j) const;
  void store(std::uint32_t j, const NeuronState& s);
  Tick last_of(std::uint32_t j) const { return swept ? swept_at : last[j]; }
  Tick hold_of(std::uint32_t j) const {
    return swept ? swept_at + static_cast<std::int32_t>(static_cast<std::uint32_t>(hold_low[j]) - static_cast<std::uint32_t>(swept_at))
                 : hold[j];
  }
  double extra_of(std::uint32_t j) const { return extra.empty() ? 0 : extra[j]; }
  double extra_basal_of(std::uint32_t j) const { return extra_of(j) - (extra_apical.empty() ? 0 : extra_apical[j]); }
  double extra_feedback_of(std::uint32_t j) const {
    return (extra_apical.empty() ? 0 : extra_apical[j]) + (extra_modulator.empty() ? 0 : extra_modulator[j]);
  }
};

inline NeuronState Block::load(std::uint32_t j) const {
  NeuronState s;
  s.v = v[j];
  if (dynamics.synaptic) s.excitatory = excitatory[j];
  if (!inhibitory.empty()) s.inhibitory = inhibitory[j];
  if (!apical.empty()) s.apical = apical[j];
  if (!modulator.empty()) s.modulator = modulator[j];
  if (dynamics.adaptive) s.adaptation = adaptation[j];
  s.last = last_of(j), s.hold = hold_of(j);
  return s;
}

inline void Block::store(std::uint32_t j, const NeuronState& s) {
  v[j] = s.v;
  if (dynamics.synaptic) excitatory[j] = s.excitatory;
  if (!inhibitory.empty()) inhibitory[j] = s.inhibitory;
  if (!apical.empty()) apical[j] = s.apical;
  if (!modulator.empty()) modulator[j] = s.modulator;
  if (dynamics.adaptive) adaptation[j] = s.adaptation;
  last[j] = s.last, hold[j] = s.hold;
}

}  // namespace spikeloop::engine
