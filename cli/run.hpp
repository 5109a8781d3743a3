// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/cli.hpp"

namespace spikeloop::cli {

/// `run FILE`: simulate a network and write what was observed.
Verb run_verb_entry();

}  // namespace spikeloop::cli
