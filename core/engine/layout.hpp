// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "core/network.hpp"

/// How a network is cut into lanes, where in a lane inputs are summed, and which projections share rows: a function of the network alone,
/// but for the number of lanes, which nothing that is computed depends on.
namespace spikeloop::engine {

/// The neurons [begin, end) of a population.
struct Slice {
  std::uint32_t begin = 0, end = 0;
  std::uint32_t size() const { return end - begin; }
};

/// Where the inputs of a population are summed in a lane: one float per neuron and kind of input, each kind `stride` floats long.
struct Inputs {
  std::uint32_t begin = 0;   ///< slot of the first neuron's basal input
  std::uint32_t stride = 0;  ///< the slice's size, rounded up
  std::uint32_t kinds = 0;   ///< how many follow each other; the basal input is the first
  std::uint32_t end() const { return begin + kinds * stride; }
};

/// Which kinds of input a population has, and which of them comes where; 0 = it has none of this kind.
struct InputKinds {
  std::uint32_t inhibitory = 0, apical = 0, modulator = 0, count = 1;
  std::uint32_t of(Port port) const { return port == Port::kApical ? apical : port == Port::kModulator ? modulator : 0; }
};

/// Projections of one source population that share rows: all arrive in the same way, and none has the same target and port as another.
struct Group {
  std::uint32_t source = 0;
  std::vector<std::uint32_t> projections;
  bool dense = false, plastic = false, current = false;
  bool drive = false;   ///< Poisson counts drawn where they arrive: nothing waits in the calendar
  bool stored = false;  ///< one weight a synapse
  bool kernel = false;  ///< one kernel for all, see SharedKernel
  bool uniform_delay = true;
  float weight = 0;  ///< where not stored
  Tick delay = 1;    ///< where uniform
};

/// What one lane owns.
struct LaneLayout {
  std::vector<Slice> slices;   ///< per population
  std::vector<Inputs> inputs;  ///< per population; empty for sources
  std::uint32_t slots = 0;     ///< floats in all inputs together; at most kNarrowSlots where synapses are many
};

/// In a lane with so many slots at most, 16 bits tell where a synapse ends.
inline constexpr std::uint32_t kNarrowSlots = 65'536;

struct Layout {
  std::vector<InputKinds> kinds;  ///< per population
  std::vector<Group> groups;
  std::vector<std::uint32_t> group_of;  ///< per projection
  std::vector<LaneLayout> lanes;        ///< a multiple of the number of threads
};

/// True if every source of the projection reaches every target, all at one delay: rows without targets.
bool is_dense(const Projection& p);

InputKinds input_kinds(const Network& network, std::size_t population);
Layout layout_of(const Network& network, std::size_t threads);

/// What a network will need in the simulator, as far as it is known before anything is drawn. All in bytes.
struct Memory {
  /// Projections that share rows, by index; a Poisson drive has no rows.
  struct Rows {
    std::vector<std::uint32_t> projections;
    double synapses = 0, bytes = 0;
  };
  std::vector<Rows> rows;
  double synapses = 0;      ///< in all rows
  double connectivity = 0;  ///< of all rows
  double state = 0;         ///< of neurons and sources
  double building = 0;      ///< for a while, on top of the rest
  double total() const { return connectivity + state; }
};
Memory memory_of(const Network& network, const Layout& layout);

/// How rows with drawn delays are put in order: with so many bytes a synapse for its delay, and in so many passes that these are not more
/// than a quarter of what the rows take.
struct DelaySort {
  double bytes = 1;  ///< 1, 2 or 4
  std::uint32_t passes = 1;
};
DelaySort delay_sort(const Network& network, const Group& group);

/// About as many different delays as a row of the group can have.
double most_delays(const Network& network, const Group& group);

/// The weight of a projection as the synapse has it, and its delay in ticks, where they are constant.
float constant_weight(const Projection& p);
Tick ticks_of(double delay_ms, Time resolution);

/// True if the Poisson population is drawn where it arrives: counts, and every projection of it one-to-one with one delay. Probes have no
/// say in this, for the way in which the sums are formed would change what follows.
bool drawn_at_arrival(const Network& network, std::size_t population);

/// Below this many expected spikes per neuron and tick of a Poisson source, gaps are drawn; at or above it, counts.
inline constexpr double kCountsFrom = 0.1;

}  // namespace spikeloop::engine
