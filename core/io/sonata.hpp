// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/io/event_writer.hpp"
#include "core/io/events.hpp"
#include "core/io/hdf5_handle.hpp"

/// Spikes as SONATA has them (github.com/AllenInstitute/sonata, developer guide): HDF5, /spikes/<population>/timestamps (float64; attribute
/// `units`, else milliseconds) and node_ids (uint64), attribute `sorting` on the population. Files from before the populations have
/// /spikes/timestamps and /spikes/gids.
namespace spikeloop::io {

/// Whether an HDF5 file has a group /spikes. Throws DescriptionError for what the library cannot open, as for a file that is cut.
bool is_sonata(const std::filesystem::path& path);

/// Reads a file of either layout, population by population; the one of the old layout has an empty name. Throws DescriptionError for a file
/// that is cut or has something else.
std::unique_ptr<EventReader> open_sonata(const std::filesystem::path& path);

/// The same for a file that is open; `name` stands in errors.
std::unique_ptr<EventReader> open_sonata(Hdf5Handle file, const std::string& name);

enum class SonataLayout {
  kPopulations,
  kOld,  ///< no populations; DescriptionError for a spike of a second one
};

/// Writes neurons as they come; `sorting` is by_time for what came so, else none. The file is complete after `close`. Throws DeviceError.
std::unique_ptr<EventWriter> make_sonata_writer(const std::filesystem::path& path, std::vector<std::string> populations,
                                                SonataLayout layout);

}  // namespace spikeloop::io
