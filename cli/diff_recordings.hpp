// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "core/compare.hpp"

/// Recordings that `diff` compares.
namespace spikeloop::cli {

/// Whether it is a recording of events or spikes, or a folder that a run has written.
bool is_run_or_recording(const std::string& path, const std::string& time_unit);

/// All of its spikes. Events of pixels are populations "on" and "off", and neuron 65,536 y + x. Throws DescriptionError for a file that is
/// damaged, or has more than 2^27 events.
NamedSpikes read_recording(const std::string& path, const std::string& time_unit);

/// The last potential before a divergence, with its time, that a run directory has of that neuron.
std::optional<std::pair<Time, double>> sampled_before(const std::string& path, const Divergence& divergence);

}  // namespace spikeloop::cli
