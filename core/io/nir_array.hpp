// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "core/io/hdf5_handle.hpp"
#include "core/nir/graph.hpp"

/// One dataset of a NIR file; used by its reader and writer.
namespace spikeloop::io {

/// Throws DescriptionError: what is wrong at `place` of the file `name`, and what to do.
[[noreturn]] void fail_nir(const std::string& name, const std::string& place, std::string what, std::string suggestion);

/// Reads the dataset `link` of a group, of any number type (bool included) or text, whole. `place` is its path. Takes its number of values
/// from `values_left`, and throws DescriptionError before anything is allocated if there are more, if it is no dataset, or if it cannot be
/// read.
nir::Array read_array(hid_t group, const char* link, const std::string& place, const std::string& name, std::uint64_t& values_left);

/// Writes a dataset; the library's failures are thrown as BugError, for the file is in memory.
void write_array(hid_t group, const std::string& link, const nir::Array& array, bool gzip);

}  // namespace spikeloop::io
