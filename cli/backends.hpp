// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "backends/compose/host_learning.hpp"
#include "backends/dynapse/dynapse.hpp"
#include "core/backend.hpp"

namespace CLI {
class App;
}

/// The machines that networks run on, by name.
namespace spikeloop::cli {

/// In run directories: the chip that they are of.
inline constexpr const char* kChipFile = "chip.txtpb";

/// Which machine, and how it is used.
struct MachineChoice {
  std::string name = "simulator";  ///< "simulator", "dynapse" (a board), "quantised" (the simulator with the chip's weights)
  // What may be left out, because it has a default or is as it was before (`like_before`).
  std::optional<std::string> chip;          ///< default "dynapse1"
  std::optional<std::string> board;         ///< default "virtual"
  std::optional<std::string> controller;    ///< where feedback controllers live: "host" (the default) or "chip"
  std::optional<double> mismatch;           ///< of a virtual board (default 0.2)
  std::optional<std::uint64_t> board_seed;  ///< of a virtual board's mismatch (default: the seed of the run)
  unsigned commit_every = 1;                ///< trials between commits of weights to the chip
  bool prune = false;
  std::uint64_t map_seed = 0;    ///< of the placement; 0: the default
  std::optional<double> settle;  ///< silence between trials, in time constants (default: 40 on a virtual board, else 5)

  std::filesystem::path chip_copy = {};  ///< the chip as it was when a run began, instead of what `chip` names now; empty: none

  std::string chip_name() const { return chip.value_or("dynapse1"); }
  std::string board_name() const { return board.value_or("virtual"); }
  bool on_virtual_board() const { return name == "dynapse" && board_name() == "virtual"; }
  bool controller_on_chip() const { return controller == "chip"; }
  bool is_simulator() const { return name == "simulator"; }
};

/// Declares --backend and what goes with it.
void add_machine(CLI::App& app, MachineChoice& choice);
/// The same without --backend.
void add_board(CLI::App& app, MachineChoice& choice);
/// The first option that says something about a chip, as "--prune"; empty if none is given. --board is not among them.
std::string first_chip_option(const MachineChoice& choice);
/// Throws UsageError for a name that there is not, or options that do not go with it.
void check_machine_choice(const MachineChoice& choice);

/// What is not given is as it was before: chip, controller, pruning, silence, and of a virtual board that it was trained on its neurons.
MachineChoice like_before(MachineChoice given, const MachineChoice& before);

/// The back end, for a run of this seed. Throws UsageError for an unknown chip.
std::shared_ptr<Backend> make_machine(const MachineChoice& choice, std::size_t threads = 1, std::uint64_t seed = 1);

/// The board that a session of `make_machine` runs on; null if it does not run on one.
dynapse::ChipSession* board_of(Session& session);

/// For run.json, and back.
nlohmann::ordered_json to_json(const MachineChoice& choice);
MachineChoice machine_from_json(const nlohmann::json& json);
/// The chip of a choice. Throws UsageError for an unknown one, DescriptionError for a file that holds none.
ChipSpec load_chip_of(const MachineChoice& choice);
/// Keeps the chip in a run directory, for its file may change or go; nothing where there is none.
void keep_chip(const std::filesystem::path& dir, const MachineChoice& choice);
/// What `to_json` wrote into a run directory, with the chip that is kept there.
MachineChoice machine_of_directory(const std::filesystem::path& dir, const nlohmann::json& json);
/// The machine that a run directory of `train` was trained on. Throws DescriptionError if it is none.
MachineChoice machine_of_training(const std::filesystem::path& dir);

}  // namespace spikeloop::cli
