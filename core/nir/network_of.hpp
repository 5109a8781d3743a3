// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/network.hpp"
#include "core/nir/conventions.hpp"
#include "core/nir/flat.hpp"

/// From NIR to a network that is run event by event.
namespace spikeloop::nir {

/// A network, and what a description cannot say. One volt, or whatever the file's unit is, is 1 mV.
struct NirNetwork {
  NetworkDescription description;                       ///< resolution 1 ns; populations are named like nodes, Inputs are external sources
  std::map<std::string, std::vector<NeuronModel>> own;  ///< populations whose neurons differ: one model a neuron, for Session::set_neurons
  std::vector<std::string> outputs;                     ///< populations that an Output shows
  std::vector<std::string> notes;                       ///< what was composed, unrolled or rounded
};

/// The network of a graph. Exact: currents of pulses are switched on and off by spikes, affine biases are continuous currents.
/// `sample_every` also probes potentials, at its multiples. Throws DescriptionError with everything that cannot be expressed.
NirNetwork network_of(const FlatGraph& graph, const Conventions& conventions, std::optional<Time> sample_every = {});

}  // namespace spikeloop::nir
