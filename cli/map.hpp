// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/cli.hpp"
#include "core/chip.hpp"

namespace spikeloop::cli {

/// `map FILE --chip C`: placement, quantisation, utilisation per core; every violation when it does not fit (exit code 3).
Verb map_verb();

/// A chip by the name of one that ships, or by the path of its file. Throws DescriptionError.
ChipSpec load_chip_of(const std::string& name);

}  // namespace spikeloop::cli
