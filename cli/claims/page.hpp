// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/claims/claim.hpp"
#include "report/json.hpp"
#include "report/table.hpp"

/// What came out of a claim, for people and for programs.
namespace spikeloop::cli {

/// The findings that do not hold, "name is value, expected ..."; empty if the claim holds.
std::string failures(const ClaimResult& result);

/// A row a finding: name, value, expected, holds.
report::Table claim_table(const ClaimResult& result);

/// The text of claim.json (indent 4). NaN and infinity are written as null.
std::string claim_json(const Claim& claim, const ClaimOptions& options, const ClaimResult& result, const report::RunInfo& info);

/// The text of a page with everything in it: verdict, findings, plots, the network's description and the command.
std::string claim_html(const Claim& claim, const ClaimResult& result, const std::string& network, const report::RunInfo& info);

}  // namespace spikeloop::cli
