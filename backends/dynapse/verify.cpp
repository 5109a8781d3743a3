// SPDX-License-Identifier: Apache-2.0
#include "backends/dynapse/verify.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "backends/dynapse/device.hpp"

namespace spikeloop::dynapse {
namespace {

constexpr double kEnough = 3, kTooLittle = 1.5;  // thresholds
constexpr Time kStretch = 20 * kMillisecond;
constexpr Time kBetween = static_cast<Time>(kSecond / kVerifyHz);

/// Where a source and a neuron meet, and what the train does to the membrane in the end: a jump w of a current that decays with tau_s,
/// f times a second, is a mean current of w f tau_s; a delta synapse does the same by the membrane's own time constant.
struct Drive {
  ChipRoute route;
  double thresholds = 0;
};

std::vector<Drive> drives_of(const Compiled& c, std::uint32_t neuron) {
  const ChipPlace& at = c.placement.places[neuron];
  const ParameterSet& set = c.circuit.parameters[c.circuit.parameters_of[neuron]];
  std::vector<Drive> drives;
  for (std::uint32_t s = c.circuit.begin[neuron]; s < c.circuit.begin[neuron + 1];) {
    const std::uint32_t source = c.circuit.synapses[s].source;
    double thresholds = 0;
    for (; s < c.circuit.begin[neuron + 1] && c.circuit.synapses[s].source == source; ++s) {
      const auto type = static_cast<std::size_t>(c.circuit.synapses[s].type);
      const double sum = c.quantised.achieved[s] * kVerifyHz * (set.delta[type] ? set.tau_m_s : set.tau_s[type]);
      thresholds += is_excitatory(type) ? sum : -sum;
    }
    for (const ChipRoute& r : c.placement.routes[source])
      if (r.chip == at.chip && (r.core_mask >> at.core & 1) != 0 && thresholds > 0)
        drives.push_back({{r.chip, static_cast<std::uint8_t>(1U << at.core), r.tag}, thresholds});
  }
  std::stable_sort(drives.begin(), drives.end(), [](const Drive& a, const Drive& b) { return a.thresholds > b.thresholds; });
  return drives;
}

/// Two time constants of the slowest that is used, and one stretch for what is slow to begin.
Time patience_of(const ParameterSet& set) {
  double tau_s = 0;
  for (std::size_t type = 0; type < kTypes; ++type)
    if (!set.delta[type]) tau_s = std::max(tau_s, set.tau_s[type]);
  return kStretch + from_ms(2e3 * (set.tau_m_s + tau_s));
}

/// Whether one of those that were seen inhibits the neuron, so that its silence tells nothing.
bool is_silenced(const Compiled& c, std::uint32_t neuron, const std::vector<SeenSpike>& seen) {
  for (std::uint32_t s = c.circuit.begin[neuron]; s < c.circuit.begin[neuron + 1]; ++s) {
    const Circuit::Synapse& synapse = c.circuit.synapses[s];
    if (is_excitatory(static_cast<std::size_t>(synapse.type)) || c.quantised.counts[s] == 0 || synapse.source >= c.circuit.neurons.size())
      continue;
    const ChipPlace& from = c.placement.places[synapse.source];
    if (std::any_of(seen.begin(), seen.end(), [&](const SeenSpike& spike) { return spike.place == from; })) return true;
  }
  return false;
}

bool same_core(const ChipPlace& a, const ChipPlace& b) { return a.chip == b.chip && a.core == b.core; }

}  // namespace

std::size_t Verification::seen() const {
  return static_cast<std::size_t>(std::count_if(neurons.begin(), neurons.end(), [](const Verdict& v) { return v.seen; }));
}

std::string Verification::text_of(const std::vector<ChipPlace>& cores) {
  std::vector<std::string> names;
  for (const ChipPlace& core : cores) names.push_back(fmt::format("U{} core {}", core.chip, core.core));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::vector<ChipRoute> verifying_inputs(const Compiled& c, std::uint32_t neuron) {
  double sum = 0;  // with the leak that the core's codes leave
  for (const CoreSetting& core : c.quantised.cores)
    if (core.chip == c.placement.places[neuron].chip && core.core == c.placement.places[neuron].core) sum = std::min(0.0, core.rest);
  std::vector<ChipRoute> inputs;
  for (const Drive& drive : drives_of(c, neuron)) {
    if (sum >= kEnough) break;
    sum += drive.thresholds;
    inputs.push_back(drive.route);
  }
  if (sum < kTooLittle) inputs.clear();
  return inputs;
}

Verification verify(const Compiled& c, Player& player, unsigned neurons_per_core) {
  Verification v;
  for (const CoreUse& core : c.placement.cores) {
    const ChipPlace here{core.chip, core.core, 0};
    unsigned tried = 0;
    bool heard = false;  // anything of this core: neurons may silence each other
    for (std::uint32_t n = 0; n < c.circuit.neurons.size() && tried < neurons_per_core; ++n) {
      const ChipPlace& at = c.placement.places[n];
      if (!same_core(at, here) || !c.circuit.observed[n]) continue;
      const std::vector<ChipRoute> inputs = verifying_inputs(c, n);
      if (inputs.empty()) continue;
      ++tried;
      std::vector<PlayedSpike> train;
      for (Time t = 0; t < kStretch; t += kBetween)
        for (const ChipRoute& r : inputs) train.push_back({t, r});
      Verdict verdict{c.circuit.neurons[n], at};
      const Time patience = patience_of(c.circuit.parameters[c.circuit.parameters_of[n]]);
      std::vector<SeenSpike> seen;
      for (Time t = 0; t < patience && !verdict.seen; t += kStretch) {
        player.play(kStretch, train, seen);
        verdict.seen = std::any_of(seen.begin(), seen.end(), [&](const SeenSpike& s) { return s.place == at; });
      }
      heard = heard || std::any_of(seen.begin(), seen.end(), [&](const SeenSpike& s) { return same_core(s.place, here); });
      if (verdict.seen || !is_silenced(c, n, seen)) v.neurons.push_back(verdict);
    }
    if (tried == 0)
      v.untested.push_back(here);
    else if (!heard)
      v.silent.push_back(here);
  }
  return v;
}

}  // namespace spikeloop::dynapse
