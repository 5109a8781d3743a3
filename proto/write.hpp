// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/chip.hpp"
#include "core/energy.hpp"
#include "core/experiment.hpp"
#include "core/mapping.hpp"
#include "core/network.hpp"

/// Core values to text and to binary. Loading what was written gives the same value again; defaults are written out.
namespace spikeloop {

/// How a description is written.
struct WriteOptions {
  /// Folder that the description will stand in: tensor files are written relative to it. Empty: as they are.
  std::string directory;
};

/// Text with the header lines that tell what it is.
std::string write_network(const NetworkDescription& network, const WriteOptions& options = {});
std::string write_experiment(const Experiment& experiment);
std::string write_prices(const PriceList& prices);
std::string write_chip(const ChipSpec& chip);
std::string write_mapping(const Mapping& mapping);

/// Binary serialisation of the same messages.
std::string write_network_binary(const NetworkDescription& network, const WriteOptions& options = {});
std::string write_experiment_binary(const Experiment& experiment);
std::string write_prices_binary(const PriceList& prices);
std::string write_chip_binary(const ChipSpec& chip);
std::string write_mapping_binary(const Mapping& mapping);

/// The results of an experiment without the heavy parts (example trials, receptive fields, latency of each sample), binary.
std::string write_report_binary(const ExperimentResult& result);
/// The inverse; throws DescriptionError if the bytes are not a report.
ExperimentResult read_report_binary(std::string_view bytes, const std::string& file = "");

/// Tells experiments apart for checkpoints: equal for experiments that train alike, whatever their names, paths and number of seeds.
std::uint64_t experiment_fingerprint(const Experiment& experiment);

}  // namespace spikeloop
