// SPDX-License-Identifier: Apache-2.0
#include "cli/training_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "cli/cli.hpp"
#include "cli/options.hpp"

namespace spikeloop::cli {

std::size_t TrainingOptions::thread_count() const { return threads != 0 ? threads : std::max(1u, std::thread::hardware_concurrency()); }

void add_training(CLI::App& app, TrainingOptions& o, const std::string& out) {
  add_text(app, "EXPERIMENT", o.file, "", "the experiment (.txtpb)");
  add_data(app, o.data_dir);
  add_count(app, "--epochs", o.epochs, 1'000'000, "instead of the experiment's");
  add_count(app, "--seeds", o.seeds, 1000, "number of seeds, instead of the experiment's");
  add_count(app, "--seed", o.seed, 1'000'000'000'000'000, "the first seed (default 1)");
  add_count(app, "--threads", o.threads, 256, "runs and trials side by side; changes no result (default: all cores)");
  app.add_flag("--smoke", o.smoke, "the experiment's small size: one seed, few samples");
  add_text(app, "--out", o.out, "DIR", fmt::format("run directory, must not exist (default {})", out));
  add_machine(app, o.machine);
  add_text(app, "--resume", o.resume, "DIR", "go on with an interrupted run directory");
}

void check_training(const TrainingOptions& o, const char* verb) {
  if (o.file.empty() == o.resume.empty())
    throw UsageError(fmt::format("name either an EXPERIMENT or `--resume DIR`; see `spikeloop {} --help`", verb));
  if (o.resume.empty()) check_machine_choice(o.machine);
  if (!o.resume.empty() && (!o.machine.is_simulator() || !first_chip_option(o.machine).empty()))
    throw UsageError("--resume goes on on the machine that it was begun on; only --board may be another");
  if (!o.resume.empty() && (o.epochs != 0 || o.seeds != 0 || o.seed != 0 || o.smoke || !o.out.empty()))
    throw UsageError("--resume goes on with what was begun: --epochs, --seeds, --seed, --smoke and --out do not go with it");
}

void check_on_machine(const Experiment& e, const MachineChoice& machine) {
  if (machine.is_simulator()) return;
  if (e.batch != 1) throw UsageError(fmt::format("{} has batch: {}; a chip runs one trial at a time, batch: 1", e.name, e.batch));
  if (e.robustness && machine.name == "dynapse")
    throw UsageError(fmt::format("{} asks for robustness, which is probed in the simulator; leave it out, and see --mismatch", e.name));
}

std::size_t resize(Experiment& e, const TrainingOptions& o) {
  if (o.smoke) e.seeds = 1;
  if (o.epochs != 0) e.epochs = e.smoke_epochs = o.epochs;
  if (o.seeds != 0) e.seeds = o.seeds;
  return o.smoke ? e.smoke_samples : 0;
}

}  // namespace spikeloop::cli
