// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/nir.hpp"
#include "core/compare.hpp"
#include "core/network.hpp"

/// Networks that `diff` runs beside each other.
namespace spikeloop::cli {

/// One of two networks, to be run as often as is wanted. A value: what is changed in a copy changes nothing else.
struct DiffSide {
  std::string file;
  NirOptions options;                  ///< of NIR files, as they were asked for
  std::shared_ptr<const NirFile> nir;  ///< null for descriptions
  std::optional<nir::Conventions> conventions;
  std::optional<nir::Tool> tool;                        ///< steps as this one does, else event by event
  NetworkDescription description;                       ///< without probes; of a stepped side its ports
  std::map<std::string, std::vector<NeuronModel>> own;  ///< see nir::NirNetwork

  /// How far apart two spikes of a neuron are at least told: a tick, or a step.
  Time step() const { return tool ? conventions->dt_ns() : description.resolution; }
};

/// Reads a NIR file or a description. Throws UsageError for options that do not go with it, DescriptionError for what is wrong in it.
DiffSide load_side(const std::string& file, const NirOptions& options);

/// The NIR file again with other options (of a tool: with the same one). Throws DescriptionError where they leave something open.
DiffSide reloaded(const DiffSide& side, const NirOptions& options);

/// Spikes for the external sources of the side: of a file as `run --input` takes them, or without one Poisson trains of `rate_hz`, drawn.
NamedSpikes input_of(const DiffSide& side, const std::string& file, const std::string& time_unit, double rate_hz, Time until, Terminal& t);

/// The spikes of all its populations, sources included; of external ones those of `input`, as they were given. Throws DescriptionError for
/// input of a population that it has not.
NamedSpikes run_side(const DiffSide& side, const NamedSpikes& input, Time until);

/// The potential (mV; of a tool in its own unit) of a neuron at `time`, or nothing for a source.
std::optional<double> potential_at(const DiffSide& side, const NamedSpikes& input, const std::string& population, std::uint32_t neuron,
                                   Time time);

}  // namespace spikeloop::cli
