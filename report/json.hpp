// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/experiment.hpp"

namespace spikeloop::report {

/// What a result does not know of itself: how somebody gets it again, and what it is held against.
struct RunInfo {
  std::string command;                                     ///< as one types it
  std::string version;                                     ///< of spikeloop
  std::optional<double> linear_baseline;                   ///< test accuracy of a linear classifier on the same data, if known
  std::vector<std::pair<std::string, std::string>> facts;  ///< more name, value: data sha256, host, build, ...
};

/// The text of report.json (indent 4): `neurobench` with exactly NeuroBench's keys (harness 2.3, first seed), `extra`, `accuracy`,
/// `over_time`, `robustness` (if probed), `runs`, `control`, `energy` (per inference, each line "estimated" or "measured") and `reproduce`.
/// NaN and infinity are written as null.
std::string training_json(const ExperimentResult& result, const Network& network, const RunInfo& info);

/// NeuroBench's keys and nothing else (harness 2.3).
nlohmann::ordered_json neurobench_json(const NeuroBench& bench);

/// What NeuroBench has no keys for, per inference with its standard deviation over the samples (null if it is not known): synaptic events
/// delivered, neuron updates, spikes, latency p50 and p99. Wall times stand in it where `timed`; files that must not differ have none.
nlohmann::ordered_json extra_json(const Network& network, const Evaluation& test, double inference_ms, bool timed = false);

/// An energy account: machine, kind, joules (of what is known), spread over samples (null if it is not known) and every line. `per` says of
/// what: "inference", "run", ...
nlohmann::ordered_json energy_json(const EnergyReport& report, const std::string& per);

}  // namespace spikeloop::report
