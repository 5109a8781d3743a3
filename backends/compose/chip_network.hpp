// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/mapping.hpp"
#include "core/network.hpp"

namespace spikeloop::compose {

/// The part of a network that lives on a chip, by itself, for a simulator that takes the chip's place: nothing in it learns, and all others
/// are external sources. Populations and projections have the indices of the whole network; projections that end elsewhere are empty.
/// Probes: spikes of what is on the chip, and of what the whole network probes.
Network chip_network(const Network& network, const std::vector<Home>& homes);

/// How a population is called in a part of a network: names that begin with "ctrl." are reserved, also for those whom they were made for.
std::string name_in_part(const std::string& name);

/// Whether the network probes the spikes of a population.
bool probes_spikes(const Network& network, const std::string& population);

}  // namespace spikeloop::compose
