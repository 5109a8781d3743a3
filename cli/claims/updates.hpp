// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/recording.hpp"

/// What learning rules would change, from recorded spikes; and how alike changes are.
namespace spikeloop::cli {

/// One change a synapse of an all-to-all projection, sources x targets, row-major.
using Update = std::vector<double>;

/// A projection and the trial that its update is of.
struct Synapses {
  std::uint32_t source = 0, target = 0;  ///< populations
  std::size_t sources = 0, targets = 0;  ///< their sizes
  Time delay = 0;
};

/// Where rates are compared, in a trial.
struct Gate {
  Time start = 0, end = 0;  ///< plasticity is on from `start` to `end`
  Time tick = 0;            ///< of the network: every spike is on one
  double active_trace = 0;  ///< neurons whose trace is below this at `start` do not learn
};

/// Adds the differential-Hebbian update integral of r_pre dr_post over the gate (Aceituno et al. 2023, DOI 10.3389/fncom.2023.1136010),
/// rates being exponential traces of time constant `tau_ms` that jump by 1 at arrivals and at post spikes: sum of r_pre at the post spikes,
/// minus 1/tau integral of r_pre r_post, in closed form. Where both jump in one tick r_pre counts with its mean, as it would for smooth
/// rates.
void add_hebbian(Update& sum, std::span<const Spike> spikes, const Synapses& synapses, const Gate& gate, double tau_ms);

/// Rates (spikes a second) of a population's neurons in [0, until).
std::vector<double> rates_of(std::span<const Spike> spikes, std::uint32_t population, std::size_t neurons, Time until);

/// Adds pre x delta, the update that descends the squared error of rates if `delta` is the (backpropagated) error.
void add_outer(Update& sum, std::span<const double> pre, std::span<const double> delta);

/// Between two updates, in degrees: 0 = the same direction, 90 = nothing in common, 180 = opposite. 90 if one of them is zero, NaN if one
/// holds NaN.
double angle_deg(const Update& a, const Update& b);

}  // namespace spikeloop::cli
