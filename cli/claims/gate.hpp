// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/claims/claim.hpp"

namespace spikeloop::cli {

/// Pairs of spikes change the weight in full once feedback came (its spikes reached the apical port), and not at all before or without it.
Claim gate_claim();

}  // namespace spikeloop::cli
