// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/cli.hpp"

namespace spikeloop::cli {

/// `energy DIR [--price FILE]`: joules of an inference (or of a run) by part, each figure estimated or measured, with its source.
Verb energy_verb();

}  // namespace spikeloop::cli
