// SPDX-License-Identifier: Apache-2.0
#include "cli/train.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

#include "cli/display.hpp"
#include "cli/options.hpp"
#include "cli/results.hpp"
#include "cli/run_directory.hpp"
#include "cli/tables.hpp"
#include "cli/training_job.hpp"
#include "cli/training_options.hpp"
#include "core/baseline.hpp"
#include "core/io/files.hpp"
#include "proto/atomic_file.hpp"
#include "proto/write.hpp"
#include "report/table.hpp"
#include "spikeloop_version.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;
namespace {

struct TrainOptions : TrainingOptions {
  std::string checkpoint_every = "10s", from;
};

/// A training that is about to begin, or to go on.
struct TrainPlan {
  LoadedExperiment loaded;
  fs::path dir;
  std::string command;  ///< that began it
  JobOptions job;
};

/// The run directory gets everything that a resumed run, `eval` and `deploy` need: the description as it is run, and the prices.
void describe(const TrainPlan& plan, const fs::path& prices) {
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
  keep_chip(plan.dir, plan.job.machine);
  write_run_file(plan.dir, "train",
                 {{"command", plan.command},
                  {"samples_limit", plan.job.samples_limit},
                  {"first_seed", plan.job.first_seed},
                  {"machine", to_json(plan.job.machine)},
                  {"from", plan.job.from.string()}});
}

/// What `describe` has written; throws DescriptionError if it is no run directory.
TrainPlan plan_of_directory(const TrainOptions& o) {
  TrainPlan plan;
  plan.dir = o.resume;
  read_run_file(plan.dir, "train", [&](const nlohmann::json& run) {
    plan.command = run.at("command");
    plan.job.samples_limit = run.at("samples_limit");
    plan.job.first_seed = run.at("first_seed");
    if (run.contains("machine")) plan.job.machine = machine_of_directory(plan.dir, run.at("machine"));
    plan.job.from = run.value("from", std::string());
  });
  if (o.machine.board) plan.job.machine.board = o.machine.board;
  check_machine_choice(plan.job.machine);
  plan.loaded = load_experiment_of((plan.dir / "experiment.txtpb").string(), o.data_dir);
  return plan;
}

TrainPlan plan_of_experiment(const TrainOptions& o, const Terminal& t) {
  TrainPlan plan;
  plan.loaded = load_experiment_of(o.file, o.data_dir);
  plan.command = t.command;
  Experiment& e = plan.loaded.experiment;
  plan.job.samples_limit = resize(e, o);
  plan.job.first_seed = o.first_seed();
  const Network network(with_probes(plan.loaded.network, e));
  plan.job.machine = o.machine;
  if (!o.from.empty()) plan.job.from = fs::absolute(o.from).lexically_normal(), stored_result(plan.job.from);  // tells if it is none
  check_on_machine(e, o.machine);
  check_machine(*make_machine(o.machine), network, e.network_file);
  check_file_names(network);
  plan.dir = make_run_directory(o.out, file_name(e.name), "train");
  fill_run_directory(plan.dir, [&] { describe(plan, fs::path(o.file).parent_path() / "prices"); });
  return plan;
}

void introduce(const Terminal& t, const TrainPlan& plan, const TrainingJob& job, std::size_t threads) {
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

report::RunInfo run_info(const TrainPlan& plan, std::optional<double> linear) {
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

void report_results(Terminal& t, const TrainPlan& plan, ExperimentResult result) {
  const Network network(with_probes(plan.loaded.network, plan.loaded.experiment));
  result.energy = energy_of(network, result.runs.front().test, prices_of_directory(plan.dir));
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

int train(const TrainOptions& o, Terminal& t) {
  check_training(o, "train");
  const std::int64_t every = parse_duration(o.checkpoint_every);
  TrainPlan plan = o.resume.empty() ? plan_of_experiment(o, t) : plan_of_directory(o);
  plan.job.checkpoint_every = std::chrono::nanoseconds(every);
  const DirectoryLock lock(plan.dir);
  if (!o.resume.empty()) remove_leftovers(plan.dir);
  TrainingJob job(plan.loaded, plan.loaded.data, plan.dir, plan.job);
  if (!o.resume.empty() && !resume(job, plan.dir))
    throw DescriptionError(fmt::format("{}: this run is finished, there is nothing to resume; its report is {}", plan.dir.string(),
                                       (plan.dir / "report.html").string()));
  const bool one_board = plan.job.machine.name == "dynapse" && !plan.job.machine.on_virtual_board();
  const std::size_t threads = one_board ? 1 : o.thread_count();
  introduce(t, plan, job, std::min(job.runs(), threads));
  TrainingDisplay display(t, job.runs());
  const bool done = job.run(threads, [&](const auto& all) { display.show(all); });
  display.end();
  if (!done) return tell_interrupted(t, "train", plan.dir);
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
            auto o = std::make_shared<TrainOptions>();
            add_training(app, *o, "runs/NAME");
            add_text(app, "--from", o->from, "DIR", "begin with the weights of a finished run directory of the same network");
            add_text(app, "--checkpoint-every", o->checkpoint_every, "TIME", "what a power cut may cost (default 10s)");
            return [o](Terminal& t) { return train(*o, t); };
          }};
}

}  // namespace spikeloop::cli
