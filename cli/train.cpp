// SPDX-License-Identifier: Apache-2.0
#include "cli/train.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <thread>

#include "cli/results.hpp"
#include "cli/run_directory.hpp"
#include "cli/training_job.hpp"
#include "core/baseline.hpp"
#include "core/io/files.hpp"
#include "proto/write.hpp"
#include "report/progress.hpp"
#include "report/table.hpp"
#include "report/text.hpp"
#include "spikeloop_version.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;
namespace {

struct Options {
  std::string file, data_dir, out, resume;
  std::size_t epochs = 0, seeds = 0, threads = 0;
  std::uint64_t seed = 0;
  bool smoke = false;
};

/// The run directory gets everything that a resumed run, `eval` and `deploy` need: the description as it is run, and the prices.
void describe(const fs::path& dir, const Options& o, LoadedExperiment& loaded, const Terminal& t) {
  Experiment& e = loaded.experiment;
  io::write_file(dir / "network.txtpb", write_network(loaded.network, {dir.string()}));
  io::write_file(dir / "split.txt", io::read_file(e.dataset.split_file, std::size_t{1} << 30));
  Experiment written = e;
  written.network_file = "network.txtpb";
  written.dataset.file = fs::absolute(e.dataset.file).string();
  written.dataset.split_file = "split.txt";
  io::write_file(dir / "experiment.txtpb", write_experiment(written));
  io::write_file(dir / "run.json", nlohmann::ordered_json{{"command", t.command}, {"version", kVersion}, {"smoke", o.smoke}}.dump(2) + "\n");
  const fs::path prices = fs::path(o.file).parent_path() / "prices";
  std::error_code ignored;
  if (fs::is_directory(prices, ignored)) fs::copy(prices, dir / "prices", fs::copy_options::recursive, ignored);
}

/// Shows one line for all runs together.
class Display {
 public:
  Display(Terminal& t, std::size_t runs) : t_(t), runs_(runs), start_(Clock::now()) {}

  void show(const std::vector<Progress>& all) {
    if (t_.quiet) return;
    const double now = std::chrono::duration<double>(Clock::now() - start_).count();
    if (!t_.err_is_terminal && now < next_) return;
    next_ = now + 10;
    report::ProgressView view = combined(all, now);
    const std::string line = report::progress_line(view, t_.width, t_.err_is_terminal);
    if (t_.err_is_terminal) t_.err << '\r' << line << "\x1b[K" << std::flush;
    else t_.err << line << '\n';
  }
  void end() {
    if (!t_.quiet && t_.err_is_terminal) t_.err << "\r\x1b[K" << std::flush;
  }

 private:
  using Clock = std::chrono::steady_clock;

  /// Runs that are not begun count with the size of one that is.
  report::ProgressView combined(const std::vector<Progress>& all, double now) {
    report::ProgressView view;
    std::size_t begun = 0, active = 0, size = 0, done = 0;
    Progress& sum = view.progress;
    for (const Progress& p : all) {
      if (p.samples_total == 0) continue;
      ++begun;
      done += p.samples_done;
      size = p.samples_total;
      if (p.samples_done == p.samples_total) continue;
      ++active;
      sum = p;
    }
    sum.samples_done = done;
    sum.samples_total = size * runs_;
    if (first_done_ == SIZE_MAX) first_done_ = done, first_time_ = now;
    if (now > first_time_) view.samples_per_second = static_cast<double>(done - first_done_) / (now - first_time_);
    view.label = fmt::format("{} of {} runs", begun - active, runs_);
    return view;
  }

  Terminal& t_;
  std::size_t runs_;
  Clock::time_point start_;
  double next_ = 10, first_time_ = 0;
  std::size_t first_done_ = SIZE_MAX;
};

report::RunInfo run_info(const LoadedExperiment& loaded, const std::string& command, double linear) {
  report::RunInfo info{command, kVersion, linear, {}};
  info.facts.emplace_back("data", fmt::format("{} sha256 {}", fs::path(loaded.experiment.dataset.file).filename().string(), loaded.data.sha256));
  info.facts.emplace_back("split", fmt::format("{} train, {} validation, {} test", loaded.data.train.size(), loaded.data.validation.size(), loaded.data.test.size()));
  return info;
}

LoadedExperiment load(const Options& o, fs::path& dir, Terminal& t, std::string& command, bool& smoke) {
  if (!o.resume.empty()) {
    dir = o.resume;
    const auto run = nlohmann::json::parse(io::read_file(dir / "run.json", 1 << 20), nullptr, false);
    if (run.is_discarded() || !run.contains("smoke")) throw DescriptionError(fmt::format("{}: not a run directory of `spikeloop train` (run.json is damaged)", dir.string()));
    smoke = run["smoke"].get<bool>();
    command = run.value("command", t.command);
    return load_experiment_of((dir / "experiment.txtpb").string(), o.data_dir);
  }
  LoadedExperiment loaded = load_experiment_of(o.file, o.data_dir);
  if (o.epochs != 0) loaded.experiment.epochs = o.epochs;
  if (o.seeds != 0) loaded.experiment.seeds = o.seeds;
  if (o.seed != 0) loaded.network.seed = o.seed;
  if (o.smoke) loaded.experiment.seeds = 1;
  dir = make_run_directory(o.out, loaded.experiment.name);
  describe(dir, o, loaded, t);
  return loaded;
}

void print_results(Terminal& t, const fs::path& dir, const ExperimentResult& result, double linear) {
  if (t.json) {
    auto object = nlohmann::ordered_json::parse(io::read_file(dir / "report.json", std::size_t{1} << 30));
    object["directory"] = dir.string();
    return t.print(object);
  }
  const std::vector<ExperimentResult> rows = {result};
  report::Table table = report::training_table(rows);
  table.note += fmt::format("{}A linear classifier on the same split: {:.1f} %.", table.note.empty() ? "" : "\n", 100 * linear);
  t.out << report::render(table, t.colour);
  t.out << fmt::format("report: {}\n", (dir / "report.html").string());
}

int train(const Options& o, Terminal& t) {
  if (o.file.empty() == o.resume.empty()) throw DescriptionError("name either an EXPERIMENT or `--resume DIR`");
  fs::path dir;
  std::string command = t.command;
  bool smoke = o.smoke;
  const LoadedExperiment loaded = load(o, dir, t, command, smoke);
  TrainingJob job(loaded, dir, smoke ? loaded.experiment.smoke_samples : 0);
  if (!o.resume.empty()) job.resume(load_checkpoint((dir / "checkpoint.pb").string()));
  const std::size_t runs = loaded.experiment.seeds * (loaded.experiment.frozen_hidden_control ? 2 : 1);
  const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
  Display display(t, runs);
  const bool done = job.run(std::min(runs, o.threads != 0 ? o.threads : cores), [&](const auto& all) { display.show(all); });
  display.end();
  if (!done) {
    t.err << fmt::format("spikeloop: interrupted; go on with `spikeloop train --resume {}`\n", dir.string());
    if (t.json) t.print({{"interrupted", true}, {"directory", dir.string()}});
    return kInterrupted;
  }
  ExperimentResult result = job.result();
  const Network network(with_probes(loaded.network, loaded.experiment));
  result.energy = energy_of(network, result.runs.front(), load_price_folder(dir / "prices"));
  const double linear = linear_baseline(loaded.data);
  write_reports(dir, result, network, run_info(loaded, command, linear));
  print_results(t, dir, result, linear);
  return kOk;
}

}  // namespace

Verb train_verb() {
  return {"train", "train a network by feedback control, test it once, and write a report",
          "Examples:\n  spikeloop train examples/digits.txtpb --out runs/digits\n  spikeloop train examples/digits.txtpb --smoke        seconds, for trying things\n"
          "  spikeloop train --resume runs/digits                 go on after Ctrl-C, to the bit",
          [](CLI::App& app) -> std::function<int(Terminal&)> {
            auto o = std::make_shared<Options>();
            app.add_option("EXPERIMENT", o->file, "the experiment (.txtpb)");
            app.add_option("--data", o->data_dir, "folder of data that does not ship (else $SPIKELOOP_DATA_DIR)");
            app.add_option("--epochs", o->epochs, "instead of the experiment's")->check(CLI::Range(1, 1000000));
            app.add_option("--seeds", o->seeds, "number of seeds, instead of the experiment's")->check(CLI::Range(1, 1000));
            app.add_option("--threads", o->threads, "runs side by side; results do not depend on it (default: all cores)")->check(CLI::Range(1, 256));
            app.add_flag("--smoke", o->smoke, "the experiment's small size: one seed, few samples");
            app.add_option("--out", o->out, "run directory, must not exist (default runs/NAME)");
            app.add_option("--resume", o->resume, "go on with an interrupted run directory");
            return [o](Terminal& t) { return train(*o, t); };
          }};
}

}  // namespace spikeloop::cli
