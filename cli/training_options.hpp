// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "cli/backends.hpp"
#include "core/experiment.hpp"

namespace CLI {
class App;
}

/// What the verbs that train have in common on the command line.
namespace spikeloop::cli {

/// 0 and empty: as the experiment says.
struct TrainingOptions {
  std::string file, data_dir, out, resume;
  std::size_t epochs = 0, seeds = 0, threads = 0;
  std::uint64_t seed = 0;
  bool smoke = false;
  MachineChoice machine;

  std::uint64_t first_seed() const { return seed != 0 ? seed : 1; }
  /// All cores, if nothing else is said.
  std::size_t thread_count() const;
};

/// Declares them; `out` says what the directory is if none is named.
void add_training(CLI::App& app, TrainingOptions& options, const std::string& out);

/// Throws UsageError unless there is either an experiment or a directory to go on with, which takes no other size.
void check_training(const TrainingOptions& options, const char* verb);

/// Throws UsageError for an experiment that cannot be run on a machine that is a chip.
void check_on_machine(const Experiment& experiment, const MachineChoice& machine);

/// Puts epochs, seeds and the small size into an experiment; returns the number of samples that the data are cut to, 0 = all.
std::size_t resize(Experiment& experiment, const TrainingOptions& options);

}  // namespace spikeloop::cli
