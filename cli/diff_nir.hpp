// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cli/diff_cause.hpp"

/// Why two networks part of which one at least lies in a NIR file.
namespace spikeloop::cli {

/// How the files of both sides are read, and in which datasets of nodes they differ, in the terms of NIR; empty unless both are NIR files.
std::vector<Difference> differences_of_files(const DiffPair& pair);

/// A gets the datasets that B has of all these causes at once, for one may need the others: another padding other shapes. Throws
/// DescriptionError where the file that comes of it is none.
void take_datasets(DiffPair& pair, const std::set<std::string>& causes);

/// "value" or "subtract".
const char* name_of(Reset reset);

/// Whether the coarser of two sets of weights is the other, rounded: no change is larger than half of its smallest step. Says how.
std::optional<std::string> rounding(const std::vector<float>& a, const std::vector<float>& b);

}  // namespace spikeloop::cli
