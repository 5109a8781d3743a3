// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

/// The handwritten digits that claims train on.
namespace spikeloop::cli {

/// Of digits.csv.gz, as the examples have it.
inline constexpr const char* kDigitsSha256 = "46abec6b12486ad9e51943373abcf22bbea1b5a51a1619b361570d8893f1464a";

/// The folder of digits.csv.gz and digits_split.txt: the folder of data if they are there, else where the program was built.
std::filesystem::path digits_folder(const std::filesystem::path& data);

}  // namespace spikeloop::cli
