// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <numeric>
#include <tuple>

#include "backends/dynapse/placer.hpp"
#include "core/random.hpp"

namespace spikeloop::dynapse {
namespace {

/// Gives out tags. A core compares 10 bits, the source's core and number; the core is a field of the SRAM entry, so each neuron has for
/// each chip as many tags to choose from as there are cores. Neurons take numbers in the order of the cores they reach, most first.
class TagAssignment {
 public:
  TagAssignment(const Circuit& circuit, const Board& board, const Arrangement& arrangement, std::uint64_t seed)
      : circuit_(circuit), board_(board), arrangement_(arrangement), seed_(seed) {
    used_.assign(board.slots(), std::vector<bool>(board.tags));
    for (std::vector<bool>& tags : used_) tags[0] = true;  // a cleared CAM word listens to it
    taken_.assign(board.slots(), std::vector<bool>(board.neurons_per_core));
    left_.assign(board.slots(), std::vector<std::uint32_t>(board.neurons_per_core, board.cores));
    for (std::vector<std::uint32_t>& left : left_) --left[0];
    open_.assign(board.slots(), board.neurons_per_core);
    todo_.assign(board.slots(), 0);
    for (const std::uint32_t slot : arrangement.slots()) ++todo_[slot];
    tags_.places.resize(circuit.neurons.size());
    tags_.routes.resize(circuit.sources());
  }

  std::optional<Tags> run() {
    for (const std::uint32_t source : order()) {
      const bool found = source < circuit_.neurons.size() ? place_neuron(source) : place_input(source);
      if (!found) return std::nullopt;
    }
    return std::move(tags_);
  }

 private:
  /// Those with the most cores first, as they are the hardest; inputs last, for they may have any tag. Ties by a seeded draw.
  std::vector<std::uint32_t> order() const {
    std::vector<std::uint32_t> sources(circuit_.sources());
    std::iota(sources.begin(), sources.end(), 0U);
    std::vector<std::uint64_t> draws(sources.size());
    for (std::uint32_t s : sources) draws[s] = seed_ == 0 ? s : random_bits(seed_, stream_of("tags", "order"), s).low;
    const auto key = [&](std::uint32_t s) {
      return std::tuple(s >= circuit_.neurons.size(), -std::popcount(arrangement_.mask(s)), draws[s], s);
    };
    std::sort(sources.begin(), sources.end(), [&](std::uint32_t a, std::uint32_t b) { return key(a) < key(b); });
    return sources;
  }

  std::uint32_t mask_of(std::uint32_t source, std::uint32_t chip) const {
    return arrangement_.mask(source) >> (chip * board_.cores) & ((1U << board_.cores) - 1);
  }

  /// Those of the cores of a chip that hear nobody under this tag, and can do without it: a core keeps as many numbers open as neurons of
  /// its own are still to come.
  std::uint32_t free_cores(std::uint32_t chip, std::uint32_t mask, std::uint32_t tag, std::uint32_t home) const {
    const std::uint32_t number = tag & 0xFF;
    for (std::uint32_t core = 0; core < board_.cores; ++core) {
      const std::uint32_t slot = chip * board_.cores + core;
      const bool kept = slot != home && number < board_.neurons_per_core && !taken_[slot][number] && left_[slot][number] == 1 &&
                        open_[slot] <= todo_[slot];
      if (used_[slot][tag] || kept) mask &= ~(1U << core);
    }
    return mask;
  }
  bool is_free(std::uint32_t chip, std::uint32_t mask, std::uint32_t tag) const {
    return free_cores(chip, mask, tag, Circuit::kNone) == mask;
  }

  void take(std::uint32_t source, std::uint32_t chip, std::uint32_t mask, std::uint32_t tag) {
    const std::uint32_t number = tag & 0xFF;
    for (std::uint32_t core = 0; core < board_.cores; ++core) {
      if ((mask >> core & 1) == 0) continue;
      const std::uint32_t slot = chip * board_.cores + core;
      used_[slot][tag] = true;
      if (number < board_.neurons_per_core && --left_[slot][number] == 0 && !taken_[slot][number]) --open_[slot];
    }
    tags_.routes[source].push_back({static_cast<std::uint8_t>(chip), static_cast<std::uint8_t>(mask), static_cast<std::uint16_t>(tag)});
  }

  bool place_neuron(std::uint32_t neuron) {
    const std::uint32_t slot = arrangement_.slots()[neuron], core = slot % board_.cores;
    for (std::uint32_t number = 0; number < board_.neurons_per_core; ++number) {
      if (taken_[slot][number]) continue;
      const bool was_open = left_[slot][number] > 0;
      taken_[slot][number] = true;
      if (!try_number(neuron, slot, number)) {
        taken_[slot][number] = false;
        continue;
      }
      open_[slot] -= was_open;
      --todo_[slot];
      tags_.places[neuron] = {static_cast<std::uint8_t>(board_.chip_of(slot)), static_cast<std::uint8_t>(core),
                              static_cast<std::uint8_t>(number)};
      return true;
    }
    return false;
  }

  /// A route for every chip; where no tag is free for all its cores, several, as far as there are SRAM entries.
  bool try_number(std::uint32_t neuron, std::uint32_t slot, std::uint32_t number) {
    std::vector<ChipRoute> routes;
    for (std::uint32_t chip = 0; chip < board_.chips; ++chip)
      if (!add_routes(routes, chip, mask_of(neuron, chip), number, slot)) return false;
    if (routes.size() + (circuit_.observed[neuron] ? board_.sram_monitoring : 0) > board_.sram_entries) return false;
    for (const ChipRoute& r : routes) take(neuron, r.chip, r.core_mask, r.tag);
    return true;
  }

  bool add_routes(std::vector<ChipRoute>& routes, std::uint32_t chip, std::uint32_t mask, std::uint32_t number, std::uint32_t home) const {
    while (mask != 0) {
      std::uint32_t best = 0, best_tag = 0;
      for (std::uint32_t i = 0; i < board_.cores; ++i) {
        const std::uint32_t tag = firmware::neuron_address((home + i) % board_.cores, number);
        const std::uint32_t reach = tag < board_.tags ? free_cores(chip, mask, tag, home) : 0;
        if (std::popcount(reach) > std::popcount(best)) best = reach, best_tag = tag;
      }
      if (best == 0) return false;
      routes.push_back({static_cast<std::uint8_t>(chip), static_cast<std::uint8_t>(best), static_cast<std::uint16_t>(best_tag)});
      mask &= ~best;
    }
    return true;
  }

  /// The same tag on every chip is not needed, but where it is free it reads better. Where no tag is free in all cores of a chip the input
  /// is played once for each that it needs.
  bool place_input(std::uint32_t source) {
    for (std::uint32_t chip = 0; chip < board_.chips; ++chip)
      for (std::uint32_t mask = mask_of(source, chip); mask != 0;) {
        std::uint32_t tag = tags_.routes[source].empty() ? 1U : tags_.routes[source].front().tag;
        if (!is_free(chip, mask, tag)) tag = widest_tag(chip, mask);
        const std::uint32_t reach = free_cores(chip, mask, tag, Circuit::kNone);
        if (reach == 0) return false;
        take(source, chip, reach, tag);
        mask &= ~reach;
      }
    return true;
  }

  /// The first tag that is free in all of the cores, or in most of them.
  std::uint32_t widest_tag(std::uint32_t chip, std::uint32_t mask) const {
    std::uint32_t best = 1;
    int most = 0;
    for (std::uint32_t tag = 1; tag < board_.tags && most < std::popcount(mask); ++tag)
      if (const int n = std::popcount(free_cores(chip, mask, tag, Circuit::kNone)); n > most) most = n, best = tag;
    return best;
  }

  const Circuit& circuit_;
  const Board& board_;
  const Arrangement& arrangement_;
  std::uint64_t seed_;
  std::vector<std::vector<bool>> used_, taken_;   ///< by slot: tags, neuron numbers
  std::vector<std::vector<std::uint32_t>> left_;  ///< by slot and number: tags that are free
  std::vector<std::uint32_t> open_, todo_;        ///< by slot: numbers that a neuron could still take, neurons that have none
  Tags tags_;
};

}  // namespace

std::optional<Tags> assign_tags(const Circuit& circuit, const Board& board, const Arrangement& arrangement, std::uint64_t seed) {
  return TagAssignment(circuit, board, arrangement, seed).run();
}

}  // namespace spikeloop::dynapse
