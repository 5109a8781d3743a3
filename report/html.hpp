// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "core/experiment.hpp"
#include "report/json.hpp"

namespace spikeloop::report {

/// The text of report.html: one page that needs nothing else, no script and no network. It is well-formed XML too.
/// Shows the result with its control, the learning curve with the controller's help, one trial, error against time, spikes, weight bits and
/// mismatch, confusions, weights, energy, operations, and how to get it all again. Parts for which the result has no data are left out.
std::string training_html(const ExperimentResult& result, const Network& network, const RunInfo& info);

}  // namespace spikeloop::report
