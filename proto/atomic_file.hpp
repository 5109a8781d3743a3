// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace spikeloop {

/// Writes a file so that at every moment, a crash included, `path` holds either its old content or all of `bytes`.
/// Throws DeviceError that names the problem (disk full, no permission, ...); the old file is then untouched and nothing else is left
/// behind.
void write_file_atomically(const std::string& path, std::string_view bytes);

}  // namespace spikeloop
