// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
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

/// Of digits.csv.gz, as the examples have it.
inline constexpr const char* kDigitsSha256 = "46abec6b12486ad9e51943373abcf22bbea1b5a51a1619b361570d8893f1464a";

/// The folder of the digits that ship: the folder of data if they are there, else where the program was built.
std::filesystem::path digits_folder(const std::filesystem::path& data);

}  // namespace spikeloop::cli
