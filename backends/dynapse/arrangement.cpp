// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstdlib>
#include <numeric>

#include "backends/dynapse/placer.hpp"
#include "core/random.hpp"

namespace spikeloop::dynapse {
namespace {

constexpr double kForbidden = 1000;  // a destination without entry, a source without tag
constexpr double kHop = 0.5;         // against a broadcast to a core
constexpr int kPasses = 8;
constexpr std::size_t kPartners = 24;  // neurons of a full core that an exchange is tried with

}  // namespace

Arrangement::Arrangement(const Circuit& circuit, const Board& board, std::vector<std::uint32_t> slots, double input_core)
    : circuit_(circuit), board_(board), input_core_(input_core), slots_(std::move(slots)) {
  count();
}

void Arrangement::count() {
  targets_.assign(circuit_.sources(), {});
  mask_.assign(circuit_.sources(), 0);
  heard_.assign(board_.slots(), 0);
  members_.assign(board_.slots(), {});
  at_.assign(slots_.size(), 0);
  for (std::uint32_t n = 0; n < slots_.size(); ++n) {
    at_[n] = static_cast<std::uint32_t>(members_[slots_[n]].size());
    members_[slots_[n]].push_back(n);
    for (const Circuit::Synapse& s : circuit_.fan_in(n)) {
      if (targets_[s.source][slots_[n]]++ == 0) ++heard_[slots_[n]];
      mask_[s.source] |= 1U << slots_[n];
    }
  }
}

std::uint32_t Arrangement::home_of(std::uint32_t source) const {
  return source < slots_.size() ? board_.chip_of(slots_[source]) : Circuit::kNone;
}

std::uint32_t Arrangement::entries_of(std::uint32_t source) const {
  std::uint32_t entries = 0;
  const std::uint32_t chip_mask = (1U << board_.cores) - 1;
  for (std::uint32_t chip = 0; chip < board_.chips; ++chip) entries += (mask_[source] >> (chip * board_.cores) & chip_mask) != 0;
  return entries + (source < slots_.size() && circuit_.observed[source] ? board_.sram_monitoring : 0);
}

std::uint32_t Arrangement::excess(std::uint32_t source, std::uint32_t mask, std::uint32_t home) const {
  if (home == Circuit::kNone) return 0;
  const std::uint32_t chip_mask = (1U << board_.cores) - 1;
  std::uint32_t entries = circuit_.observed[source] ? board_.sram_monitoring : 0, out_of_reach = 0;
  for (std::uint32_t chip = 0; chip < board_.chips; ++chip) {
    if ((mask >> (chip * board_.cores) & chip_mask) == 0) continue;
    ++entries;
    const auto [dx, dy] = board_.way(home, chip);
    out_of_reach += static_cast<std::uint32_t>(std::max(std::abs(dx), std::abs(dy))) > board_.hops;
  }
  return out_of_reach + (entries > board_.sram_entries ? entries - board_.sram_entries : 0);
}

double Arrangement::cost_of(std::uint32_t source, std::uint32_t mask, std::uint32_t home) const {
  double cost = std::popcount(mask);
  const std::uint32_t chip_mask = (1U << board_.cores) - 1;
  if (home == Circuit::kNone) return cost + input_core_ * std::popcount(mask & ~chip_mask);
  for (std::uint32_t chip = 0; chip < board_.chips; ++chip)
    if ((mask >> (chip * board_.cores) & chip_mask) != 0) cost += kHop * board_.distance(home, chip);
  return cost + kForbidden * excess(source, mask, home);
}

double Arrangement::tag_cost(std::uint32_t heard) const {
  const std::uint32_t limit = board_.tags - 1;
  return heard > limit ? kForbidden * (heard - limit) : 0;
}

double Arrangement::cost() const {
  double cost = 0;
  for (std::uint32_t s = 0; s < mask_.size(); ++s) cost += cost_of(s, mask_[s], home_of(s));
  for (const std::uint32_t heard : heard_) cost += tag_cost(heard);
  return cost;
}

/// What the sources would cost with other slots; tags do not change when whole cores move.
double Arrangement::total(const std::vector<std::uint32_t>& masks, const std::vector<std::uint32_t>& to) const {
  double cost = 0;
  for (std::uint32_t s = 0; s < masks.size(); ++s) {
    std::uint32_t mask = 0;
    for (std::uint32_t left = masks[s]; left != 0; left &= left - 1) mask |= 1U << to[static_cast<std::size_t>(std::countr_zero(left))];
    cost += cost_of(s, mask, s < slots_.size() ? board_.chip_of(to[slots_[s]]) : Circuit::kNone);
  }
  return cost;
}

void Arrangement::arrange_cores() {
  std::vector<std::uint32_t> to(board_.slots());
  std::iota(to.begin(), to.end(), 0U);
  double best = total(mask_, to);
  for (bool better = true; better;) {
    better = false;
    for (std::size_t a = 0; a < to.size(); ++a)
      for (std::size_t b = a + 1; b < to.size(); ++b) {
        if ((members_[a].empty() && members_[b].empty()) || board_.chip_of(to[a]) == board_.chip_of(to[b])) continue;
        std::swap(to[a], to[b]);
        if (const double cost = total(mask_, to); cost < best - 1e-9)
          best = cost, better = true;
        else
          std::swap(to[a], to[b]);
      }
  }
  for (std::uint32_t& slot : slots_) slot = to[slot];
  count();
}

/// How much less the arrangement would cost with the neuron in another core.
double Arrangement::gain(std::uint32_t neuron, std::uint32_t to) const {
  const std::uint32_t from = slots_[neuron], old_home = board_.chip_of(from), new_home = board_.chip_of(to);
  double gained = 0;
  std::uint32_t left = heard_[from], joined = heard_[to];
  std::uint32_t own = mask_[neuron];  // where it has a synapse onto itself, that moves too
  const auto synapses = circuit_.fan_in(neuron);
  for (std::size_t i = 0; i < synapses.size();) {
    const std::uint32_t s = synapses[i].source;
    std::uint16_t n = 0;
    for (; i < synapses.size() && synapses[i].source == s; ++i) ++n;
    std::uint32_t mask = mask_[s];
    if (targets_[s][from] == n) mask &= ~(1U << from), --left;
    if (targets_[s][to] == 0) mask |= 1U << to, ++joined;
    if (s == neuron) {
      own = mask;
      continue;
    }
    if (mask != mask_[s]) gained += cost_of(s, mask_[s], home_of(s)) - cost_of(s, mask, home_of(s));
  }
  gained += cost_of(neuron, mask_[neuron], old_home) - cost_of(neuron, own, new_home);
  return gained + tag_cost(heard_[from]) + tag_cost(heard_[to]) - tag_cost(left) - tag_cost(joined);
}

void Arrangement::move(std::uint32_t neuron, std::uint32_t to) {
  const std::uint32_t from = slots_[neuron];
  for (const Circuit::Synapse& s : circuit_.fan_in(neuron)) {
    if (--targets_[s.source][from] == 0) mask_[s.source] &= ~(1U << from), --heard_[from];
    if (targets_[s.source][to]++ == 0) mask_[s.source] |= 1U << to, ++heard_[to];
  }
  slots_[neuron] = to;
  std::vector<std::uint32_t>& old = members_[from];
  at_[old.back()] = at_[neuron];
  old[at_[neuron]] = old.back();
  old.pop_back();
  at_[neuron] = static_cast<std::uint32_t>(members_[to].size());
  members_[to].push_back(neuron);
}

/// The best move of one neuron; into a full core it is an exchange.
bool Arrangement::improve(std::uint32_t neuron, const std::vector<std::uint32_t>& cores, std::uint64_t draw) {
  const std::uint32_t from = slots_[neuron];
  double best = 1e-9;
  std::uint32_t to = from, full = from;
  double best_full = 1e-9;
  for (const std::uint32_t core : cores) {
    if (core == from) continue;
    const double g = gain(neuron, core);
    if (members_[core].size() < board_.neurons_per_core) {
      if (g > best) best = g, to = core;
    } else if (g > best_full) {
      best_full = g, full = core;
    }
  }
  if (to != from) {
    move(neuron, to);
    return true;
  }
  if (full == from) return false;
  move(neuron, full);
  const std::size_t others = members_[full].size() - 1;  // without the neuron, which is last
  std::uint32_t partner = neuron;
  double back = -best_full + 1e-9;
  for (std::size_t i = 0; i < std::min(kPartners, others); ++i) {
    const std::uint32_t other = members_[full][(draw + i * (others / kPartners + 1)) % others];
    if (const double g = gain(other, from); g > back) back = g, partner = other;
  }
  move(partner, from);
  return partner != neuron;
}

void Arrangement::refine(const std::vector<Group>& groups, std::uint64_t seed) {
  bool better = true;
  for (int pass = 0; pass < kPasses && better; ++pass) {
    better = false;
    for (const Group& group : groups) {
      std::vector<std::uint32_t> cores;
      for (const std::uint32_t n : group.neurons) cores.push_back(slots_[n]);
      std::sort(cores.begin(), cores.end());
      cores.erase(std::unique(cores.begin(), cores.end()), cores.end());
      if (cores.size() < 2) continue;
      for (const std::uint32_t n : group.neurons)
        better |=
            improve(n, cores, random_bits(seed, stream_of("refine", "partner"), n + static_cast<std::uint64_t>(pass) * slots_.size()).low);
    }
  }
}

}  // namespace spikeloop::dynapse
