// SPDX-License-Identifier: Apache-2.0
#include "report/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "report/curves.hpp"
#include "report/json_number.hpp"
#include "report/table.hpp"
#include "report/text.hpp"

namespace spikeloop::report {
namespace {

using Json = nlohmann::ordered_json;

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

/// Standard deviation over the samples of how many operations of a kind an inference has.
Json spread_of(const Network& network, const Evaluation& test, Operation operation) {
  const PriceList one{"", "", 1, {{"", operation, 1, "", true}}};  // one joule each: the energy is the number
  const auto spread = energy_spread(network, test.count_covariance, one);
  return spread ? number(*spread) : Json(nullptr);
}

/// p50 and p99 of those that are numbers.
void add_percentiles(Json& json, const std::string& name, std::vector<double> values) {
  std::erase_if(values, [](double v) { return std::isnan(v); });
  json[name + "_p50_ms"] = values.empty() ? Json(nullptr) : Json(percentile(values, 0.5));
  json[name + "_p99_ms"] = values.empty() ? Json(nullptr) : Json(percentile(values, 0.99));
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

Json neurobench_json(const NeuroBench& bench) {
  return {
      {"Footprint", bench.footprint},
      {"ConnectionSparsity", number(bench.connection_sparsity)},
      {"ClassificationAccuracy", number(bench.classification_accuracy)},
      {"ActivationSparsity", number(bench.activation_sparsity)},
      {"SynapticOperations",
       {{"Effective_MACs", number(bench.effective_macs)}, {"Effective_ACs", number(bench.effective_acs)}, {"Dense", number(bench.dense)}}}};
}

Json extra_json(const Network& network, const Evaluation& test, double inference_ms, bool timed) {
  double updates = 0;
  for (const PopulationCounts& counts : test.counts.populations) updates += static_cast<double>(counts.updates);
  Json json = {{"harness", "2.3.0"},
               {"dt_ms", number(test.bin_ms)},
               {"resolution_ns", network.resolution()},
               {"samples", test.samples},
               {"inference_ms", number(inference_ms)},
               {"model_execution_rate_hz", number(inference_ms > 0 ? 1e3 / inference_ms : NAN)},
               {"spikes_per_inference", number(spikes_per_inference(test))},
               {"spikes_sd", spread_of(network, test, Operation::kSpike)},
               {"synaptic_events_per_inference", number(synaptic_operations_per_inference(test))},
               {"synaptic_events_sd", spread_of(network, test, Operation::kSynapticEvent)},
               {"neuron_updates_per_inference", number(updates / static_cast<double>(test.samples))},
               {"neuron_updates_sd", spread_of(network, test, Operation::kNeuronUpdate)},
               {"latency", "simulated time from the start of a sample until the answer no longer changes"},
               {"latency_p50_ms", number(test.latency_p50_ms)},
               {"latency_p99_ms", number(test.latency_p99_ms)}};
  if (!test.first_spike_ms.empty()) {
    add_percentiles(json, "first_output_spike", test.first_spike_ms);
    json["samples_without_output_spike"] =
        std::count_if(test.first_spike_ms.begin(), test.first_spike_ms.end(), [](double v) { return std::isnan(v); });
  }
  if (timed) add_percentiles(json, "wall", test.wall_ms);
  json["simulated_s"] = number(to_ms(test.counts.simulated) * 1e-3);
  json["late"] = test.counts.late;
  json["dropped"] = test.counts.dropped;
  json["overflowed"] = test.counts.overflowed;
  json["per_inference"] = operations_json(network, test);
  return json;
}

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
          {"joules", report.known() ? number(report.total()) : Json(nullptr)},
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
    json["extra"] = extra_json(network, test, result.experiment.test_ms);
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
