// SPDX-License-Identifier: Apache-2.0
#include "cli/eval.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/backends.hpp"
#include "cli/inputs.hpp"
#include "cli/options.hpp"
#include "cli/results.hpp"
#include "cli/run_directory.hpp"
#include "cli/tables.hpp"
#include "report/curves.hpp"
#include "report/table.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;
namespace {

struct EvalOptions {
  std::vector<std::string> dirs;
  std::string data_dir;
  MachineChoice machine;
  bool robustness = false;
};

InterruptedError interruption() { return InterruptedError("interrupted; nothing is lost, for eval writes nothing"); }

/// The result of a run directory, its tests done again with the stored weights.
ExperimentResult evaluate_directory(const fs::path& dir, const EvalOptions& o) {
  ExperimentResult result = stored_result(dir);
  const LoadedExperiment loaded = load_experiment_of((dir / "experiment.txtpb").string(), o.data_dir);
  for (std::size_t i = 0; i < result.runs.size(); ++i) {
    if (interrupted()) throw interruption();
    TrainingResult& run = result.runs[i];
    NetworkDescription description = with_probes(loaded.network, loaded.experiment);
    description.seed = run.seed;
    const Network network(description);
    const auto session = make_machine(o.machine, 1, run.seed)->compile(network)->start();
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
  const Network network(with_probes(loaded.network, loaded.experiment));
  result.energy = energy_of(network, result.runs.front(), load_price_folder(dir / "prices"));
  return result;
}

nlohmann::ordered_json neurobench_json(const NeuroBench& n) {
  return {{"Footprint", n.footprint},
          {"ConnectionSparsity", n.connection_sparsity},
          {"ClassificationAccuracy", n.classification_accuracy},
          {"ActivationSparsity", n.activation_sparsity},
          {"SynapticOperations", {{"Effective_MACs", n.effective_macs}, {"Effective_ACs", n.effective_acs}, {"Dense", n.dense}}}};
}

int eval(const EvalOptions& o, Terminal& t) {
  check_machine_choice(o.machine);
  std::vector<ExperimentResult> results;
  for (const std::string& dir : o.dirs) results.push_back(evaluate_directory(dir, o));
  if (!t.json) {
    t.out << fitted(report::training_table(results), t.out_width, t.colour);
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
                   {"neurobench", neurobench_json(neurobench(r.runs.front().test))}});
    if (o.robustness) all.back()["robustness"] = report::robustness_json(r);
  }
  t.print({{"evaluations", all}});
  return kOk;
}

}  // namespace

Verb eval_verb() {
  return {"eval", "test trained networks again, from their run directories alone",
          "Examples:\n  spikeloop eval runs/digits\n  spikeloop eval runs/digits runs/digits_stdp     one row each",
          [](CLI::App& app) -> std::function<int(Terminal&)> {
            auto o = std::make_shared<EvalOptions>();
            app.add_option("DIR", o->dirs, "run directories of `spikeloop train`")->required()->type_name("");
            add_data(app, o->data_dir);
            add_machine(app, o->machine);
            app.add_flag("--robustness", o->robustness, "also with weights of few bits and with device mismatch");
            return [o](Terminal& t) { return eval(*o, t); };
          }};
}

}  // namespace spikeloop::cli
