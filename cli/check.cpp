// SPDX-License-Identifier: Apache-2.0
#include "cli/check.hpp"

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "backends/simulator/simulator.hpp"
#include "cli/inputs.hpp"
#include "cli/options.hpp"
#include "core/network.hpp"
#include "report/text.hpp"

namespace spikeloop::cli {
namespace {

struct Options {
  std::string file, data_dir;
  bool memory = false;
};

/// Bytes that the simulator will hold: state per neuron, indices and weights per synapse.
double estimated_bytes(const Network& network) {
  double bytes = 0;
  for (const Population& p : network.populations()) bytes += static_cast<double>(p.size()) * (p.is_source() ? 24 : 72);
  for (const Projection& p : network.projections()) {
    const bool dense = std::holds_alternative<AllToAll>(p.connect) || std::holds_alternative<Tensor>(p.connect);
    const bool stored = !is_constant(p.weight) || !p.rule.empty() || std::holds_alternative<Tensor>(p.connect);
    const Rule* rule = network.rule_of(p);
    bytes += network.expected_synapses(p) * ((dense ? 0 : 4) + (stored ? 4 : 0) + (rule && rule->commit == Commit::kTrial ? 4 : 0));
    bytes += 8 * static_cast<double>(network.populations()[network.population_index(p.source)].size());
  }
  return bytes;
}

int check(const Options& o, Terminal& t) {
  const DescriptionKind kind = description_kind_of_file(o.file);
  const char* what = kind == DescriptionKind::kExperiment ? "experiment" : kind == DescriptionKind::kPriceList ? "price list" : "network";
  if (kind == DescriptionKind::kPriceList) {
    const PriceList prices = load_prices(o.file);
    if (t.json)
      t.print({{"file", o.file}, {"kind", what}, {"valid", true}, {"prices", prices.prices.size()}});
    else
      t.out << fmt::format("{}: a valid price list of {} with {} prices\n", o.file, prices.machine, prices.prices.size());
    return kOk;
  }
  std::string network_file = o.file;
  NetworkDescription description;
  if (kind == DescriptionKind::kExperiment) {
    LoadedExperiment loaded = load_experiment_of(o.file, o.data_dir);
    network_file = loaded.experiment.network_file;
    description = std::move(loaded.network);
  } else {
    description = load_network(o.file, load_options());
  }
  const Network network(std::move(description));
  check_machine(*make_simulator(), network, network_file);
  double neurons = 0, synapses = 0;
  for (const Population& p : network.populations()) neurons += p.is_source() ? 0 : static_cast<double>(p.size());
  for (const Projection& p : network.projections()) synapses += network.expected_synapses(p);
  if (t.json) {
    nlohmann::ordered_json object = {{"file", o.file},
                                     {"kind", what},
                                     {"valid", true},
                                     {"populations", network.populations().size()},
                                     {"projections", network.projections().size()},
                                     {"neurons", static_cast<std::uint64_t>(neurons)},
                                     {"synapses", static_cast<std::uint64_t>(std::llround(synapses))}};
    if (o.memory) object["bytes"] = static_cast<std::uint64_t>(estimated_bytes(network));
    t.print(object);
    return kOk;
  }
  t.out << fmt::format("{}: a valid {}: {} populations, {} neurons, {} projections, {} synapses\n", o.file, what,
                       network.populations().size(), report::count_text(neurons), network.projections().size(),
                       report::count_text(synapses));
  if (o.memory)
    t.out << fmt::format("needs about {} in the simulator, plus what building takes (estimated)\n",
                         report::si(estimated_bytes(network), "B"));
  return kOk;
}

}  // namespace

Verb check_verb() {
  return {"check", "report every fault of a description at once, with line and column",
          "Examples:\n  spikeloop check examples/digits.txtpb\n  spikeloop check examples/networks/brunel.txtpb --memory",
          [](CLI::App& app) -> std::function<int(Terminal&)> {
            auto o = std::make_shared<Options>();
            add_text(app, "FILE", o->file, "", "a network, an experiment or a price list (.txtpb)")->required();
            app.add_flag("--memory", o->memory, "also tell the memory that it will need");
            add_data(app, o->data_dir);
            return [o](Terminal& t) { return check(*o, t); };
          }};
}

}  // namespace spikeloop::cli
