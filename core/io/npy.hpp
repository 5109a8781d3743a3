// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// NumPy's .npy files, format versions 1.0 and 2.0: little-endian f4, f8, i4 and i8 in C order.
namespace spikeloop::io {

/// An array as it lies in a .npy file.
struct NpyArray {
  std::vector<std::size_t> shape;  ///< empty: one value without a dimension
  std::variant<std::vector<float>, std::vector<double>, std::vector<std::int32_t>, std::vector<std::int64_t>> values;

  std::size_t size() const;           ///< number of values, the product of the shape
  std::vector<float> floats() const;  ///< the values as float32, rounded to nearest
};

/// What the header of a .npy file says.
struct NpyLayout {
  std::string type;                                         ///< "<f4"; empty for a structured array
  std::vector<std::pair<std::string, std::string>> fields;  ///< name and type of each field of a structured array
  bool fortran_order = false;
  std::vector<std::size_t> shape;
  std::size_t header_bytes = 0;  ///< before the first value
};

/// The longest header that is read by `parse_npy_layout` callers who do not have the whole file; NumPy's own are a few hundred bytes.
inline constexpr std::size_t kMostNpyHeader = std::size_t{1} << 16;

/// Reads the header from the first bytes of a .npy file; throws DescriptionError. `name` stands in errors.
NpyLayout parse_npy_layout(std::string_view bytes, const std::string& name);

/// A matrix of weights: rows = sources.
struct Matrix {
  std::size_t rows = 0, columns = 0;
  std::vector<float> values;  ///< row-major
};

/// Reads a .npy file; throws DescriptionError (wrong or damaged content) or DeviceError.
NpyArray read_npy(const std::filesystem::path& path);

/// Reads the bytes of a .npy file; nothing is allocated that the bytes do not pay for. `name` stands in the DescriptionError.
NpyArray parse_npy(std::string_view bytes, const std::string& name);

/// Reads a .npy file with two dimensions, of any number type; throws DescriptionError, also for infinite and undefined values, or
/// DeviceError.
Matrix read_npy_matrix(const std::filesystem::path& path);

/// The bytes of a .npy file of format 1.0; `values` has the product of `shape` values (else BugError).
std::string npy_bytes(const NpyArray& array);

/// Writes a .npy file; throws DeviceError.
void write_npy(const std::filesystem::path& path, const NpyArray& array);

/// Writes a matrix as float32, rows first; throws DeviceError.
void write_npy_matrix(const std::filesystem::path& path, std::size_t rows, std::size_t columns, std::span<const float> values);

}  // namespace spikeloop::io
