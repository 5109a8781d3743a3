// SPDX-License-Identifier: Apache-2.0
#include "cli/claims/claim.hpp"

#include <algorithm>
#include <cmath>

namespace spikeloop::cli {

bool Finding::passes() const { return holds && !std::isnan(value); }

bool ClaimResult::holds() const {
  return std::all_of(findings.begin(), findings.end(), [](const Finding& finding) { return finding.passes(); });
}

}  // namespace spikeloop::cli
