// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

/// File formats, one file each. Bad content is a DescriptionError with file and line, a failing disk a DeviceError.
namespace spikeloop::io {

/// Reads a whole file of at most `max_bytes` bytes; `origin` tells in the error where to get the file when it is missing.
/// Missing, a directory, too large: DescriptionError. Cannot be opened or read: DeviceError.
std::string read_file(const std::filesystem::path& path, std::size_t max_bytes, std::string_view origin = {});

/// Writes a whole file so that a reader sees the old content or the new, never a part; throws DeviceError.
void write_file(const std::filesystem::path& path, std::string_view bytes);

/// Whether the bytes start as gzip data does.
bool is_gzip(std::string_view bytes);

/// Unpacks gzip data (RFC 1952, all members) of at most `max_bytes` unpacked bytes; `name` stands in the DescriptionError for damaged data.
std::string gunzip(std::string_view packed, std::size_t max_bytes, const std::string& name);

/// The SHA-256 of the bytes as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

/// Throws DescriptionError unless the bytes have this SHA-256 (any case); an empty `expected` is not checked. Returns the digest found.
std::string check_sha256(std::string_view bytes, std::string_view expected, const std::string& name);

}  // namespace spikeloop::io
