// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/cli.hpp"

namespace spikeloop::cli {

/// `spikeloop claim`: runs an experiment that shows whether a claim holds; exit code 2 if it does not.
Verb claim_verb();

}  // namespace spikeloop::cli
