// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "backends/dynapse/place.hpp"

/// The steps of `place`: groups of neurons that may share cores > a first cut by METIS > refinement > tags.
namespace spikeloop::dynapse {

inline constexpr std::size_t kMostCores = firmware::kChips * firmware::kCores;

/// The board as the steps need it. Cores are numbered chip x cores + core.
struct Board {
  explicit Board(const ChipSpec& chip);
  std::uint32_t chips, row, cores, neurons_per_core, sram_entries, sram_monitoring, tags, hops;

  std::uint32_t slots() const { return chips * cores; }
  std::uint32_t chip_of(std::uint32_t slot) const { return slot / cores; }
  /// From one chip to another: dx and dy.
  std::array<int, 2> way(std::uint32_t from, std::uint32_t to) const;
  /// Hops on the mesh.
  std::uint32_t distance(std::uint32_t from, std::uint32_t to) const;
};

/// Neurons that may share a core, and the cores that they get.
struct Group {
  std::uint32_t parameters = 0;
  std::vector<std::uint32_t> neurons;
  std::uint32_t cores = 0;
};

/// Groups by population where there are cores enough, so that weights of one kind share a core; else by parameters.
std::vector<Group> groups_of(const Circuit& circuit, const Board& board, bool by_population);

/// A core for each neuron (numbers from 0, without gaps, group by group): those that hear the same are put together.
std::vector<std::uint32_t> first_cut(const Circuit& circuit, const Board& board, const std::vector<Group>& groups, std::uint64_t seed);

/// A placement that can be changed bit by bit, with what it costs: cores that sources reach, ways between chips, and much more for
/// every destination that a neuron has no SRAM entry for and every source that a core has no tag for.
class Arrangement {
 public:
  /// `slots`: by neuron. `input_core`: what it costs that an input reaches a core of another chip than the first.
  Arrangement(const Circuit& circuit, const Board& board, std::vector<std::uint32_t> slots, double input_core);

  /// Exchanges whole cores while that helps. May move them to cores that are free.
  void arrange_cores();
  /// Moves and exchanges neurons between cores of one group while that helps.
  void refine(const std::vector<Group>& groups, std::uint64_t seed);

  double cost() const;
  const std::vector<std::uint32_t>& slots() const { return slots_; }
  /// Bit i: source reaches slot i.
  std::uint32_t mask(std::uint32_t source) const { return mask_[source]; }
  /// Destinations that a source has beyond its SRAM entries (and ways beyond the mesh's reach).
  std::uint32_t excess_of(std::uint32_t source) const { return excess(source, mask_[source], home_of(source)); }
  std::uint32_t entries_of(std::uint32_t source) const;
  std::uint32_t tags_of(std::uint32_t slot) const { return heard_[slot]; }

 private:
  std::uint32_t home_of(std::uint32_t source) const;
  std::uint32_t excess(std::uint32_t source, std::uint32_t mask, std::uint32_t home) const;
  double cost_of(std::uint32_t source, std::uint32_t mask, std::uint32_t home) const;
  double tag_cost(std::uint32_t heard) const;
  double total(const std::vector<std::uint32_t>& masks, const std::vector<std::uint32_t>& slots) const;
  double gain(std::uint32_t neuron, std::uint32_t to) const;
  void move(std::uint32_t neuron, std::uint32_t to);
  bool improve(std::uint32_t neuron, const std::vector<std::uint32_t>& cores, std::uint64_t draw);
  void count();

  const Circuit& circuit_;
  const Board& board_;
  double input_core_;
  std::vector<std::uint32_t> slots_;
  std::vector<std::array<std::uint16_t, kMostCores>> targets_;  ///< of a source in each slot
  std::vector<std::uint32_t> mask_;
  std::vector<std::uint32_t> heard_;                 ///< sources that reach a slot
  std::vector<std::vector<std::uint32_t>> members_;  ///< neurons of a slot
  std::vector<std::uint32_t> at_;                    ///< place of a neuron among the members of its slot
};

/// Neuron numbers within cores, and tags; nothing if some core would hear two sources under one tag.
struct Tags {
  std::vector<ChipPlace> places;
  std::vector<std::vector<ChipRoute>> routes;
};
std::optional<Tags> assign_tags(const Circuit& circuit, const Board& board, const Arrangement& arrangement, std::uint64_t seed);

}  // namespace spikeloop::dynapse
