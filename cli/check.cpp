// SPDX-License-Identifier: Apache-2.0
#include "cli/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "backends/simulator/simulator.hpp"
#include "cli/inputs.hpp"
#include "cli/nir.hpp"
#include "cli/options.hpp"
#include "cli/recordings.hpp"
#include "cli/tables.hpp"
#include "core/io/nir.hpp"
#include "core/network.hpp"
#include "report/table.hpp"
#include "report/text.hpp"

namespace spikeloop::cli {
namespace {

struct CheckOptions {
  std::string file, data_dir, unit;
  bool memory = false;
  std::size_t threads = 1;
  NirOptions nir;
};

double per_synapse(double bytes, double synapses) { return synapses > 0 ? bytes / synapses : 0; }

/// "a->b", "a->b, a->c", "a->b and 7 others".
std::string names_of(const engine::Memory::Rows& rows, const Network& network) {
  const auto name = [&](std::size_t i) { return network.projections()[rows.projections[i]].name; };
  const std::size_t n = rows.projections.size();
  return n == 1 ? name(0) : n == 2 ? name(0) + ", " + name(1) : fmt::format("{} and {} others", name(0), n - 1);
}

nlohmann::ordered_json memory_json(const engine::Memory& memory, const Network& network) {
  const auto whole = [](double bytes) { return static_cast<std::uint64_t>(std::llround(bytes)); };
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const engine::Memory::Rows& r : memory.rows) {
    nlohmann::ordered_json names = nlohmann::ordered_json::array();
    for (const std::uint32_t k : r.projections) names.push_back(network.projections()[k].name);
    rows.push_back({{"projections", names}, {"synapses", whole(r.synapses)}, {"bytes", whole(r.bytes)}});
  }
  return {{"total_bytes", whole(memory.total())},
          {"connectivity_bytes", whole(memory.connectivity)},
          {"bytes_per_synapse", per_synapse(memory.connectivity, memory.synapses)},
          {"state_bytes", whole(memory.state)},
          {"building_bytes", whole(memory.building)},
          {"rows", rows}};
}

report::Table memory_table(const engine::Memory& memory, const Network& network) {
  using report::Align;
  report::Table table{
      {{"what", Align::kLeft}, {"synapses", Align::kRight}, {"bytes each", Align::kRight}, {"memory", Align::kRight}}, {}, ""};
  const auto row = [&](const std::string& name, double synapses, double bytes) {
    table.rows.push_back({name, synapses > 0 ? report::count_text(synapses) : "",
                          synapses > 0 ? fmt::format("{:.2f}", bytes / synapses) : "", report::si(bytes, "B")});
  };
  std::vector<engine::Memory::Rows> largest = memory.rows;
  std::stable_sort(largest.begin(), largest.end(), [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
  for (const engine::Memory::Rows& r : largest) row(names_of(r, network), r.synapses, r.bytes);
  row("all synapses", memory.synapses, memory.connectivity);
  row("neurons and sources", 0, memory.state);
  row("in all", 0, memory.total());
  row("while it is built", 0, memory.total() + memory.building);
  table.note = "estimated for the simulator before anything is allocated; projections that share rows stand together";
  return table;
}

/// A file that describes no network; false if it does.
bool check_other(const CheckOptions& o, DescriptionKind kind, const Terminal& t) {
  nlohmann::ordered_json object = {{"file", o.file}, {"kind", ""}, {"valid", true}};
  std::string text;
  if (kind == DescriptionKind::kPriceList) {
    const PriceList prices = load_prices(o.file);
    object["kind"] = "price list", object["prices"] = prices.prices.size();
    text = fmt::format("price list of {} with {} prices", prices.machine, prices.prices.size());
  } else if (kind == DescriptionKind::kChip) {
    const ChipSpec chip = load_chip(o.file);
    object["kind"] = "chip", object["name"] = chip.name;
    text = fmt::format("chip, {} of the family {}", chip.name, chip.family);
  } else if (kind == DescriptionKind::kMapping) {
    const Mapping mapping = load_mapping(o.file);
    object["kind"] = "mapping", object["chip"] = mapping.chip;
    text = fmt::format("mapping of {} populations onto {}", mapping.populations.size(), mapping.chip);
  } else {
    return false;
  }
  if (t.json)
    t.print(object);
  else
    t.out << fmt::format("{}: a valid {}\n", o.file, text);
  return true;
}

int check(const CheckOptions& o, Terminal& t) {
  std::error_code ignored;
  if (std::filesystem::is_directory(o.file, ignored)) return check_classes(o.file, o.unit, t);
  if (io::is_nir(o.file)) return check_nir(o.file, o.nir, t);
  if (is_recording(o.file, o.unit)) return check_recording(o.file, o.unit, t);
  const DescriptionKind kind = description_kind_of_file(o.file);
  const char* what = kind == DescriptionKind::kExperiment ? "experiment" : "network";
  if (check_other(o, kind, t)) return kOk;
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
  check_machine(*make_simulator(o.threads), network, network_file);
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
    if (o.memory) object["memory"] = memory_json(memory_in_simulator(network, o.threads), network);
    t.print(object);
    return kOk;
  }
  t.out << fmt::format("{}: a valid {}: {} populations, {} neurons, {} projections, {} synapses\n", o.file, what,
                       network.populations().size(), report::count_text(neurons), network.projections().size(),
                       report::count_text(synapses));
  if (o.memory) t.out << fitted(memory_table(memory_in_simulator(network, o.threads), network), t.out_width, t.colour);
  return kOk;
}

}  // namespace

Verb check_verb() {
  return {"check", "report every fault of a description at once, or what a recording holds",
          "Examples:\n  spikeloop check examples/digits.txtpb\n  spikeloop check examples/networks/brunel.txtpb --memory\n"
          "  spikeloop check sample.aedat4     what a recording holds\n  spikeloop check nmnist/Train      a folder with a folder of "
          "recordings for each class",
          [](CLI::App& app) -> std::function<int(Terminal&)> {
            auto o = std::make_shared<CheckOptions>();
            add_text(app, "FILE", o->file, "", "any description of ours (.txtpb), a NIR file, or a recording")->required();
            app.add_flag("--memory", o->memory, "also tell the memory that it will need, and that of each synapse");
            add_count(app, "--threads", o->threads, 256, "with so many threads (default 1)");
            add_text(app, "--time-unit", o->unit, "UNIT", "of the times of a .npy file that does not tell it: ns, us, ms or s");
            add_conventions(app, o->nir);
            add_data(app, o->data_dir);
            return [o](Terminal& t) { return check(*o, t); };
          }};
}

}  // namespace spikeloop::cli
