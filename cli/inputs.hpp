// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/backend.hpp"
#include "core/experiment.hpp"
#include "core/network.hpp"
#include "proto/load.hpp"

/// Finding and reading what a command names.
namespace spikeloop::cli {

/// How descriptions are read here: tensors come from .npy files.
LoadOptions load_options();

/// The network of a file; an experiment file stands for its network. Throws DescriptionError.
NetworkDescription load_network_of(const std::string& path);

/// A data file that a description names: beside the description, else by its file name in `data_dir`, in $SPIKELOOP_DATA_DIR, or one folder
/// below these (in a folder of the same name, if one is named and it is not "data"). Where there is none, the path beside the description,
/// so that reading it tells what is missing.
std::filesystem::path find_data(const std::string& description, const std::string& file, const std::string& data_dir);

/// An experiment and the network that it names.
struct DescribedExperiment {
  Experiment experiment;  ///< paths resolved
  NetworkDescription network;
};

/// An experiment with everything that it names.
struct LoadedExperiment : DescribedExperiment {
  Dataset data;
};

/// Reads an experiment and its network; throws DescriptionError with the faults that they have by themselves, located.
DescribedExperiment describe_experiment(const std::string& path, const std::string& data_dir, const LoadOptions& options);

/// Notes which data they are, and checks that they fit; throws DescriptionError with every fault, located in the experiment file `path`.
void check_against(DescribedExperiment& described, const Dataset& data, const std::string& path);

/// Reads an experiment, its network and its data, and checks that they fit; throws DescriptionError with every fault, located.
LoadedExperiment load_experiment_of(const std::string& path, const std::string& data_dir);

/// The data set of an experiment whose paths are resolved.
Dataset read_dataset(const DatasetSource& source);

/// Throws CapacityError with everything that the back end cannot do of the network of the file `path`.
void check_machine(const Backend& backend, const Network& network, const std::string& path);

}  // namespace spikeloop::cli
