// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/cli.hpp"

namespace spikeloop::cli {

/// `deploy`: map, program, verify, run.
Verb deploy_verb();

}  // namespace spikeloop::cli
