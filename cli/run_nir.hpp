// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/nir.hpp"

namespace spikeloop::cli {

/// A NIR file to be run in steps.
struct SteppedRun {
  std::string file, input, time_unit, duration, out;
  NirOptions options;
};

/// Runs it as the tool of --as does, and writes a run directory; the exit code. Throws UsageError for options that are the tool's own.
int run_nir_stepped(const SteppedRun& run, Terminal& terminal);

}  // namespace spikeloop::cli
