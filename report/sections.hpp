// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/experiment.hpp"
#include "report/json.hpp"

/// The parts of reports, each empty if the result has nothing for it.
namespace spikeloop::report {

/// Accuracy and the controller's help by epoch, mean and spread over seeds.
std::string learning_section(const ExperimentResult& result);

/// The raster of one trial: input, hidden, controller, output.
std::string trial_section(const ExperimentResult& result, const Network& network);

/// Confusion matrix and receptive fields, side by side.
std::string maps_section(const ExperimentResult& result, const Network& network);

/// Energy of one inference by part on each priced machine.
std::string energy_section(const ExperimentResult& result);

/// Operations of one inference by population and projection, and what was lost.
std::string operations_section(const ExperimentResult& result, const Network& network);

/// The command, the version, `origin` and the facts, as name and value.
std::string reproduce_section(const RunInfo& info, const std::vector<std::pair<std::string, std::string>>& origin);

}  // namespace spikeloop::report
