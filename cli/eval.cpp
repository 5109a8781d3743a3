// SPDX-License-Identifier: Apache-2.0
#include "cli/eval.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/backends.hpp"
#include "cli/eval_recordings.hpp"
#include "cli/inputs.hpp"
#include "cli/options.hpp"
#include "cli/results.hpp"
#include "cli/run_directory.hpp"
#include "cli/tables.hpp"
#include "report/curves.hpp"
#include "report/json.hpp"
#include "report/table.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;
namespace {

struct EvalOptions {
  std::vector<std::string> dirs;
  std::string data_dir;
  MachineChoice machine;
  bool robustness = false;
  RecordingsOptions recordings;
};

InterruptedError interruption() { return InterruptedError("interrupted; nothing is lost, for eval writes nothing"); }

struct Evaluated {
  ExperimentResult result;
  Network network;
};

/// The result of a run directory, its tests done again with the stored weights.
Evaluated evaluate_directory(const fs::path& dir, const EvalOptions& o) {
  ExperimentResult result = stored_result(dir);
  const LoadedExperiment loaded = load_experiment_of((dir / "experiment.txtpb").string(), o.data_dir);
  const MachineChoice machine = o.machine.is_simulator() ? o.machine : like_before(o.machine, machine_of_training(dir));
  for (std::size_t i = 0; i < result.runs.size(); ++i) {
    if (interrupted()) throw interruption();
    TrainingResult& run = result.runs[i];
    NetworkDescription description = with_probes(loaded.network, loaded.experiment);
    description.seed = run.seed;
    const Network network(description);
    const auto session = make_machine(machine, 1, run.seed)->compile(network)->start();
    read_weights(weights_directory(dir, i, run.seed), network, *session);
    const Dataset fold = loaded.data.folds > 1 ? part_of_seed(loaded.data, run.seed) : Dataset{};
    const Dataset& data = loaded.data.folds > 1 ? fold : loaded.data;
    std::vector<std::size_t> samples = data.test;
    samples.resize(std::min(samples.size(), run.test.samples));  // a smoke run tested fewer
    run.test = evaluate(loaded.experiment, network, *session, data, samples, run.seed);
    run.robustness.reset();
    if (!o.robustness) continue;
    const TestedNetwork tested{&loaded.experiment, &network, session.get(), &data, samples, run.test.accuracy, run.seed};
    run.robustness = probe_robustness(loaded.experiment.robustness.value_or(RobustnessPlan{}), tested, interrupted());
    if (!run.robustness) throw interruption();
  }
  Network network(with_probes(loaded.network, loaded.experiment));
  std::vector<PriceList> prices;
  for (const std::string& name : o.recordings.prices) prices.push_back(load_price(name));
  if (prices.empty()) {
    prices = load_price_folder(dir / "prices");
    if (!machine.is_simulator()) prices.insert(prices.begin(), dynapse::prices_of(load_chip_of(machine)));
  }
  result.energy = energy_of(network, result.runs.front().test, prices);
  return {std::move(result), std::move(network)};
}

/// Whether a network file is meant, and not run directories. Throws UsageError where options do not go together.
bool is_network_file(const EvalOptions& o) {
  const RecordingsOptions& r = o.recordings;
  std::error_code ignored;
  if (r.recordings.empty()) {
    if (fs::is_regular_file(o.dirs.front(), ignored))
      throw UsageError(fmt::format("{} is a file; name the recordings to test it on with --recordings DIR", o.dirs.front()));
    if (const std::string given = first_recordings_option(r); !given.empty())
      throw UsageError(fmt::format("{} needs --recordings DIR, and a network file instead of run directories", given));
    return false;
  }
  if (o.dirs.size() != 1) throw UsageError("--recordings takes one network file");
  if (fs::is_directory(o.dirs.front(), ignored))
    throw UsageError(fmt::format("{} is a directory, and brings its own test set; --recordings takes a network file", o.dirs.front()));
  if (o.robustness) throw UsageError("--robustness is for run directories");
  return true;
}

RecordingsOptions network_options(const EvalOptions& o) {
  RecordingsOptions r = o.recordings;
  r.file = o.dirs.front();
  return r;
}

int eval(const EvalOptions& o, Terminal& t) {
  check_machine_choice(o.machine);
  if (is_network_file(o)) return eval_recordings(network_options(o), o.machine, t);
  std::vector<ExperimentResult> results;
  std::vector<Network> networks;
  for (const std::string& dir : o.dirs) {
    Evaluated e = evaluate_directory(dir, o);
    results.push_back(std::move(e.result)), networks.push_back(std::move(e.network));
  }
  if (!t.json) {
    t.out << fitted(report::training_table(results), t.out_width, t.colour);
    for (std::size_t i = 0; i < results.size(); ++i)
      t.out << fmt::format("\n{}, seed {}:\n", o.dirs[i], results[i].runs.front().seed)
            << fitted(report::work_table(networks[i], results[i].runs.front().test, results[i].energy), t.out_width, t.colour);
    return kOk;
  }
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < results.size(); ++i) {
    const ExperimentResult& r = results[i];
    const MeanSpread m = accuracy_of(r.runs);
    nlohmann::ordered_json runs = nlohmann::ordered_json::array();
    for (const TrainingResult& run : r.runs)
      runs.push_back({{"seed", run.seed}, {"test_accuracy", run.test.accuracy}, {"samples", run.test.samples}});
    all.push_back({{"directory", o.dirs[i]},
                   {"experiment", r.experiment.name},
                   {"backend", o.machine.name},
                   {"test_accuracy", m.mean},
                   {"spread", m.spread},
                   {"seeds", r.runs.size()},
                   {"runs", runs},
                   {"neurobench", report::neurobench_json(neurobench(r.runs.front().test))},
                   {"extra", report::extra_json(networks[i], r.runs.front().test, r.experiment.test_ms, true)}});
    all.back()["energy"] = nlohmann::ordered_json::array();
    for (const EnergyReport& e : r.energy) all.back()["energy"].push_back(report::energy_json(e, "inference"));
    if (o.robustness) all.back()["robustness"] = report::robustness_json(r);
  }
  t.print({{"evaluations", all}});
  return kOk;
}

}  // namespace

Verb eval_verb() {
  return {"eval", "test trained networks again, or any network on labelled recordings",
          "Examples:\n  spikeloop eval runs/digits\n  spikeloop eval runs/digits runs/digits_stdp     one row each\n"
          "  spikeloop eval net.nir --recordings nmnist/Test --limit 100 --reset value --pulse dirac-1",
          [](CLI::App& app) -> std::function<int(Terminal&)> {
            auto o = std::make_shared<EvalOptions>();
            app.add_option("DIR", o->dirs, "run directories of `spikeloop train`, or one network (NIR, .txtpb)")->required()->type_name("");
            add_data(app, o->data_dir);
            add_machine(app, o->machine);
            app.add_flag("--robustness", o->robustness, "also with weights of few bits and with device mismatch");
            add_recordings(app, o->recordings);
            app.add_option("--price", o->recordings.prices, "a price list or chip (.txtpb), or a chip's name; may be repeated")
                ->type_name("FILE")
                ->allow_extra_args(false);
            return [o](Terminal& t) { return eval(*o, t); };
          }};
}

}  // namespace spikeloop::cli
