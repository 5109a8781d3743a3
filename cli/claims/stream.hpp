// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/claims/claim.hpp"

namespace spikeloop::cli {

/// A temporal stream is learned without phases: input trains are played back to back, in one session that is never reset, while the
/// controller compares the outputs with target trains and every synapse takes over at once what the feedback does (rule `feedback_current`:
/// Saponati et al. 2026, arXiv 2602.13261). What was learned is measured from time to time in a second session, without target, feedback
/// and learning.
///
/// The network has an external source "in", a controlled population "out", and at least one rule with Commit::kImmediate. Data: the Oxford
/// spike-train pair (events/oxford_input.bs1 and events/oxford_output.bs1 of `options.data`), 200 trains of 1.9 s each. Throws
/// DescriptionError if they are missing.
ClaimResult stream(const NetworkDescription& network, const ClaimOptions& options);
Claim stream_claim();

}  // namespace spikeloop::cli
