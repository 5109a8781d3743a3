// SPDX-License-Identifier: Apache-2.0
#include "core/mapping.hpp"

#include <fmt/format.h>

#include "core/errors.hpp"

namespace spikeloop {
namespace {

std::uint32_t key_of(ChipPlace place) {
  return static_cast<std::uint32_t>(place.chip) << 16 | static_cast<std::uint32_t>(place.core) << 8 | place.neuron;
}

}  // namespace

PlaceIndex::PlaceIndex(const Mapping& mapping) {
  for (std::uint32_t p = 0; p < mapping.populations.size(); ++p) {
    const MappedPopulation& population = mapping.populations[p];
    if (population.home != Home::kChip) continue;
    if (population.places.size() != population.size)
      throw DescriptionError(fmt::format("population \"{}\" has {} neurons, but {} places on the chip; map the network again",
                                         population.name, population.size, population.places.size()));
    for (std::uint32_t n = 0; n < population.size; ++n) {
      const ChipPlace place = population.places[n];
      if (neurons_.emplace(key_of(place), LogicalNeuron{p, n}).second) continue;
      throw DescriptionError(fmt::format("neuron {} of \"{}\" has the place of another: U{} core {} neuron {}; map the network again", n,
                                         population.name, place.chip, place.core, place.neuron));
    }
  }
}

std::optional<LogicalNeuron> PlaceIndex::find(ChipPlace place) const {
  const auto at = neurons_.find(key_of(place));
  return at == neurons_.end() ? std::nullopt : std::optional(at->second);
}

}  // namespace spikeloop
