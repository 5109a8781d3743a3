// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "backends/dynapse/compile.hpp"
#include "core/chip.hpp"
#include "core/mapping.hpp"
#include "core/network.hpp"

namespace spikeloop::dynapse {

/// examples/chips/dynapse1.txtpb.
const ChipSpec& dynapse1();

Population external(const std::string& name, std::uint64_t size);
/// Neurons that the chip has: lif_exp, reset to rest, floor at rest.
Population neurons(const std::string& name, std::uint64_t size, double tau_m_ms = 20, double tau_syn_ms = 5);
/// All to all, constant weight.
Projection projection(const std::string& source, const std::string& target, double weight_mv);
Probe spikes_of(const std::string& population);

/// (source population, neuron, target population, neuron, type) -> CAM words.
using Graph = std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t, SynapseType>, unsigned>;

/// What the words do, by following every event: from the routes of inputs and the SRAM of neurons over the mesh to every CAM word of the
/// cores that it reaches. Knows nothing of how the mapper works.
Graph rebuild(const Mapping& mapping);
/// What the stages before the words say: synapses of the circuit with a count.
Graph graph_of(const Compiled& compiled);

/// "resource need limit" of each, a line each.
std::string text_of(const std::vector<Violation>& violations);

/// The network on dynapse1(); a failure if it does not fit.
Compiled compiled(const Network& network, const MapOptions& options = {});

}  // namespace spikeloop::dynapse
