// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/claims/claim.hpp"

namespace spikeloop::cli {

/// Gated pair STDP does what the differential-Hebbian rule does, and both descend the error (Aceituno et al. 2023,
/// DOI 10.3389/fncom.2023.1136010): angles between the mean updates of the rules, in each layer of a network for the digits.
///
/// The network has an external source "in" of 64 neurons, the populations "hidden" and "out" (controlled, 10 neurons), one projection from
/// each to the next with a rule R for gated STDP, and a rule "R_current" that trains the network first. Data: digits.csv.gz, beside the
/// examples or in `options.data`.
ClaimResult angles(const NetworkDescription& network, const ClaimOptions& options);
Claim angles_claim();

}  // namespace spikeloop::cli
