// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "core/nir/graph.hpp"
#include "core/recording.hpp"

/// Convolutional networks of integrate-and-fire neurons, and what they do according to a program that knows nothing of the engine.
namespace spikeloop::nir::test {

/// `n` multiples of `grid` between `low` and `high`, all equally likely: sums of them are exact.
std::vector<double> dyadic(std::mt19937& random, std::size_t n, double low, double high, double grid = 1.0 / 64);

/// 2x34x34 -> 16 (5x5, stride 2, pad 1) -> 16 (3x3, pad 1) -> sum-pool 2 -> 8 (3x3, pad 1) -> sum-pool 2 -> 256 -> 10, integrate-and-fire
/// neurons after each but the pools. Weights are random and dyadic; every layer fires about once for each event of an N-MNIST recording.
Graph nmnist_network();

/// A spike of the plain program; `layer` counts the nodes that spike, from 0.
struct PlainSpike {
  Time time = 0;
  std::size_t layer = 0;
  std::uint32_t neuron = 0;

  friend auto operator<=>(const PlainSpike&, const PlainSpike&) = default;
};

/// An event into the Input: time in ns, number of the input.
struct PlainEvent {
  Time time = 0;
  std::uint32_t input = 0;
};

/// Runs a chain that begins with an Input and whose neurons are IF: event after event, impulses of area 1, 1 ns from layer to layer. With
/// `subtract` the threshold is taken off, else v is set to v_reset. Spikes before `until`, sorted.
std::vector<PlainSpike> plain_run(const Graph& chain, const std::vector<PlainEvent>& events, Time until, bool subtract);

}  // namespace spikeloop::nir::test
