// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "core/io/hdf5_handle.hpp"
#include "core/nir/graph.hpp"

/// Files of the Neuromorphic Intermediate Representation: HDF5 with /version and the root graph in /node.
namespace spikeloop::io {

/// Limits of a file; more than this is refused before it is read.
inline constexpr std::size_t kMostNirNodes = 65'536, kMostNirDepth = 32, kMostNirEdges = std::size_t{1} << 20;
inline constexpr std::uint64_t kMostNirValues = std::uint64_t{1} << 28;  ///< numbers in all arrays together

/// Whether a file is HDF5 with a group /node.
bool is_nir(const std::filesystem::path& path);

/// Reads a graph, old (contiguous) or new (gzip). Throws DescriptionError with the place in the file and what to do; what the nodes mean is
/// not looked at.
nir::Graph read_nir(const std::filesystem::path& path);

/// The same for an open file; `name` stands in errors.
nir::Graph read_nir(const Hdf5Handle& file, const std::string& name);

/// How a graph is written.
struct NirWriteOptions {
  bool gzip = false;  ///< as NIR does since 2026; without it older readers see what they know
};

/// The bytes of a file, the same for the same graph. Throws DescriptionError for names that no HDF5 file can have.
std::string nir_bytes(const nir::Graph& graph, const NirWriteOptions& options = {});

/// Writes a file, complete or not at all; throws DescriptionError or DeviceError.
void write_nir(const std::filesystem::path& path, const nir::Graph& graph, const NirWriteOptions& options = {});

}  // namespace spikeloop::io
