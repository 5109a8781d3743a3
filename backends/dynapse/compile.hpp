// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "backends/dynapse/encode.hpp"

namespace spikeloop::dynapse {

/// Events and energy of a second, estimated from rates (`Circuit::rate_hz`).
struct Traffic {
  double spikes_hz = 0;      ///< of the chip's neurons
  double inputs_hz = 0;      ///< events played into the chip: one a spike and chip
  double broadcasts_hz = 0;  ///< to cores
  double hops_hz = 0;        ///< between chips
  double matches_hz = 0;     ///< CAM words
  double watts = 0;          ///< at the chip's prices, without static power
};

/// How near a resource is to its end.
struct Utilisation {
  std::string resource;
  std::string where;  ///< "U0 core 2"
  double used = 0, limit = 0;
};

/// Every stage of a network that fits.
struct Compiled {
  Circuit circuit;
  Placement placement;
  QuantisedNetwork quantised;
  Configuration configuration;
  std::vector<std::string> notes;
};

/// All stages, or all violations of the first stage that has any.
struct Outcome {
  Compiled compiled;
  std::vector<Violation> violations;  ///< empty: it fits
};
Outcome compile(const Network& network, const ChipSpec& chip, const MapOptions& options = {});

/// New weights on the same places: only counts, units and words change. Throws CapacityError if the weights do not fit.
Compiled recompile(const Network& network, const ChipSpec& chip, Compiled compiled, const std::vector<InitialWeights>& weights,
                   const MapOptions& options = {});

Mapping mapping_of(const Network& network, const ChipSpec& chip, const Compiled& compiled, const MapOptions& options = {});
Traffic traffic_of(const Compiled& compiled, const ChipSpec& chip);
/// The fullest place of each resource; the fullest resource, which binds first, comes first.
std::vector<Utilisation> utilisation_of(const Compiled& compiled, const ChipSpec& chip);

}  // namespace spikeloop::dynapse
