// SPDX-License-Identifier: Apache-2.0
#include "cli/map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "backends/dynapse/compile.hpp"
#include "cli/inputs.hpp"
#include "cli/map_tables.hpp"
#include "cli/options.hpp"
#include "cli/run_directory.hpp"
#include "cli/shipped_chips.hpp"
#include "cli/tables.hpp"
#include "proto/atomic_file.hpp"
#include "proto/write.hpp"
#include "report/placement.hpp"

namespace spikeloop::cli {
namespace {

namespace fs = std::filesystem;

struct MapVerbOptions {
  std::string file, chip = "dynapse1", out, controller = "host";
  std::vector<std::string> host;
  std::uint64_t seed = 1;
  bool prune = false;
};

/// The file in which faults stand: an experiment names its network.
std::string network_file_of(const std::string& path) {
  if (description_kind_of_file(path) != DescriptionKind::kExperiment) return path;
  return resolve_path(path, load_experiment(path).network_file);
}

/// Every violation, with its place in the file; exit code 3.
int refuse(const MapVerbOptions& o, const ChipSpec& chip, const std::vector<dynapse::Violation>& violations, const Terminal& t) {
  std::vector<Diagnostic> faults = dynapse::diagnostics_of(violations);
  t.err << fmt::format("spikeloop: {} does not fit on {}: {} violation{}\n", o.file, chip.name, faults.size(),
                       faults.size() == 1 ? "" : "s");
  faults = locate(std::move(faults), network_file_of(o.file));
  for (const Diagnostic& d : faults) t.err << to_string(d) << "\n";
  if (t.json) t.print({{"file", o.file}, {"chip", chip.name}, {"fits", false}, {"exit_code", 3}, {"violations", to_json(violations)}});
  return 3;
}

std::vector<report::MappingSection> sections_of(const Network& network, const dynapse::Compiled& compiled, const ChipSpec& chip) {
  return {{"Cores", core_table(compiled, chip)},
          {"Weights", weight_table(network, compiled)},
          {"Parameters", parameter_table(compiled)},
          {"Traffic", traffic_table(compiled, chip)}};
}

void write_directory(const MapVerbOptions& o, const fs::path& dir, const Network& network, const ChipSpec& chip,
                     const dynapse::Compiled& compiled, const Mapping& mapping, const Terminal& t) {
  const report::Svg picture = report::placement_plot(mapping, core_labels(compiled));
  nlohmann::ordered_json object = {{"file", o.file}, {"chip", chip.name}, {"fits", true}};
  object.update(map_json(network, compiled, chip));
  const auto write = [&](const char* name, const std::string& text) { write_file_atomically((dir / name).string(), text); };
  write("mapping.txtpb", write_mapping(mapping));
  write("mapping.binpb", write_mapping_binary(mapping));
  write("chip.txtpb", write_chip(chip));
  write("placement.svg", picture.file_text());
  write("map.html", report::mapping_html(mapping, picture, sections_of(network, compiled, chip), compiled.notes, t.command));
  write("map.json", object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

int map_network(const MapVerbOptions& o, Terminal& t) {
  const ChipSpec chip = load_chip_of(o.chip);
  const Network network(load_network_of(o.file));
  dynapse::MapOptions options;
  options.seed = o.seed, options.host = o.host, options.prune = o.prune;
  options.controller_on_chip = o.controller == "chip";
  const dynapse::Outcome outcome = dynapse::compile(network, chip, options);
  if (!outcome.violations.empty()) return refuse(o, chip, outcome.violations, t);
  const dynapse::Compiled& compiled = outcome.compiled;
  fs::path dir;
  if (!o.out.empty()) {
    dir = make_run_directory(o.out, "map");
    fill_run_directory(dir, [&] { write_directory(o, dir, network, chip, compiled, mapping_of(network, chip, compiled, options), t); });
  }
  if (t.json) {
    nlohmann::ordered_json object = {{"file", o.file}, {"chip", chip.name}, {"fits", true}, {"directory", dir.string()}};
    object.update(map_json(network, compiled, chip));
    t.print(object);
    return kOk;
  }
  for (const report::MappingSection& section : sections_of(network, compiled, chip))
    t.out << fitted(section.table, t.out_width, t.colour) << "\n";
  for (const std::string& note : compiled.notes) t.out << wrapped("note: " + note, t.out_width) << "\n";
  if (!dir.empty()) t.out << fmt::format("report: {}\n", (dir / "map.html").string());
  return kOk;
}

}  // namespace

ChipSpec load_chip_of(const std::string& name) {
  std::vector<std::string> known;
  for (const ShippedChip& chip : shipped_chips()) {
    if (name == chip.name) return load_chip_text(chip.text, fmt::format("examples/chips/{}.txtpb", chip.name));
    known.emplace_back(chip.name);
  }
  std::error_code ignored;
  if (name.find('/') != std::string::npos || name.find('.') != std::string::npos || fs::exists(name, ignored)) return load_chip(name);
  const std::string near = did_you_mean(name, known);
  throw UsageError(
      fmt::format("there is no chip \"{}\"; {}; a file (.txtpb) may be named too", name,
                  near.empty() ? fmt::format("this version has: {}", fmt::join(known, ", ")) : "did you mean \"" + near + "\"?"));
}

Verb map_verb() {
  return {"map", "put a network onto a chip, or say everything that does not fit (exit code 3)",
          "Examples:\n  spikeloop map examples/networks/relay.txtpb --chip dynapse1\n"
          "  spikeloop map net.txtpb --chip dynapse1 --out runs/map    with the mapping as a file, and map.html",
          [](CLI::App& app) -> std::function<int(Terminal&)> {
            auto o = std::make_shared<MapVerbOptions>();
            add_text(app, "FILE", o->file, "", "a network or an experiment (.txtpb)")->required();
            add_text(app, "--chip", o->chip, "C", "a chip that ships, or its file (default dynapse1)");
            add_text(app, "--out", o->out, "DIR", "write the mapping and a report there; must not exist");
            add_count(app, "--seed", o->seed, 1'000'000'000'000'000, "of the placement (default 1)");
            app.add_option("--host", o->host, "populations that run beside the chip")->type_name("POPULATION");
            add_controller(app, o->controller);
            app.add_flag("--prune", o->prune, "neurons with too many synapses keep the largest");
            return [o](Terminal& t) { return map_network(*o, t); };
          }};
}

}  // namespace spikeloop::cli
