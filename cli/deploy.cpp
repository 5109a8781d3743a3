// SPDX-License-Identifier: Apache-2.0
#include "cli/deploy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "backends/simulator/simulator.hpp"
#include "cli/backends.hpp"
#include "cli/inputs.hpp"
#include "cli/options.hpp"
#include "cli/recorded.hpp"
#include "cli/results.hpp"
#include "cli/run_directory.hpp"
#include "cli/tables.hpp"
#include "proto/atomic_file.hpp"
#include "report/table.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;
namespace {

struct DeployOptions {
  std::string dir, data_dir, out;
  MachineChoice machine;
  std::size_t samples = 0;
};

/// What one trained network does on three machines.
struct Deployed {
  std::uint64_t seed = 0;
  double simulator = 0, quantised = 0, board = 0;  ///< test accuracies
  std::size_t samples = 0;
  double test_ms = 0;
  dynapse::Deployment deployment;
  ChipOperations operations;               ///< of all samples
  std::vector<ChipOperations> per_sample;  ///< they are the sum of these
  EnergyReport energy;                     ///< per inference
  OperationCounts counts;
};

/// A network that was trained on a board has learned the neurons that it got there. They are the same for the same network only, which
/// stays whole.
bool stays_whole(const MachineChoice& trained_on) { return trained_on.name == "dynapse" || trained_on.controller_on_chip(); }

/// The network that answers: nobody teaches it, and nothing learns.
NetworkDescription for_inference(NetworkDescription d, bool whole) {
  if (whole) return d;
  d.controllers.clear();
  d.rules.clear();
  for (Projection& p : d.projections) p.rule.clear();
  std::erase_if(d.probes, [](const Probe& p) {
    return p.population.starts_with("ctrl.") || p.variable == Probe::Variable::kPreTrace || p.variable == Probe::Variable::kPostTrace;
  });
  return d;
}

/// The learned weights of a run, for the projections that the network for inference has too.
std::vector<InitialWeights> learned_weights(const fs::path& dir, const Network& whole, Session& session, const Network& inference) {
  read_weights(dir, whole, session);
  std::vector<InitialWeights> learned;
  for (std::size_t k = 0; k < inference.projections().size(); ++k) {
    const std::size_t whole_k = whole.projection_index(inference.projections()[k].name);
    if (!whole.projections()[whole_k].rule.empty()) learned.push_back({k, session.weights(whole_k)});
  }
  return learned;
}

class Deployer {
 public:
  Deployer(const DeployOptions& o, const LoadedExperiment& loaded, const fs::path& dir) : o_(o), loaded_(loaded), dir_(dir) {}

  Deployed run(const TrainingResult& trained, std::size_t index) {
    NetworkDescription description = with_probes(loaded_.network, loaded_.experiment);
    description.seed = trained.seed;
    const Network whole(description), network(for_inference(description, stays_whole(machine_of_training(dir_))));
    const auto session = make_simulator()->compile(whole)->start();
    const std::vector<InitialWeights> learned = learned_weights(weights_directory(dir_, index, trained.seed), whole, *session, network);
    const Dataset fold = loaded_.data.folds > 1 ? part_of_seed(loaded_.data, trained.seed) : Dataset{};
    const Dataset& data = loaded_.data.folds > 1 ? fold : loaded_.data;
    std::vector<std::size_t> samples = data.test;
    samples.resize(std::min({samples.size(), trained.test.samples, o_.samples == 0 ? samples.size() : o_.samples}));
    const auto evaluated = [&](Session& on, const std::function<void()>& after_each = {}) {
      return evaluate(loaded_.experiment, network, on, data, samples, trained.seed, after_each);
    };

    Deployed d;
    d.seed = trained.seed, d.samples = samples.size(), d.test_ms = loaded_.experiment.test_ms;
    // The board first: it may not be there, or not do what it is told.
    run_on_board(d, network, *make_machine(o_.machine, 1, trained.seed)->compile(network)->start(learned), evaluated);
    d.simulator = evaluated(*make_simulator()->compile(network)->start(learned)).accuracy;
    MachineChoice quantised = o_.machine;
    quantised.name = "quantised";
    d.quantised = evaluated(*make_machine(quantised)->compile(network)->start(learned)).accuracy;
    return d;
  }

 private:
  void run_on_board(Deployed& d, const Network& network, Session& session, const auto& evaluated) {
    dynapse::ChipSession& chip = *board_of(session);
    const ChipOperations before = chip.operations();
    ChipOperations until = before;
    const Evaluation e = evaluated(session, [&] {
      d.per_sample.push_back(chip.operations());
      d.per_sample.back() -= until;
      until += d.per_sample.back();
    });
    d.board = e.accuracy;
    d.counts = e.counts;
    d.operations = chip.operations();
    d.operations -= before;
    d.deployment = chip.deployment();
    const ChipSpec spec = load_chip_of(o_.machine);
    d.energy = energy_of(network, e, {dynapse::prices_of(spec)}).front();
  }

  const DeployOptions& o_;
  const LoadedExperiment& loaded_;
  const fs::path& dir_;
};

/// What verification leaves open.
void warn_of(const Deployed& d, const Network& network, Terminal& t) {
  const dynapse::Verification& v = d.deployment.verification;
  for (const dynapse::Verdict& verdict : v.neurons)
    if (!verdict.seen)
      t.err << fmt::format(
          "spikeloop: warning: seed {}: neuron {} of \"{}\" did not fire when its inputs drove it (U{} core {} neuron {})\n", d.seed,
          verdict.neuron.neuron, network.populations()[verdict.neuron.population].name, verdict.place.chip, verdict.place.core,
          verdict.place.neuron);
  if (!v.untested.empty())
    t.err << fmt::format(
        "spikeloop: warning: seed {}: {} not verified; no neuron there is both seen by the host and made to fire by its inputs\n", d.seed,
        dynapse::Verification::text_of(v.untested));
}

double microwatts(const Deployed& d) { return d.energy.total() / (d.test_ms * 1e-3) * 1e6; }

MeanSpread over(const std::vector<Deployed>& all, double Deployed::*figure) {
  std::vector<double> values;
  for (const Deployed& d : all) values.push_back(d.*figure);
  return mean_spread(values);
}

report::Table accuracy_table(const std::vector<Deployed>& all) {
  report::Table table;
  table.columns = {{"seed"},
                   {"simulator", report::Align::kRight},
                   {"chip's weights", report::Align::kRight},
                   {"board", report::Align::kRight},
                   {"words", report::Align::kRight},
                   {"verified", report::Align::kRight},
                   {"lost", report::Align::kRight},
                   {"uW (estimated)", report::Align::kRight}};
  const auto percent = [](double x) { return fmt::format("{:.2f} %", 100 * x); };
  for (const Deployed& d : all) {
    const dynapse::Verification& verification = d.deployment.verification;
    table.rows.push_back({std::to_string(d.seed), percent(d.simulator), percent(d.quantised), percent(d.board),
                          std::to_string(d.deployment.words), fmt::format("{} of {}", verification.seen(), verification.neurons.size()),
                          std::to_string(d.deployment.lost() + d.counts.late), fmt::format("{:.2f}", microwatts(d))});
  }
  if (all.size() > 1) {
    const auto mean = [&](double Deployed::*figure) {
      const MeanSpread m = over(all, figure);
      return fmt::format("{:.2f} ± {:.2f} %", 100 * m.mean, 100 * m.spread);
    };
    table.rows.push_back({"mean", mean(&Deployed::simulator), mean(&Deployed::quantised), mean(&Deployed::board)});
  }
  table.note =
      "Power is the energy of an inference over its time, without static power, which is not known; arXiv 2603.24113 reports 41 uW "
      "(binary task) and 189 uW (Yin-Yang) for its networks on the chip.";
  return table;
}

nlohmann::ordered_json deployed_json(const Deployed& d) {
  nlohmann::ordered_json lines = nlohmann::ordered_json::array();
  for (const EnergyLine& l : d.energy.lines)
    lines.push_back({{"part", l.part},
                     {"operation", operation_name(l.operation)},
                     {"count", l.count},
                     {"joules", l.joules},
                     {"measured", l.measured},
                     {"verified", l.verified},
                     {"source", l.source}});
  return {{"seed", d.seed},
          {"samples", d.samples},
          {"test_accuracy", {{"simulator", d.simulator}, {"quantised", d.quantised}, {"board", d.board}}},
          {"words", d.deployment.words},
          {"verified", d.deployment.verification.seen()},
          {"to_verify", d.deployment.verification.neurons.size()},
          {"untested_cores", dynapse::Verification::text_of(d.deployment.verification.untested)},
          {"late", d.counts.late},
          {"lost", d.deployment.lost()},
          {"strays", d.deployment.strays},
          {"simulated_s", to_ms(d.counts.simulated) * 1e-3},
          {"operations", to_json(d.operations)},
          {"unseen_neurons", d.counts.chip->unseen_neurons},
          {"energy_per_inference",
           {{"machine", d.energy.machine}, {"kind", report::kind_of(d.energy)}, {"total_j", d.energy.total()}, {"lines", lines}}},
          {"microwatts", microwatts(d)}};
}

/// What `energy` needs: the operations of each sample too, and the chip with its prices.
void write_deployment(const fs::path& out, const DeployOptions& o, const std::vector<Deployed>& all, nlohmann::ordered_json object) {
  for (std::size_t i = 0; i < all.size(); ++i) object["runs"][i]["per_sample"] = to_json(std::span(all[i].per_sample));
  keep_chip(out, o.machine);
  write_file_atomically((out / kDeployFile).string(), object.dump(2) + "\n");
}

std::vector<Deployed> deploy_all(Deployer deployer, const ExperimentResult& stored, const Network& network, const DeployOptions& o,
                                 Terminal& t) {
  std::vector<Deployed> all;
  for (std::size_t i = 0; i < stored.runs.size(); ++i) {
    if (interrupted()) throw InterruptedError("interrupted; nothing is lost, for deploy writes only when it is done");
    if (!t.quiet)
      t.err << fmt::format("spikeloop: deploying seed {} ({} of {}) on {}", stored.runs[i].seed, i + 1, stored.runs.size(),
                           o.machine.board_name())
            << std::endl;
    all.push_back(deployer.run(stored.runs[i], i));
    warn_of(all.back(), network, t);
  }
  return all;
}

int deploy(DeployOptions o, Terminal& t) {
  check_machine_choice(o.machine);
  const fs::path dir = o.dir;
  const ExperimentResult stored = stored_result(dir);
  const MachineChoice trained_on = machine_of_training(dir);
  o.machine = like_before(o.machine, trained_on);
  const LoadedExperiment loaded = load_experiment_of((dir / "experiment.txtpb").string(), o.data_dir);
  const Network network(for_inference(with_probes(loaded.network, loaded.experiment), stays_whole(trained_on)));
  check_machine(*make_machine(o.machine), network, (dir / "network.txtpb").string());
  fs::path out;
  if (!o.out.empty()) out = make_run_directory(o.out, "deploy");
  std::vector<Deployed> all;
  nlohmann::ordered_json object;
  fill_run_directory(out, [&] {  // which is not left behind if a board fails
    all = deploy_all(Deployer(o, loaded, dir), stored, network, o, t);
    nlohmann::ordered_json runs = nlohmann::ordered_json::array();
    for (const Deployed& d : all) runs.push_back(deployed_json(d));
    object = {{"directory", dir.string()}, {"machine", to_json(o.machine)}, {"runs", runs}};
    if (!out.empty()) write_deployment(out, o, all, object);
  });
  if (t.json) {
    t.print(object);
    return kOk;
  }
  t.out << fitted(accuracy_table(all), t.out_width, t.colour) << "\n"
        << fmt::format("energy of an inference of seed {}\n", all.front().seed)
        << fitted(report::energy_table(all.front().energy), t.out_width, t.colour);
  return kOk;
}

}  // namespace

Verb deploy_verb() {
  return {"deploy", "put a trained network onto a board, verify it there, and test it beside the simulator",
          "Examples:\n  spikeloop deploy runs/chip_digits                   on the virtual board\n"
          "  spikeloop deploy runs/chip_digits --mismatch 0      on an ideal one\n"
          "  spikeloop deploy runs/chip_digits --board 1-2       on the board at USB 1-2",
          [](CLI::App& app) -> std::function<int(Terminal&)> {
            auto o = std::make_shared<DeployOptions>();
            o->machine.name = "dynapse";
            add_text(app, "DIR", o->dir, "", "a finished run directory of `spikeloop train`")->required();
            add_data(app, o->data_dir);
            add_board(app, o->machine);
            add_count(app, "--samples", o->samples, 1'000'000'000, "test no more than so many");
            add_text(app, "--out", o->out, "DIR", "write deploy.json there; must not exist");
            return [o](Terminal& t) { return deploy(*o, t); };
          }};
}

}  // namespace spikeloop::cli
