// SPDX-License-Identifier: Apache-2.0
#include "cli/claims/claim.hpp"

#include <algorithm>

namespace spikeloop::cli {

bool ClaimResult::holds() const {
  return std::all_of(findings.begin(), findings.end(), [](const Finding& finding) { return finding.holds; });
}

}  // namespace spikeloop::cli
