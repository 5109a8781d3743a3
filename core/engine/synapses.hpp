// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "core/network.hpp"

namespace spikeloop::engine {

/// The neurons [begin, end) of a population.
struct Slice {
  std::uint32_t begin = 0, end = 0;
  std::uint32_t size() const { return end - begin; }
};

/// The synapses of one projection onto one slice of its target population, as rows by source. A segment is the part of a row with one
/// delay: with one delay for all, segment s is the row of source s.
struct Synapses {
  bool dense = false;         ///< every source reaches every target of the slice, in order: no index is stored
  bool uniform_delay = true;
  Tick delay = 1;                            ///< where uniform
  std::uint32_t width = 0;                   ///< targets in the slice
  std::vector<std::uint64_t> begin;          ///< of a segment in `targets`, one more than segments; empty if dense
  std::vector<std::uint32_t> targets;        ///< counted from the slice's begin; ascending within a segment; empty if dense
  std::vector<float> weights;                ///< one a synapse, or empty if all are `weight`
  float weight = 0;
  std::vector<std::uint64_t> first_segment;  ///< of a source, one more than sources; empty if the delay is uniform
  std::vector<Tick> segment_delay;           ///< empty if the delay is uniform
  Tick least_delay = 1, largest_delay = 1;

  std::uint64_t segment_begin(std::size_t segment) const { return dense ? segment * width : begin[segment]; }
  std::uint64_t segment_end(std::size_t segment) const { return dense ? (segment + 1) * width : begin[segment + 1]; }
  std::uint64_t size(std::size_t sources) const { return dense ? sources * width : targets.size(); }
};

/// Builds the synapses of a projection onto a slice. Pure: which synapses, weights and delays there are depends on (seed, random_key) and the
/// identity of the neurons only, not on the slice. `stored` forces one weight a synapse (plastic projections, replaced weights).
Synapses build_synapses(const Network& network, const Projection& projection, Slice slice, bool stored);

}  // namespace spikeloop::engine
