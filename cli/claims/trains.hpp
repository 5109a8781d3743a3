// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/recording.hpp"

/// How alike spike trains are.
namespace spikeloop::cli {

/// The spikes of every neuron of a population, times in ms, ascending.
using Trains = std::vector<std::vector<double>>;

/// Of the spikes of one population, from `start` on, counted from there.
Trains trains_of(std::span<const Spike> spikes, std::uint32_t population, std::size_t neurons, Time start = 0);

/// Squared van Rossum distance of two populations, D^2 = 1/tau integral (f - g)^2 dt with f = sum exp(-(t - t_i) / tau) (van Rossum 2001,
/// DOI 10.1162/089976601300014321), summed over neurons and divided by that of `target` from silence: 0 = equal, 1 = as bad as silence.
double van_rossum(const Trains& trains, const Trains& target, double tau_ms);

/// Pearson's correlation of two populations' trains, each smoothed by a Gaussian of standard deviation `sigma_ms` and read every ms of
/// 0 .. `duration_ms`; the mean over neurons. A train without variance correlates with nothing: 0.
double correlation(const Trains& trains, const Trains& target, double sigma_ms, double duration_ms);

}  // namespace spikeloop::cli
