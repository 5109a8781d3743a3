// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/// Random numbers of synapses, by inversion of the distribution function from the mode outwards (Kemp 1986, DOI 10.1080/03610928608829153):
/// one uniform number in [0, 1) gives one variate.
namespace spikeloop::engine {

/// How many of `n` trials succeed, each with probability `p`.
std::uint64_t binomial(double u, std::uint64_t n, double p);

/// How many of `drawn` items, drawn without putting back from `all`, are among `marked` ones; marked and drawn <= all.
std::uint64_t hypergeometric(double u, std::uint64_t all, std::uint64_t marked, std::uint64_t drawn);

}  // namespace spikeloop::engine
