// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/cli.hpp"

namespace spikeloop::cli {

/// `spikeloop boards`: which boards there are.
Verb boards_verb();
/// `spikeloop doctor`: why a board cannot be used.
Verb doctor_verb();

}  // namespace spikeloop::cli
