// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/cli.hpp"

namespace spikeloop::cli {

/// `spikeloop diff A B`: where two networks, or two recordings, part.
Verb diff_verb();

}  // namespace spikeloop::cli
