// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/cli.hpp"

namespace spikeloop::cli {

/// `check FILE [--memory]`: all faults of a description at once; what it will need.
Verb check_verb();

}  // namespace spikeloop::cli
