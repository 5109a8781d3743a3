// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/claims/claim.hpp"

namespace spikeloop::cli {

/// The table of claims, in the order in which they are listed.
const std::vector<Claim>& claims();

/// The claim of that name; throws DescriptionError with a "did you mean" if there is none.
const Claim& find_claim(const std::string& name);

/// The text of examples/claims/NAME_network.txtpb as it was when the program was built; throws BugError if there was none.
std::string_view shipped_network(std::string_view name);

}  // namespace spikeloop::cli
