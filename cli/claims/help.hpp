// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/claims/claim.hpp"

namespace spikeloop::cli {

/// Learning reduces the help that is needed: the controller's spikes a trial fall as the errors do, and not where nothing is learned.
Claim help_claim();

}  // namespace spikeloop::cli
