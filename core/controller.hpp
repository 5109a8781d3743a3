// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/network.hpp"
#include "core/recording.hpp"

namespace spikeloop {

/// Replaces every controller of a valid description by the populations and projections that it stands for (the controllers stay listed).
///
/// For a controlled population of K neurons: the external source `ctrl.<name>.target` (K + 1 neurons), and K `lif` neurons each in
/// `ctrl.<name>.plus` and `ctrl.<name>.minus`. Neuron k of plus compares spikes: +a for a target spike, -a for an output spike, leaking
/// with tau_m, and fires at 1 (subtractive reset): "output k owes a spike". Minus is the mirror image. With a = 1 - exp(-1 / (dead zone x
/// tau_m)) a regular train of missing spikes at the dead zone's rate just fails to fire it; minus may have a dead zone of its own, and
/// there a target spike weighs `headroom` times as much. Where n target spikes stand for an output spike, an output spike weighs n of
/// them.
///
/// Teaching is switched on by one spike of source neuron K. The comparators rest at -kDisabledMv, out of reach of any output; that spike
/// lifts them to 0 by a delta input, and holds them there by an apical current that hardly decays. So inference is the same network with
/// the target source silent.
///
/// Comparators that reset to a value (`Controller::reset`) rest at 0 and never fall below, as neurons of a chip do; what they are owed is
/// cut there. Without targets the plus ones are silent by themselves. The minus ones are held down while teaching is off: source neuron K
/// fires every `kHoldDownPeriod` then, and each such spike takes them to rest. So here it is the silence of neuron K that teaches. These
/// are the comparators of a chip (Saponati et al. 2026, arXiv 2602.13261, has them on one).
NetworkDescription expand_controllers(const NetworkDescription& description);

/// How far below their working point disabled controller neurons rest, in mV (thresholds are 1 mV).
inline constexpr double kDisabledMv = 100;

/// Decay of the current that holds teaching on: e-folding in ms, far longer than any trial.
inline constexpr double kTeachingHoldMs = 1e9;

/// What a spike that holds comparators down takes from them, in mV: more than any has below its threshold, and a spike of the output.
inline constexpr double kHoldDownMv = 2;

/// How often they get one while teaching is off: an output fires no more than once meanwhile.
inline constexpr Time kHoldDownPeriod = kMillisecond;

/// A neuron of a target source whose train holds comparators down.
struct HoldDown {
  std::uint32_t population = 0, neuron = 0;
};

/// One for each controller of a network that needs it.
std::vector<HoldDown> hold_downs_of(const Network& network);

/// Its train in [0, until), on ticks.
void hold_down(const HoldDown& which, Time tick, Time until, std::vector<Spike>& spikes);

}  // namespace spikeloop
