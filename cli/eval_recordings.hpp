// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/backends.hpp"
#include "cli/cli.hpp"
#include "cli/nir.hpp"

/// Any network on labelled recordings.
namespace spikeloop::cli {

/// What `eval FILE --recordings DIR` is told.
struct RecordingsOptions {
  std::string file;        ///< a network, .txtpb or NIR
  std::string recordings;  ///< a folder with a folder for each class
  std::string readout, duration, bin = "1ms", unit;
  std::size_t limit = 0;  ///< recordings, taken from the classes in turn; 0 = all
  NirOptions nir;
  std::vector<std::string> prices;
};

/// --recordings and what goes with it.
void add_recordings(CLI::App& app, RecordingsOptions& options);

/// The first option given that means nothing without --recordings; empty if there is none.
std::string first_recordings_option(const RecordingsOptions& options);

/// Runs the network on the recordings and prints what came of it.
int eval_recordings(const RecordingsOptions& options, const MachineChoice& machine, Terminal& terminal);

}  // namespace spikeloop::cli
