// SPDX-License-Identifier: Apache-2.0
#include "cli/sweep.hpp"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>

#include "cli/display.hpp"
#include "cli/options.hpp"
#include "cli/run_directory.hpp"
#include "cli/sweep_job.hpp"
#include "cli/tables.hpp"
#include "core/io/files.hpp"
#include "proto/atomic_file.hpp"
#include "spikeloop_version.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;
namespace {

/// A sweep that is about to begin, or to go on.
struct SweepPlan {
  SweepOptions options;  ///< those that it was begun with
  fs::path dir;
  std::string command;  ///< that began it
  SweepResult sweep;
  std::vector<SweepTask> tasks;
};

/// Reads and checks everything; `files` are those that are known already.
void load(SweepPlan& plan, DescriptionFiles& files) {
  plan.sweep = sweep_of(plan.options);
  plan.tasks = load_points(plan.sweep, plan.options, files);
  plan.sweep.experiment = plan.tasks.front().described.experiment.name;
  plan.sweep.validation_samples = plan.tasks.front().validation_samples;
}

std::string absolute(const std::string& path) { return fs::absolute(path).lexically_normal().string(); }

/// The directory gets the descriptions as they were written, for they are what the values are put into, and where they stood, for that is
/// what their paths are relative to.
void describe(const SweepPlan& plan, const DescriptionFiles& files) {
  const fs::path folder = "descriptions";
  fs::create_directories(plan.dir / folder);
  std::set<fs::path> taken;
  nlohmann::ordered_json copies = nlohmann::ordered_json::object();
  for (const auto& [path, text] : files) {
    fs::path copy = folder / fs::path(path).filename();
    for (int n = 2; !taken.insert(copy).second; ++n) copy = folder / fmt::format("{}_{}", n, fs::path(path).filename().string());
    write_file_atomically((plan.dir / copy).string(), text);
    copies[absolute(path)] = copy.string();
  }
  const SweepOptions& o = plan.options;
  keep_chip(plan.dir, o.machine);
  write_run_file(plan.dir, "sweep",
                 {{"command", plan.command},
                  {"experiment", absolute(o.file)},
                  {"descriptions", copies},
                  {"over", o.over},
                  {"random", o.random},
                  {"epochs", o.epochs},
                  {"seeds", o.seeds},
                  {"first_seed", o.seed},
                  {"smoke", o.smoke},
                  {"machine", to_json(o.machine)}});
}

SweepPlan plan_of_experiment(const SweepOptions& o, const Terminal& t) {
  SweepPlan plan{o, {}, t.command, {}, {}};
  DescriptionFiles files;
  load(plan, files);
  if (plan.sweep.axes.empty()) throw UsageError("say which fields to sweep: --over FIELD=V1,V2,...; see `spikeloop sweep --help`");
  plan.dir = make_run_directory(o.out, file_name(plan.sweep.experiment) + "-sweep", "sweep");
  fill_run_directory(plan.dir, [&] { describe(plan, files); });
  return plan;
}

/// What `describe` has written, with the points that are finished.
SweepPlan plan_of_directory(const SweepOptions& o) {
  SweepPlan plan{{}, o.resume, "", {}, {}};
  DescriptionFiles files;
  read_run_file(plan.dir, "sweep", [&](const nlohmann::json& run) {
    SweepOptions& begun = plan.options;
    plan.command = run.at("command");
    begun.file = run.at("experiment");
    begun.over = run.at("over");
    begun.random = run.at("random"), begun.epochs = run.at("epochs"), begun.seeds = run.at("seeds");
    begun.seed = run.at("first_seed"), begun.smoke = run.at("smoke");
    if (run.contains("machine")) begun.machine = machine_of_directory(plan.dir, run.at("machine"));
    for (const auto& [path, copy] : run.at("descriptions").items())
      files[path] = io::read_file(plan.dir / copy.get<std::string>(), std::size_t{1} << 26);
  });
  plan.options.data_dir = o.data_dir;
  load(plan, files);
  const fs::path results = plan.dir / kSweepFile;
  if (!fs::exists(results)) return plan;  // killed before the first point began
  try {
    report::read_sweep_json(io::read_file(results, std::size_t{1} << 30), plan.sweep);
  } catch (const DescriptionError& error) {
    throw DescriptionError(fmt::format("{} {}", results.string(), error.what()));
  }
  return plan;
}

void introduce(const Terminal& t, const SweepPlan& plan, std::size_t runs, std::size_t threads) {
  if (t.quiet) return;
  const std::size_t points = plan.sweep.points.size();
  t.err << wrapped(
               fmt::format("{}: {} of {} combinations, {} trainings, on {} thread{}, into {}; scored on {} validation samples, the test "
                           "set is not touched; Ctrl-C saves and stops",
                           plan.sweep.experiment, points == plan.sweep.grid ? "all" : fmt::format("{}", points), plan.sweep.grid, runs,
                           threads, threads == 1 ? "" : "s", plan.dir.string(), plan.sweep.validation_samples),
               t.width)
        << std::endl;
}

void report_results(const Terminal& t, const SweepPlan& plan, const report::RunInfo& info) {
  const fs::path page = plan.dir / "report.html";
  write_file_atomically(page.string(), report::sweep_html(plan.sweep, info));
  if (t.json) {
    auto object = nlohmann::ordered_json::parse(report::sweep_json(plan.sweep, info));
    object["directory"] = plan.dir.string();
    return t.print(object);
  }
  report::Table table = report::sweep_table(plan.sweep);
  if (plan.options.smoke) table.note += "\nA smoke run: so few samples that the figures mean nothing.";
  t.out << fitted(table, t.out_width, t.colour) << fmt::format("report: {}\n", page.string());
}

int sweep(const SweepOptions& o, Terminal& t) {
  check_training(o, "sweep");
  if (!o.resume.empty() && (!o.over.empty() || o.random != 0))
    throw UsageError("--resume goes on with what was begun: --over and --random do not go with it");
  SweepPlan plan = o.resume.empty() ? plan_of_experiment(o, t) : plan_of_directory(o);
  const DirectoryLock lock(plan.dir);
  if (!o.resume.empty()) remove_leftovers(plan.dir);
  const Dataset& data = *plan.tasks.front().data;
  const report::RunInfo info{plan.command, kVersion, std::nullopt, {{"data_sha256", data.sha256}}};
  if (ranked(plan.sweep).size() == plan.sweep.points.size() && fs::exists(plan.dir / "report.html"))
    throw DescriptionError(fmt::format("{}: this sweep is finished, there is nothing to resume; its report is {}", plan.dir.string(),
                                       (plan.dir / "report.html").string()));
  SweepJob job(plan.sweep, plan.tasks, plan.dir, info, plan.options.first_seed());
  const std::size_t threads = o.thread_count();
  introduce(t, plan, job.runs(), threads);
  TrainingDisplay display(t, job.runs());
  const bool done = job.run(threads, [&](const auto& all) { display.show(all); });
  display.end();
  if (!done) return tell_interrupted(t, "sweep", plan.dir);
  report_results(t, plan, info);
  return kOk;
}

}  // namespace

Verb sweep_verb() {
  return {"sweep", "try values of an experiment's or its network's fields on the validation part",
          "Examples:\n  spikeloop sweep examples/digits.txtpb --over anneal.linear_to=0.02,0.05,0.2 --seeds 2\n"
          "  spikeloop sweep examples/digits.txtpb --random 8 \\\n"
          "    --over network.rules[hidden].feedback_current.eta=1e-4,3e-4,1e-3,3e-3 \\\n"
          "    --over network.populations[hidden].homeostasis.rate=1e-4,5e-4,2e-3\n"
          "  spikeloop sweep --resume runs/digits-sweep             go on after Ctrl-C",
          [](CLI::App& app) -> std::function<int(Terminal&)> {
            auto o = std::make_shared<SweepOptions>();
            add_training(app, *o, "runs/NAME-sweep");
            app.add_option("--over", o->over, "a field and its values; again for more fields; all combinations")
                ->type_name("FIELD=V1,V2,...")
                ->allow_extra_args(false);
            add_count(app, "--random", o->random, 10'000, "only so many combinations, drawn by --seed");
            return [o](Terminal& t) { return sweep(*o, t); };
          }};
}

}  // namespace spikeloop::cli
