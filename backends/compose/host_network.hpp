// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "core/backend.hpp"
#include "core/mapping.hpp"
#include "core/network.hpp"

namespace spikeloop::compose {

/// The part of a network that runs beside a chip: populations that live on the host, and every synapse that they see or that learns.
///
/// A population on the chip at whose neurons something is learned gets an *echo* on the host: neurons that fire when the chip's do, and
/// only then, so that rules, traces, gates and feedback currents are those of the simulator. Its drive comes from an external source of its
/// own and is a million times its threshold's share of any weight, so that the echoed synapses never make it fire. All other populations on
/// the chip, and all sources, are external sources here.
struct HostNetwork {
  /// Populations have the indices of the whole network; the drives of echoes come behind them.
  Network network;
  std::vector<std::optional<std::uint32_t>> drive;        ///< by population of the whole network: the source that drives its echo
  std::vector<std::optional<std::size_t>> projection_of;  ///< by projection of the whole network: the one here
  std::vector<InitialWeights> weights;                    ///< of projections here with one delay, as the whole network starts
  std::vector<std::uint32_t> probe_of;                    ///< by probe here: the one of the whole network; `kNone`: only we look
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
};

/// Nothing if all of the network is on the chip and nothing in it learns.
std::optional<HostNetwork> host_network(const Network& network, const std::vector<Home>& homes);

/// The sources of the network that are not external, by themselves, probed: their spikes are those that the simulator draws. Populations
/// have the indices of the whole network (others are external sources that stay silent). Nothing if there are none.
std::optional<Network> source_network(const Network& network);

}  // namespace spikeloop::compose
