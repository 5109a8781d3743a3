// SPDX-License-Identifier: Apache-2.0
#include "report/json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "report/curves.hpp"
#include "report/json_number.hpp"
#include "report/table.hpp"
#include "report/text.hpp"

namespace spikeloop::report {
namespace {

using Json = nlohmann::ordered_json;

/// The keys and nothing but the keys that NeuroBench's scripts look for.
Json neurobench_json(const NeuroBench& bench) {
  return {
      {"Footprint", bench.footprint},
      {"ConnectionSparsity", number(bench.connection_sparsity)},
      {"ClassificationAccuracy", number(bench.classification_accuracy)},
      {"ActivationSparsity", number(bench.activation_sparsity)},
      {"SynapticOperations",
       {{"Effective_MACs", number(bench.effective_macs)}, {"Effective_ACs", number(bench.effective_acs)}, {"Dense", number(bench.dense)}}}};
}

/// Operations of one inference by population and projection.
Json operations_json(const Network& network, const Evaluation& test) {
  const auto samples = static_cast<double>(test.samples);
  Json populations = Json::array();
  for (std::size_t i = 0; i < test.counts.populations.size() && i < network.populations().size(); ++i) {
    const PopulationCounts& counts = test.counts.populations[i];
    populations.push_back({{"name", network.populations()[i].name},
                           {"neurons", network.populations()[i].size()},
                           {"spikes", number(static_cast<double>(counts.spikes) / samples)},
                           {"updates", number(static_cast<double>(counts.updates) / samples)}});
  }
  Json projections = Json::array();
  for (std::size_t i = 0; i < test.counts.projections.size() && i < network.projections().size(); ++i) {
    const ProjectionCounts& counts = test.counts.projections[i];
    projections.push_back({{"name", network.projections()[i].name},
                           {"synaptic_events", number(static_cast<double>(counts.synaptic_events) / samples)},
                           {"plastic_updates", number(static_cast<double>(counts.plastic_updates) / samples)}});
  }
  return {{"populations", populations}, {"projections", projections}};
}

Json extra_json(const ExperimentResult& result, const Network& network, const Evaluation& test) {
  double updates = 0;
  for (const PopulationCounts& counts : test.counts.populations) updates += static_cast<double>(counts.updates);
  const double simulated_s = to_ms(test.counts.simulated) * 1e-3;
  return {{"harness", "2.3.0"},
          {"dt_ms", number(test.bin_ms)},
          {"resolution_ns", network.resolution()},
          {"samples", test.samples},
          {"inference_ms", number(result.experiment.test_ms)},
          {"model_execution_rate_hz", number(result.experiment.test_ms > 0 ? 1e3 / result.experiment.test_ms : NAN)},
          {"spikes_per_inference", number(spikes_per_inference(test))},
          {"synaptic_events_per_inference", number(synaptic_operations_per_inference(test))},
          {"neuron_updates_per_inference", number(updates / static_cast<double>(test.samples))},
          {"latency_p50_ms", number(test.latency_p50_ms)},
          {"latency_p99_ms", number(test.latency_p99_ms)},
          {"simulated_s", number(simulated_s)},
          {"late", test.counts.late},
          {"dropped", test.counts.dropped},
          {"overflowed", test.counts.overflowed},
          {"per_inference", operations_json(network, test)}};
}

Json run_json(const TrainingResult& run) {
  Json epochs = Json::array();
  for (const EpochResult& epoch : run.epochs) {
    epochs.push_back({{"epoch", epoch.epoch},
                      {"train_accuracy", number(epoch.train_accuracy)},
                      {"validation_accuracy", number(epoch.validation_accuracy)},
                      {"help", number(epoch.help)},
                      {"helped", number(epoch.helped)},
                      {"hidden_spikes", number(epoch.hidden_spikes)}});
  }
  return {{"seed", run.seed},
          {"accuracy", number(run.test.accuracy)},
          {"samples", run.test.samples},
          {"spikes_per_inference", number(spikes_per_inference(run.test))},
          {"synaptic_events_per_inference", number(synaptic_operations_per_inference(run.test))},
          {"activation_sparsity", number(run.test.activation_sparsity)},
          {"latency_p50_ms", number(run.test.latency_p50_ms)},
          {"latency_p99_ms", number(run.test.latency_p99_ms)},
          {"confusion", run.test.confusion},
          {"weights_hash", fmt::format("{:016x}", run.weights_hash)},
          {"kept_epoch", run.kept_epoch},
          {"training_seconds", number(run.training_seconds)},
          {"epochs", epochs}};
}

/// Mean, spread and runs of a group of seeds.
Json group_json(const std::vector<TrainingResult>& runs) {
  const MeanSpread accuracy = accuracy_of(runs);
  return {{"mean", number(accuracy.mean)}, {"standard_deviation", number(accuracy.spread)}, {"seeds", runs.size()}};
}

Json runs_json(const std::vector<TrainingResult>& runs) {
  Json out = Json::array();
  for (const TrainingResult& run : runs) out.push_back(run_json(run));
  return out;
}

}  // namespace

Json energy_json(const EnergyReport& report, const std::string& per) {
  Json lines = Json::array();
  for (const EnergyLine& line : report.lines) {
    lines.push_back({{"part", line.part},
                     {"operation", operation_name(line.operation)},
                     {"count", number(line.count)},
                     {"joules", number(line.joules)},
                     {"kind", line.measured ? "measured" : "estimated"},
                     {"verified", line.verified},
                     {"source", line.source}});
    if (!line.missing.empty()) lines.back()["missing"] = line.missing;
  }
  return {{"machine", report.machine},
          {"note", report.note},
          {"per", per},
          {"kind", kind_of(report)},
          {"joules", number(report.total())},
          {"complete", report.complete()},
          {"standard_deviation_over_samples", report.spread ? number(*report.spread) : Json(nullptr)},
          {"lines", lines}};
}

std::string training_json(const ExperimentResult& result, const Network& network, const RunInfo& info) {
  const Experiment& experiment = result.experiment;
  Json json;
  json["experiment"] = experiment.name;
  json["network"] = {
      {"name", network.name()}, {"file", experiment.network_file}, {"fingerprint", fmt::format("{:016x}", network.fingerprint())}};
  if (!result.runs.empty()) {
    const Evaluation& test = result.runs.front().test;
    json["neurobench"] = neurobench_json(neurobench(test));
    json["extra"] = extra_json(result, network, test);
    json["accuracy"] = group_json(result.runs);
  }
  json["over_time"] = over_time_json(result.runs);
  if (Json robustness = robustness_json(result); !robustness.is_null()) json["robustness"] = std::move(robustness);
  json["linear_baseline"] = info.linear_baseline ? number(*info.linear_baseline) : Json(nullptr);
  json["runs"] = runs_json(result.runs);
  if (!result.control.empty()) {
    json["control"] = {{"kind", "frozen_hidden"}, {"accuracy", group_json(result.control)}, {"runs", runs_json(result.control)}};
  }
  json["energy"] = Json::array();
  for (const EnergyReport& report : result.energy) json["energy"].push_back(energy_json(report, "inference"));
  Json facts = Json::object();
  for (const auto& [name, value] : info.facts) facts[name] = value;
  json["reproduce"] = {{"command", info.command}, {"version", info.version}, {"facts", facts}};
  return json.dump(4, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace spikeloop::report
