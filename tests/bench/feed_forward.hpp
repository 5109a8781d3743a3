// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "core/network.hpp"
#include "core/recording.hpp"

/// Feed-forward inference without a random number: 784-512-256-10 with given weights and input, whose every spike is known.
namespace spikeloop::bench {

inline constexpr std::uint32_t kPresentations = 20;
inline constexpr Time kPresentation = 100 * kMillisecond;

/// Populations 0 (external) to 3; the spikes of 1 to 3 are probed.
NetworkDescription feed_forward();

/// Input of one presentation: ten frames, 10 ms apart.
std::vector<Spike> feed_forward_input(std::uint32_t presentation);

/// The spikes of the layers 1 to 3 from a file `layer,neuron,time_ms`, in the order (time, population, neuron).
std::vector<Spike> read_layer_spikes(const std::filesystem::path& file);

}  // namespace spikeloop::bench
