// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/cli.hpp"

namespace spikeloop::cli {

/// `train EXPERIMENT`: the feedback-control learning job, with progress, checkpoints and a report.
Verb train_verb();

}  // namespace spikeloop::cli
