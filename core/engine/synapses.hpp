// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/engine/buffer.hpp"
#include "core/engine/layout.hpp"
#include "core/engine/shared_kernel.hpp"
#include "core/network.hpp"

namespace spikeloop::engine {

/// The part of a row that arrives together.
struct Segment {
  std::uint32_t size = 0;
  std::uint32_t delay = 0;  ///< ticks
};

/// The synapses of one group of projections onto one lane, as rows by source: 2 bytes a synapse for its target (4 in lanes
/// with more inputs than 65,536), and 4 for its weight where weights differ. A row holds its projections one after the other, within a
/// projection and delay by ascending target.
struct Synapses {
  bool dense = false;  ///< every source reaches every target of the slice, in order: no target is stored
  bool uniform_delay = true;
  Tick delay = 1;  ///< where uniform
  std::uint32_t sources = 0;
  std::uint32_t width = 0;             ///< targets in the slice (dense)
  std::uint32_t base = 0;              ///< input slot of target 0
  Buffer<std::uint32_t> begin;         ///< of a row in `targets`, one more than sources; empty if dense
  Buffer<std::uint16_t> targets;       ///< input slots, counted from `base`; empty if dense or wide
  Buffer<std::uint32_t> wide_targets;  ///< the same in lanes that need more bits
  Buffer<float> weights;               ///< one a synapse, or empty if all are `weight`
  float weight = 0;
  Buffer<std::uint32_t> first_segment;  ///< of a source, one more than sources; empty if the delay is uniform
  Buffer<Segment> segments;
  Buffer<std::uint32_t> parts;  ///< synapses of (source, projection of the group); empty if the group is one projection
  Tick least_delay = kNever, largest_delay = 1;
  std::shared_ptr<const SharedKernel> kernel;  ///< if set: no target and no weight is stored, and `begin` only counts
  std::uint32_t inhibitory = 0;                ///< distance from `base` to the slots for negative weights (kernel)

  std::uint64_t row_begin(std::size_t source) const { return dense ? source * width : begin[source]; }
  std::uint64_t row_end(std::size_t source) const { return dense ? (source + 1) * width : begin[source + 1]; }
  std::uint64_t size() const { return dense ? std::uint64_t{sources} * width : begin.empty() ? 0 : begin.back(); }
  std::uint32_t target(std::uint64_t synapse) const {
    if (kernel) return of_kernel(synapse).first;
    return wide_targets.empty() ? targets[synapse] : wide_targets[synapse];
  }
  /// The source of a synapse that is not dense.
  std::uint32_t source_of(std::uint64_t synapse) const {
    return static_cast<std::uint32_t>(std::upper_bound(begin.begin(), begin.end(), synapse) - begin.begin() - 1);
  }
  /// Calls f with a pointer to the target of a synapse; there are as many behind it as there are synapses.
  template <class F>
  decltype(auto) with_targets(std::uint64_t synapse, F&& f) const {
    return wide_targets.empty() ? f(targets.data() + synapse) : f(wide_targets.data() + synapse);
  }
  float weight_of(std::uint64_t synapse) const {
    if (kernel) return of_kernel(synapse).second;
    return weights.empty() ? weight : weights[synapse];
  }
  /// Target, counted from `base`, and weight of a synapse of a kernel.
  std::pair<std::uint32_t, float> of_kernel(std::uint64_t synapse) const;
  /// One target and one weight a synapse from now on, for weights that are set one by one. `wide`: targets take 4 bytes.
  void unroll(bool wide);
};

/// Builds the synapses of a group onto a lane. Pure: which synapses, weights and delays there are depends on (seed, random_key) and the
/// identity of the neurons only, not on the lane. Beside the result it needs 1 byte a synapse for a while where delays are drawn, 2 or 4
/// where they spread over more than 255 or 65,535 ticks.
Synapses build_synapses(const Network& network, const Group& group, const LaneLayout& lane);

/// Calls `each(source, target, weight)` for every synapse of a projection as it is before anything is learned, targets ascending for each
/// source.
void for_each_initial_weight(const Network& network, const Projection& projection,
                             const std::function<void(std::uint32_t, std::uint32_t, float)>& each);

}  // namespace spikeloop::engine
