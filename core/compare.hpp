// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/recording.hpp"

/// Where two recordings part.
namespace spikeloop {

/// Spikes of populations that are known by their names.
struct NamedSpikes {
  std::vector<std::string> populations;
  std::vector<Spike> spikes;  ///< `population` is an index into the names; in any order

  /// The index of a name; the name is added if there is none.
  std::uint32_t index_of(const std::string& name);
};

/// The first spike that one of two recordings has and the other has not.
struct Divergence {
  Time time = 0;  ///< of that spike
  std::string population;
  std::uint32_t neuron = 0;
  std::optional<Time> a, b;  ///< when this neuron spikes in A and in B, from there on; none: it does not any more
  /// Whether the spike is one of A.
  bool of_a() const { return a == time; }
};

/// What a population does in both.
struct PopulationComparison {
  std::string name;
  std::uint64_t a = 0, b = 0, shared = 0;  ///< spikes in A, in B, and in both
};

struct SpikeComparison {
  std::vector<PopulationComparison> populations;  ///< of A in its order, then those that B alone has
  std::optional<Divergence> first;                ///< none: they are equal

  bool equal() const { return !first; }
};

/// Pairs the spikes of each neuron in the order of time: two are one where they are at most `tolerance` apart. The first divergence is the
/// earliest spike without a partner; of several at one time that of the first population, then of the lowest neuron.
SpikeComparison compare_spikes(const NamedSpikes& a, const NamedSpikes& b, Time tolerance = 0);

}  // namespace spikeloop
