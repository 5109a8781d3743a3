// SPDX-License-Identifier: Apache-2.0
#include "cli/train.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <thread>

#include "backends/simulator/simulator.hpp"
#include "cli/display.hpp"
#include "cli/options.hpp"
#include "cli/results.hpp"
#include "cli/run_directory.hpp"
#include "cli/tables.hpp"
#include "cli/training_job.hpp"
#include "core/baseline.hpp"
#include "core/io/files.hpp"
#include "proto/atomic_file.hpp"
#include "proto/write.hpp"
#include "report/table.hpp"
#include "spikeloop_version.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;
namespace {

struct Options {
  std::string file, data_dir, out, resume, checkpoint_every = "10s";
  std::size_t epochs = 0, seeds = 0, threads = 0;
  std::uint64_t seed = 0;
  bool smoke = false;
};

/// A training that is about to begin, or to go on.
struct Plan {
  LoadedExperiment loaded;
  fs::path dir;
  std::string command;  ///< that began it
  JobOptions job;
};

/// The run directory gets everything that a resumed run, `eval` and `deploy` need: the description as it is run, and the prices.
void describe(const Plan& plan, const fs::path& prices) {
  const auto write = [&](const fs::path& name, const std::string& text) { write_file_atomically((plan.dir / name).string(), text); };
  const Experiment& e = plan.loaded.experiment;
  write("network.txtpb", write_network(plan.loaded.network, {plan.dir.string()}));
  Experiment written = e;
  written.network_file = "network.txtpb";
  for (std::string* file : files_of(written.dataset)) *file = fs::absolute(*file).lexically_normal().string();
  if (auto* digits = std::get_if<DigitsSource>(&written.dataset.kind)) {
    write("split.txt", io::read_file(digits->split_file, std::size_t{1} << 30));
    digits->split_file = "split.txt";
  }
  write("experiment.txtpb", write_experiment(written));
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(prices, none)) {
    if (entry.path().extension() != ".txtpb") continue;
    fs::create_directories(plan.dir / "prices");
    write(fs::path("prices") / entry.path().filename(), io::read_file(entry.path(), std::size_t{1} << 26));
  }
  const nlohmann::ordered_json run = {
      {"command", plan.command}, {"version", kVersion}, {"samples_limit", plan.job.samples_limit}, {"first_seed", plan.job.first_seed}};
  write("run.json", run.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

/// What `describe` has written; throws DescriptionError if it is no run directory.
Plan plan_of_directory(const Options& o) {
  Plan plan;
  plan.dir = o.resume;
  const auto refuse = [&](const char* why) -> DescriptionError {
    return DescriptionError(fmt::format("{} is not a run directory of `spikeloop train`: {}", plan.dir.string(), why));
  };
  std::error_code ignored;
  if (!fs::exists(plan.dir, ignored)) throw refuse("it does not exist");
  if (!fs::exists(plan.dir / "run.json", ignored)) throw refuse("it has no run.json");
  const auto run = nlohmann::json::parse(io::read_file(plan.dir / "run.json", 1 << 20), nullptr, false);
  try {
    plan.command = run.at("command");
    plan.job.samples_limit = run.at("samples_limit");
    plan.job.first_seed = run.at("first_seed");
  } catch (const nlohmann::json::exception&) {
    throw refuse("its run.json is damaged or was written by another version");
  }
  plan.loaded = load_experiment_of((plan.dir / "experiment.txtpb").string(), o.data_dir);
  return plan;
}

Plan plan_of_experiment(const Options& o, const Terminal& t) {
  Plan plan;
  plan.loaded = load_experiment_of(o.file, o.data_dir);
  plan.command = t.command;
  Experiment& e = plan.loaded.experiment;
  if (o.smoke) e.seeds = 1, plan.job.samples_limit = e.smoke_samples;
  if (o.epochs != 0) e.epochs = e.smoke_epochs = o.epochs;
  if (o.seeds != 0) e.seeds = o.seeds;
  if (o.seed != 0) plan.job.first_seed = o.seed;
  const Network network(with_probes(plan.loaded.network, e));
  check_machine(*make_simulator(), network, e.network_file);
  check_file_names(network);
  plan.dir = make_run_directory(o.out, file_name(e.name));
  try {
    describe(plan, fs::path(o.file).parent_path() / "prices");
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(plan.dir, ignored);  // made a moment ago, of no use, and in the way of another try
    throw;
  }
  return plan;
}

void introduce(const Terminal& t, const Plan& plan, const TrainingJob& job, std::size_t threads) {
  if (t.quiet) return;
  const Experiment& e = plan.loaded.experiment;
  t.err << wrapped(
               fmt::format("{}: {} {}{}, {} at a time, into {}; Ctrl-C saves and stops", e.name, e.seeds, e.seeds == 1 ? "seed" : "seeds",
                           job.runs() > e.seeds ? " and as many frozen controls" : "", threads, plan.dir.string()),
               t.width)
        << std::endl;
}

/// Reads the checkpoint, if there is one yet; false if everything is done already.
bool resume(TrainingJob& job, const fs::path& dir) {
  const fs::path file = dir / "checkpoint.pb";
  if (!fs::exists(file)) return true;  // killed before the first trial
  job.resume(load_checkpoint(file.string()));
  return !(job.finished() && fs::exists(dir / kReportFile));
}

report::RunInfo run_info(const Plan& plan, std::optional<double> linear) {
  const Dataset& data = plan.loaded.data;
  report::RunInfo info{plan.command, kVersion, linear, {}};
  DatasetSource source = plan.loaded.experiment.dataset;
  const std::vector<std::string*> files = files_of(source);
  info.facts.emplace_back(
      "data", files.empty() ? data.name : fmt::format("{} sha256 {}", fs::path(*files.front()).filename().string(), data.sha256));
  info.facts.emplace_back("split",
                          fmt::format("{} train, {} validation, {} test", data.train.size(), data.validation.size(), data.test.size()));
  return info;
}

void report_results(Terminal& t, const Plan& plan, ExperimentResult result) {
  const Network network(with_probes(plan.loaded.network, plan.loaded.experiment));
  result.energy = energy_of(network, result.runs.front(), load_price_folder(plan.dir / "prices"));
  std::optional<double> linear;
  if (plan.job.samples_limit == 0) linear = linear_baseline(plan.loaded.data);
  const std::string json = write_reports(plan.dir, result, network, run_info(plan, linear));
  if (t.json) {
    auto object = nlohmann::ordered_json::parse(json);
    object["directory"] = plan.dir.string();
    return t.print(object);
  }
  const std::vector<ExperimentResult> rows = {std::move(result)};
  report::Table table = report::training_table(rows);
  if (!table.note.empty()) table.note += "\n";
  table.note += linear ? fmt::format("A linear classifier on the same split: {:.1f} %.", 100 * *linear)
                       : "A smoke run: so few samples that the figures mean nothing.";
  t.out << fitted(table, t.out_width, t.colour) << fmt::format("report: {}\n", (plan.dir / "report.html").string());
}

int train(const Options& o, Terminal& t) {
  if (o.file.empty() == o.resume.empty()) throw UsageError("name either an EXPERIMENT or `--resume DIR`; see `spikeloop train --help`");
  if (!o.resume.empty() && (o.epochs != 0 || o.seeds != 0 || o.seed != 0 || o.smoke || !o.out.empty()))
    throw UsageError("--resume goes on with what was begun: --epochs, --seeds, --seed, --smoke and --out do not go with it");
  const std::int64_t every = parse_duration(o.checkpoint_every);
  Plan plan = o.resume.empty() ? plan_of_experiment(o, t) : plan_of_directory(o);
  plan.job.checkpoint_every = std::chrono::nanoseconds(every);
  const DirectoryLock lock(plan.dir);
  if (!o.resume.empty()) remove_leftovers(plan.dir);
  TrainingJob job(plan.loaded, plan.dir, plan.job);
  if (!o.resume.empty() && !resume(job, plan.dir))
    throw DescriptionError(fmt::format("{}: this run is finished, there is nothing to resume; its report is {}", plan.dir.string(),
                                       (plan.dir / "report.html").string()));
  const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
  const std::size_t threads = o.threads != 0 ? o.threads : cores;
  introduce(t, plan, job, std::min(job.runs(), threads));
  TrainingDisplay display(t, job.runs());
  const bool done = job.run(threads, [&](const auto& all) { display.show(all); });
  display.end();
  if (!done) {
    t.err << fmt::format("spikeloop: interrupted; go on with `spikeloop train --resume {}`\n", plan.dir.string());
    if (t.json) t.print({{"interrupted", true}, {"exit_code", kInterrupted}, {"directory", plan.dir.string()}});
    return kInterrupted;
  }
  report_results(t, plan, job.result());
  return kOk;
}

}  // namespace

Verb train_verb() {
  return {"train", "train a network by feedback control, test it once, and write a report",
          "Examples:\n  spikeloop train examples/digits.txtpb --out runs/digits\n"
          "  spikeloop train examples/digits.txtpb --smoke        seconds, for trying things\n"
          "  spikeloop train --resume runs/digits                 go on after Ctrl-C, to the bit",
          [](CLI::App& app) -> std::function<int(Terminal&)> {
            auto o = std::make_shared<Options>();
            add_text(app, "EXPERIMENT", o->file, "", "the experiment (.txtpb)");
            add_data(app, o->data_dir);
            add_count(app, "--epochs", o->epochs, 1'000'000, "instead of the experiment's");
            add_count(app, "--seeds", o->seeds, 1000, "number of seeds, instead of the experiment's");
            add_count(app, "--seed", o->seed, 1'000'000'000'000'000, "the first seed (default 1)");
            add_count(app, "--threads", o->threads, 256, "runs and trials side by side; changes no result (default: all cores)");
            app.add_flag("--smoke", o->smoke, "the experiment's small size: one seed, few samples");
            add_text(app, "--out", o->out, "DIR", "run directory, must not exist (default runs/NAME)");
            add_text(app, "--resume", o->resume, "DIR", "go on with an interrupted run directory");
            add_text(app, "--checkpoint-every", o->checkpoint_every, "TIME", "what a power cut may cost (default 10s)");
            return [o](Terminal& t) { return train(*o, t); };
          }};
}

}  // namespace spikeloop::cli
