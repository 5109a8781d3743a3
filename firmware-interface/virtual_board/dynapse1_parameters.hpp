// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "firmware-interface/dynapse1/biases.hpp"
#include "firmware-interface/virtual_board/dynapse1_neuron.hpp"

/// From the biases of a core to the parameters of its neurons. A model, not silicon: DYNAPSE1_MODEL.md.
namespace spikeloop::firmware {

/// Currents of a core's biases in A, in the order of `kCoreBiases` (`bias_index`).
using CoreBiases = std::array<double, kCoreBiases.size()>;

/// Where a bias address of a core leads: which core, and the place among its biases. Only for addresses of core biases.
struct BiasPlace {
  unsigned core = 0;
  std::size_t index = 0;
};
BiasPlace place_of_bias(std::uint8_t address);

/// How a neuron departs from the nominal: a factor for each bias that reaches it, and one for its threshold.
struct NeuronMismatch {
  NeuronMismatch() { factor.fill(1); }
  /// Independent log-normal factors of mean 1 and this coefficient of variation. `neuron`: 0..4095 of the board.
  NeuronMismatch(std::uint64_t seed, unsigned neuron, double variation);
  std::array<float, kCoreBiases.size() + 1> factor;
};

/// What these biases make of a neuron; `tau2`: its leak is IF_TAU2_N, not IF_TAU1_N.
NeuronParameters neuron_parameters(const CoreBiases& biases, const NeuronMismatch& mismatch, bool tau2);

/// Biases at which the model's neurons answer: with no input they are silent, and an event on a fast excitatory synapse makes a spike.
/// Membrane 20 ms; fast synapses 2 ms, slow ones 50 ms; refractory 1 ms; no adaptation, no constant input. All 106 of a chip. Ours.
std::vector<ChipWord> responsive_biases();

}  // namespace spikeloop::firmware
