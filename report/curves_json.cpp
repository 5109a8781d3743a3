// SPDX-License-Identifier: Apache-2.0
// The curves of report.json.
#include <nlohmann/json.hpp>

#include "report/curves.hpp"
#include "report/json_number.hpp"

namespace spikeloop::report {
namespace {

using Json = nlohmann::ordered_json;

Json levels_json(const ExperimentResult& result, std::vector<RobustnessPoint> RobustnessResult::*points, const char* name) {
  const std::vector<LevelError> levels = errors_by_level(result.runs, points);
  Json out = Json::array();
  for (std::size_t i = 0; i < levels.size(); ++i) {
    Json accuracies = Json::array();
    for (const TrainingResult& run : result.runs)
      if (run.robustness && i < ((*run.robustness).*points).size()) accuracies.push_back(((*run.robustness).*points)[i].accuracies);
    out.push_back({{name, number(levels[i].level)},
                   {"error", number(levels[i].error.mean)},
                   {"error_standard_deviation", number(levels[i].error.spread)},
                   {"lost", number(levels[i].loss.mean)},
                   {"lost_standard_deviation", number(levels[i].loss.spread)},
                   {"accuracies_of_seeds", accuracies}});
  }
  return out;
}

}  // namespace

Json over_time_json(const std::vector<TrainingResult>& runs) {
  Json out = Json::array();
  for (const TimeError& e : errors_over_time(runs))
    out.push_back({{"ms", number(e.ms)},
                   {"error", number(e.error.mean)},
                   {"standard_deviation", number(e.error.spread)},
                   {"spikes", number(e.spikes)},
                   {"input_spikes", number(e.input_spikes)}});
  return out;
}

Json robustness_json(const ExperimentResult& result) {
  Json as_trained = Json::array();
  std::size_t samples = 0;
  for (const TrainingResult& run : result.runs) {
    if (!run.robustness) continue;
    as_trained.push_back(number(1 - run.robustness->as_trained));
    samples = run.robustness->samples;
  }
  if (as_trained.empty()) return nullptr;
  return {{"what", "probes of the reported networks after their test, without retraining; nothing was selected by them"},
          {"samples", samples},
          {"errors_as_trained", as_trained},
          {"weights", "every plastic projection, uniform and symmetric over its own range"},
          {"bits", levels_json(result, &RobustnessResult::bits, "bits")},
          {"mismatch_of", {"threshold", "membrane, synaptic, apical and adaptation time constants"}},
          {"mismatch_where", "hidden and readout populations, interneurons included"},
          {"mismatch_distribution", "log-normal factor a neuron and parameter, mean 1"},
          {"not_included", {"synaptic weights", "delays", "controller"}},
          {"mismatch", levels_json(result, &RobustnessResult::mismatch, "coefficient_of_variation")}};
}

}  // namespace spikeloop::report
