// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/claims/claim.hpp"

namespace spikeloop::cli {

/// One neuron learns from feedback to answer a pattern of spikes that its inputs repeat among others with as many spikes of each.
Claim detection_claim();

}  // namespace spikeloop::cli
