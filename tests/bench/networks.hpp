// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "core/network.hpp"

/// The networks that speed is measured on, as descriptions. None has a probe: rates come from `Session::counts`.
namespace spikeloop::bench {

/// The balanced random network of Brunel (2000, DOI 10.1023/A:1008925309027): N neurons, 80 % excitatory; each draws its sources uniformly.
struct Brunel {
  enum class Synapse { kDelta, kExponential };
  std::uint64_t neurons = 10'000;
  std::uint64_t excitatory_in_degree = 0;  ///< a quarter as many inhibitory ones; 0 = 8 % of the neurons
  Synapse synapse = Synapse::kDelta;
  bool stored_weights = false;  ///< one float a synapse instead of one a projection; the values are the same
  bool plastic = false;         ///< additive STDP on excitatory to excitatory synapses
  std::uint64_t seed = 1;
};
NetworkDescription brunel(const Brunel& options);

/// The CUBA network of Vogels and Abbott (2005), benchmark 2 of Brette et al. (2007, DOI 10.1007/s10827-007-0038-6): 4,000 neurons.
NetworkDescription cuba(std::uint64_t seed);

inline constexpr std::uint64_t kMicrocircuitNeurons = 77'169;

/// The cortical microcircuit of Potjans and Diesmann (2014, DOI 10.1093/cercor/bhs358). A scale below 1 scales neurons and in-degrees, and
/// holds mean and variance of the input by weights / sqrt(scale) and a constant current (van Albada et al. 2015,
/// DOI 10.1371/journal.pcbi.1004490).
NetworkDescription microcircuit(double scale, std::uint64_t seed);

/// `kActive` neurons, spread evenly over a population of `neurons`, that are driven and drive each other; the rest is silent.
struct FewActive {
  static constexpr std::uint32_t kActive = 100;
  std::uint32_t neurons = 1'000'000;  ///< kActive = the active ones alone
  Time resolution = 100 * kMicrosecond;
  bool driven = true;  ///< false: nothing ever happens
  std::uint64_t seed = 1;
};
NetworkDescription few_active(const FewActive& options);

/// Weight in mV of an exponential current that moves the potential by at most `psp_mv`.
double current_of_psp(double psp_mv, double tau_m_ms, double tau_syn_ms);

}  // namespace spikeloop::bench
