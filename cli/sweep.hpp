// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/cli.hpp"

namespace spikeloop::cli {

/// `sweep EXPERIMENT --over FIELD=V1,V2`: which values of the description learn best, judged on the validation part.
Verb sweep_verb();

}  // namespace spikeloop::cli
