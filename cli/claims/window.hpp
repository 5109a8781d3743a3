// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/claims/claim.hpp"

namespace spikeloop::cli {

/// The change that pairs of spikes make is the window that the rule's formula says (`Stdp` in core/learning.hpp), pair by pair.
Claim window_claim();

}  // namespace spikeloop::cli
