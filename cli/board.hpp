// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/cli.hpp"

namespace spikeloop::cli {

/// `spikeloop board serve`: a virtual board as a USB/IP server.
Verb board_serve_verb();
/// `spikeloop board probe`: a self-test of a board.
Verb board_probe_verb();

}  // namespace spikeloop::cli
