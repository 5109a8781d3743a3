// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/io/event_writer.hpp"

namespace spikeloop::io {

/// Most spikes of a file: they are sorted by unit in memory, 16 bytes each.
inline constexpr std::size_t kMostNwbSpikes = std::size_t{1} << 28;

/// Writes neurons as units of Neurodata Without Borders 2 (nwb-schema.readthedocs.io): /units with `id`, `spike_times` (float64 s),
/// `spike_times_index` (the end of each unit), and the columns `population` and `neuron`; neurons without a spike have no unit. The start
/// of the session is not known and stands as 1970-01-01. `populations` names them; empty: one without a name. `write` throws
/// DescriptionError for more than `kMostNwbSpikes`; `close` DeviceError.
std::unique_ptr<EventWriter> make_nwb_writer(const std::filesystem::path& path, std::vector<std::string> populations);

}  // namespace spikeloop::io
