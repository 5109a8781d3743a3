// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>

#include "cli/cli.hpp"
#include "core/backend.hpp"
#include "core/nir/network_of.hpp"
#include "core/nir/stepper.hpp"

/// NIR files as verbs use them.
namespace spikeloop::cli {

/// What closes the points that a file leaves open, as it was written.
struct NirOptions {
  std::string unit, dt, pulse, reset, as, sample;
  /// The first of them that is given, as "--unit"; empty if none is.
  std::string first_given() const;
};

/// --unit, --dt, --pulse and --reset.
void add_conventions(CLI::App& app, NirOptions& options);
/// --as and --sample.
void add_nir_run(CLI::App& app, NirOptions& options);

/// Throws UsageError for values that are none.
nir::Given given_of(const NirOptions& options);

/// A file that was read and understood; the flat graph points into the graph.
struct NirFile {
  std::string path;
  std::unique_ptr<const nir::Graph> graph;
  nir::FlatGraph flat;
};

/// Throws DescriptionError with the file in every fault.
NirFile load_nir(const std::string& path);

/// A network to be run event by event, with its conventions.
struct NirSubject {
  nir::Conventions conventions;
  nir::NirNetwork network;
};
NirSubject exact_subject(const NirFile& file, const NirOptions& options);

/// The tool of --as. Throws UsageError if there is none of this name, and for options that are its own.
nir::Tool tool_of(const NirOptions& options);

/// Unit, dt and what is said of a run in steps as the tool does them.
nir::Conventions stepped_conventions(const NirFile& file, const NirOptions& options, const nir::Tool& tool);

/// Gives the neurons of a population a model each, with its threshold.
void set_own_models(std::size_t population, const std::vector<NeuronModel>& models, Session& session);

/// Gives neurons that differ their own parameters.
void set_own_neurons(const nir::NirNetwork& made, const Network& network, Session& session);

/// The conventions, and what was composed, as one object.
nlohmann::ordered_json to_json(const nir::Conventions& conventions, const std::vector<std::string>& notes);

/// Puts the file and its conventions into a run directory.
void store_nir(const std::string& dir, const NirFile& file, const nir::Conventions& conventions);
inline constexpr const char* kNirFile = "network.nir";  ///< there

/// Options as they were written, for report.json, and back.
nlohmann::ordered_json to_json(const NirOptions& options);
NirOptions nir_options_from(const nlohmann::json& json);

/// Populations of the Inputs and of the neurons of a file, for names only.
NetworkDescription ports_of(const NirFile& file, bool potentials);

/// Moves a stepper over `steps` steps of `dt`: every input spike counts into its step, every spike comes at the start of its own, and
/// potentials are those of its end. False if it was interrupted.
bool run_steps(nir::Stepper& stepper, const nir::FlatGraph& flat, const Network& ports, std::span<const Spike> input, std::int64_t steps,
               Time dt, Sink& sink);

/// Prints what a file holds, and which points it leaves open; throws DescriptionError if it is wrong.
int check_nir(const std::string& path, const NirOptions& options, Terminal& terminal);

}  // namespace spikeloop::cli
