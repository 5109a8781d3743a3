// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "backends/dynapse/compile.hpp"
#include "report/placement.hpp"
#include "report/table.hpp"

/// What `map` says of a network that fits: as tables, as labels of the picture, as JSON.
namespace spikeloop::cli {

/// A row a core: used / limit of everything it has.
report::Table core_table(const dynapse::Compiled& compiled, const ChipSpec& chip);
/// Weights by projection: what they differ by.
report::Table weight_table(const Network& network, const dynapse::Compiled& compiled);
/// Parameters by name: the core where the error is largest.
report::Table parameter_table(const dynapse::Compiled& compiled);
/// Events and energy of a second.
report::Table traffic_table(const dynapse::Compiled& compiled, const ChipSpec& chip);
std::vector<report::CoreLabel> core_labels(const dynapse::Compiled& compiled);

nlohmann::ordered_json map_json(const Network& network, const dynapse::Compiled& compiled, const ChipSpec& chip);
nlohmann::ordered_json to_json(const std::vector<dynapse::Violation>& violations);

}  // namespace spikeloop::cli
