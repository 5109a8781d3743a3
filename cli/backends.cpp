// SPDX-License-Identifier: Apache-2.0
#include "cli/backends.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "backends/compose/host_learning.hpp"
#include "backends/simulator/simulator.hpp"
#include "cli/cli.hpp"
#include "cli/map.hpp"
#include "cli/options.hpp"
#include "cli/run_directory.hpp"
#include "core/network.hpp"
#include "firmware-interface/boards.hpp"
#include "proto/atomic_file.hpp"
#include "proto/load.hpp"
#include "proto/write.hpp"

namespace spikeloop::cli {
namespace {

constexpr double kVirtualSettle = 40;  // its silence costs nothing, and then trials are alike to the bit

const std::vector<std::string>& machine_names() {
  static const std::vector<std::string> names = {"simulator", "dynapse", "quantised"};
  return names;
}

dynapse::MapOptions map_options(const MachineChoice& choice) {
  dynapse::MapOptions options;
  options.prune = choice.prune;
  if (choice.map_seed != 0) options.seed = choice.map_seed;
  options.controller_on_chip = choice.controller_on_chip();
  return options;
}

std::shared_ptr<Backend> board_machine(const MachineChoice& c, std::uint64_t seed) {
  dynapse::BoardUse use;
  firmware::OpenOptions open;
  open.virtual_board.mismatch = c.mismatch.value_or(open.virtual_board.mismatch);
  open.virtual_board.seed = c.board_seed.value_or(seed);
  use.open = [board = c.board_name(), open] { return firmware::open_board(board, {}, open); };
  use.settle_time_constants = c.settle.value_or(c.on_virtual_board() ? kVirtualSettle : use.settle_time_constants);
  return dynapse::make_dynapse(load_chip_of(c), map_options(c), use);
}

}  // namespace

void add_machine(CLI::App& app, MachineChoice& c) {
  add_text(app, "--backend", c.name, "NAME", "simulator (default), dynapse (a board), quantised (the chip's weights)");
  add_board(app, c);
  add_count(app, "--commit-every", c.commit_every, 1'000'000, "trials between changes of the chip's weights (default 1)");
}

void add_board(CLI::App& app, MachineChoice& c) {
  app.add_option("--chip", c.chip, "a chip that ships, or its file (default dynapse1)")->type_name("C");
  app.add_option("--board", c.board, "virtual (the default), or one as `board probe` takes it")->type_name("B");
  app.add_option("--mismatch", c.mismatch, "of a virtual board's neurons, 0 .. 1 (default 0.2)")
      ->type_name("CV")
      ->check(CLI::Range(0.0, 1.0).description(""));
  app.add_option("--board-seed", c.board_seed, "of a virtual board's mismatch (default: that of the run)")
      ->type_name("N")
      ->check(CLI::Range(0.0, 1e15).description(""));
  app.add_option("--settle", c.settle, "silence between trials, in time constants (default 5; virtual 40)")
      ->type_name("N")
      ->check(CLI::Range(0.0, 1000.0).description(""));
  add_controller(app, c.controller);
  app.add_flag("--prune", c.prune, "neurons with too many synapses for the chip keep the largest");
  add_count(app, "--map-seed", c.map_seed, 1'000'000'000'000'000, "of the placement, as `map --seed` (default 1)");
}

std::string first_chip_option(const MachineChoice& c) {
  const std::pair<const char*, bool> all[] = {{"--chip", c.chip.has_value()},         {"--controller", c.controller.has_value()},
                                              {"--mismatch", c.mismatch.has_value()}, {"--board-seed", c.board_seed.has_value()},
                                              {"--settle", c.settle.has_value()},     {"--prune", c.prune},
                                              {"--map-seed", c.map_seed != 0},        {"--commit-every", c.commit_every != 1}};
  for (const auto& [option, given] : all)
    if (given) return option;
  return "";
}

void check_machine_choice(const MachineChoice& c) {
  const auto& names = machine_names();
  if (std::find(names.begin(), names.end(), c.name) == names.end()) {
    const std::string near = did_you_mean(c.name, names);
    throw UsageError(
        fmt::format("there is no back end \"{}\"; {}", c.name,
                    near.empty() ? fmt::format("this version has: {}", fmt::join(names, ", ")) : "did you mean \"" + near + "\"?"));
  }
  for (const auto& [option, value] : {std::pair("--mismatch", c.mismatch), std::pair("--settle", c.settle)})
    if (value && !std::isfinite(*value)) throw UsageError(fmt::format("{} is not a number", option));
  if ((c.mismatch || c.board_seed) && !c.on_virtual_board())
    throw UsageError("--mismatch and --board-seed are of a virtual board: --backend dynapse --board virtual");
  if (const std::string option = first_chip_option(c); c.is_simulator() && !option.empty())
    throw UsageError(fmt::format("{} goes with --backend dynapse or quantised", option));
  if (c.board && c.name != "dynapse") throw UsageError("--board goes with --backend dynapse");
  if (c.controller && *c.controller != "host" && *c.controller != "chip")
    throw UsageError(fmt::format("--controller is host or chip, not \"{}\"", *c.controller));
  if (c.commit_every < 1) throw UsageError("--commit-every is 1 or more");
  if (c.mismatch && (*c.mismatch < 0 || *c.mismatch > 1)) throw UsageError("--mismatch is from 0 to 1");
  if (c.settle && (*c.settle < 0 || *c.settle > 1000)) throw UsageError("--settle is from 0 to 1000");
  if (const std::string fault = firmware::selector_fault(c.board_name()); !fault.empty()) throw UsageError(fault);
}

MachineChoice like_before(MachineChoice given, const MachineChoice& before) {
  const bool same_board = before.on_virtual_board() && given.on_virtual_board();
  const auto keep = [](auto& value, const auto& was) {
    if (!value) value = was;
  };
  if (!given.chip) given.chip_copy = before.chip_copy;
  keep(given.chip, before.chip), keep(given.controller, before.controller), keep(given.settle, before.settle);
  given.prune = given.prune || before.prune;
  if (given.map_seed == 0) given.map_seed = before.map_seed;
  if (same_board) keep(given.mismatch, before.mismatch), keep(given.board_seed, before.board_seed);
  return given;
}

std::shared_ptr<Backend> make_machine(const MachineChoice& c, std::size_t threads, std::uint64_t seed) {
  if (c.is_simulator()) return make_simulator(threads);
  const std::shared_ptr<Backend> simulator = make_simulator();
  std::shared_ptr<Backend> chip;
  if (c.name == "dynapse")
    chip = board_machine(c, seed);
  else
    chip = dynapse::make_quantised(load_chip_of(c), map_options(c), simulator);
  compose::HostLearningOptions options;
  options.homes = [map = map_options(c)](const Network& network) { return dynapse::homes_of(network, map); };
  options.commit_interval = c.commit_every;
  return compose::make_host_learning(chip, simulator, options);
}

dynapse::ChipSession* board_of(Session& session) {
  auto* composed = dynamic_cast<compose::ComposedSession*>(&session);
  return composed == nullptr ? nullptr : dynamic_cast<dynapse::ChipSession*>(&composed->chip());
}

nlohmann::ordered_json to_json(const MachineChoice& c) {
  nlohmann::ordered_json json = {{"name", c.name}};
  if (c.is_simulator()) return json;
  json["chip"] = c.chip_name();
  if (c.name == "dynapse") json["board"] = c.board_name();
  json["commit_every"] = c.commit_every, json["prune"] = c.prune, json["controller"] = c.controller.value_or("host");
  if (c.map_seed != 0) json["map_seed"] = c.map_seed;
  if (c.settle) json["settle"] = *c.settle;
  if (c.mismatch) json["mismatch"] = *c.mismatch;
  if (c.board_seed) json["board_seed"] = *c.board_seed;
  return json;
}

MachineChoice machine_from_json(const nlohmann::json& json) {
  MachineChoice c;
  c.name = json.value("name", c.name);
  c.commit_every = json.value("commit_every", c.commit_every), c.prune = json.value("prune", c.prune);
  c.map_seed = json.value("map_seed", c.map_seed);
  const auto take = [&](const char* name, auto& value) {
    if (json.contains(name)) value = json[name].get<typename std::decay_t<decltype(value)>::value_type>();
  };
  take("chip", c.chip), take("controller", c.controller);
  if (c.name == "dynapse") take("board", c.board);
  take("settle", c.settle), take("mismatch", c.mismatch), take("board_seed", c.board_seed);
  return c;
}

ChipSpec load_chip_of(const MachineChoice& c) {
  return c.chip_copy.empty() ? load_chip_of(c.chip_name()) : load_chip(c.chip_copy.string());
}

void keep_chip(const std::filesystem::path& dir, const MachineChoice& c) {
  if (!c.is_simulator()) write_file_atomically((dir / kChipFile).string(), write_chip(load_chip_of(c)));
}

MachineChoice machine_of_directory(const std::filesystem::path& dir, const nlohmann::json& json) {
  MachineChoice machine = machine_from_json(json);
  try {
    check_machine_choice(machine);
  } catch (const UsageError& e) {
    throw DescriptionError(
        fmt::format("{}: holds a machine that there is not: {}; was it changed?", (dir / "run.json").string(), e.what()));
  }
  std::error_code none;
  if (!machine.is_simulator() && std::filesystem::exists(dir / kChipFile, none)) machine.chip_copy = dir / kChipFile;
  return machine;
}

MachineChoice machine_of_training(const std::filesystem::path& dir) {
  MachineChoice machine;
  read_run_file(dir, "train", [&](const nlohmann::json& run) {
    if (run.contains("machine")) machine = machine_of_directory(dir, run.at("machine"));
  });
  return machine;
}

}  // namespace spikeloop::cli
