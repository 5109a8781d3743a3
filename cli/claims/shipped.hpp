// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

/// What the build takes along from examples/; the source is written by cli/CMakeLists.txt.
namespace spikeloop::cli {

struct ShippedNetwork {
  std::string_view name;  ///< of the claim
  std::string_view text;  ///< of its description
};

/// The descriptions in examples/claims.
const std::vector<ShippedNetwork>& shipped_networks();

/// The folder examples/data where the program was built; it may be gone since.
const char* shipped_data();

}  // namespace spikeloop::cli
