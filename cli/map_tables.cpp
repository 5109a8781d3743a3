// SPDX-License-Identifier: Apache-2.0
#include "cli/map_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "report/text.hpp"

namespace spikeloop::cli {
namespace {

using dynapse::Compiled;
using dynapse::CoreUse;
using report::Align;

/// CAM words of the neurons of one core.
struct CamUse {
  std::uint32_t most = 0;
  double sum = 0;
};

CamUse cam_use(const Compiled& c, const CoreUse& core) {
  CamUse use;
  for (std::size_t n = 0; n < c.placement.places.size(); ++n) {
    if (c.placement.places[n].chip != core.chip || c.placement.places[n].core != core.core) continue;
    use.most = std::max(use.most, c.quantised.cam_used[n]);
    use.sum += c.quantised.cam_used[n];
  }
  return use;
}

std::string of(double used, const Figure& limit) { return fmt::format("{:.0f}/{:.0f}", used, limit.value); }

std::string populations_of(const Network& network, const Compiled& c, const CoreUse& core) {
  std::vector<std::uint32_t> seen;
  for (std::size_t n = 0; n < c.placement.places.size(); ++n)
    if (c.placement.places[n].chip == core.chip && c.placement.places[n].core == core.core) seen.push_back(c.circuit.neurons[n].population);
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  std::string names;
  for (const std::uint32_t p : seen) names += (names.empty() ? "" : ", ") + network.populations()[p].name;
  return names;
}

double relative(const dynapse::ParameterError& e) { return e.wanted != 0 ? std::abs(e.got / e.wanted - 1) : std::abs(e.got); }

nlohmann::ordered_json cores_json(const Network& network, const Compiled& c) {
  nlohmann::ordered_json cores = nlohmann::ordered_json::array();
  for (const CoreUse& core : c.placement.cores) {
    const CamUse cam = cam_use(c, core);
    cores.push_back({{"chip", core.chip},
                     {"core", core.core},
                     {"populations", populations_of(network, c, core)},
                     {"neurons", core.neurons},
                     {"cam_words_most", cam.most},
                     {"cam_words_mean", cam.sum / std::max(1U, core.neurons)},
                     {"sram_entries_most", core.sram_entries},
                     {"tags", core.tags}});
  }
  return cores;
}

nlohmann::ordered_json errors_json(const Network& network, const Compiled& c) {
  nlohmann::ordered_json weights = nlohmann::ordered_json::array(), parameters = nlohmann::ordered_json::array();
  for (const dynapse::WeightError& e : c.quantised.weights)
    weights.push_back({{"projection", network.projections()[e.projection].name},
                       {"synapses", e.synapses},
                       {"vanished", e.vanished},
                       {"rms_mv", e.scale_mv},
                       {"rms_error_mv", e.rms_mv},
                       {"max_error_mv", e.max_mv}});
  for (const dynapse::ParameterError& e : c.quantised.parameters)
    parameters.push_back({{"chip", e.chip},
                          {"core", e.core},
                          {"population", e.population},
                          {"parameter", e.parameter},
                          {"unit", e.unit},
                          {"wanted", e.wanted},
                          {"got", e.got}});
  return {{"weights", weights}, {"parameters", parameters}};
}

}  // namespace

report::Table core_table(const Compiled& c, const ChipSpec& chip) {
  report::Table table{{{"core"},
                       {"neurons", Align::kRight},
                       {"CAM words, most", Align::kRight},
                       {"mean", Align::kRight},
                       {"SRAM entries, most", Align::kRight},
                       {"tags", Align::kRight}},
                      {},
                      ""};
  Figure tags = chip.limits.tags;
  --tags.value;
  for (const CoreUse& core : c.placement.cores) {
    const CamUse cam = cam_use(c, core);
    table.rows.push_back({fmt::format("U{} core {}", core.chip, core.core), of(core.neurons, chip.limits.neurons_per_core),
                          of(cam.most, chip.limits.cam_words), fmt::format("{:.1f}", cam.sum / std::max(1U, core.neurons)),
                          of(core.sram_entries, chip.limits.sram_entries), of(core.tags, tags)});
  }
  const dynapse::Utilisation binding = dynapse::utilisation_of(c, chip).front();
  table.note = fmt::format("what binds first: {} {:.0f} of {:.0f}{}; CAM words and SRAM entries are those of a neuron", binding.resource,
                           binding.used, binding.limit, binding.where.empty() ? "" : " in " + binding.where);
  return table;
}

report::Table weight_table(const Network& network, const Compiled& c) {
  report::Table table{{{"projection"},
                       {"synapses", Align::kRight},
                       {"rms mV", Align::kRight},
                       {"rms error mV", Align::kRight},
                       {"error", Align::kRight},
                       {"largest mV", Align::kRight},
                       {"vanished", Align::kRight}},
                      {},
                      "weights are numbers of CAM words of one strength for each core and type; vanished: not 0, and left without a word"};
  for (const dynapse::WeightError& e : c.quantised.weights)
    table.rows.push_back({network.projections()[e.projection].name, report::count_text(static_cast<double>(e.synapses)),
                          fmt::format("{:.3g}", e.scale_mv), fmt::format("{:.2g}", e.rms_mv),
                          e.scale_mv > 0 ? report::percent(e.rms_mv / e.scale_mv) + " %" : "", fmt::format("{:.2g}", e.max_mv),
                          report::count_text(static_cast<double>(e.vanished))});
  return table;
}

report::Table parameter_table(const Compiled& c) {
  report::Table table{
      {{"parameter"}, {"core"}, {"population"}, {"wanted", Align::kRight}, {"got", Align::kRight}, {"error", Align::kRight}},
      {},
      "the core where it is off the most, by nominal currents; neurons differ from these (mismatch)"};
  std::map<std::string, dynapse::ParameterError> worst;
  std::vector<std::string> order;
  for (const dynapse::ParameterError& e : c.quantised.parameters) {
    const auto [at, added] = worst.emplace(e.parameter, e);
    if (added) order.push_back(e.parameter);
    if (relative(e) > relative(at->second)) at->second = e;
  }
  for (const std::string& name : order) {
    const dynapse::ParameterError& e = worst.at(name);
    table.rows.push_back({name, fmt::format("U{} core {}", e.chip, e.core), e.population, fmt::format("{:.4g} {}", e.wanted, e.unit),
                          fmt::format("{:.4g} {}", e.got, e.unit), e.wanted != 0 ? report::percent(e.got / e.wanted - 1) + " %" : ""});
  }
  return table;
}

report::Table traffic_table(const Compiled& c, const ChipSpec& chip) {
  const dynapse::Traffic t = dynapse::traffic_of(c, chip);
  report::Table table{{{"traffic, estimated"}, {""}}, {}, ""};
  table.rows = {{"spikes of neurons", report::si(t.spikes_hz, "/s")},
                {"input events", report::si(t.inputs_hz, "/s")},
                {"broadcasts to cores", report::si(t.broadcasts_hz, "/s")},
                {"hops between chips", report::si(t.hops_hz, "/s")},
                {"CAM matches", report::si(t.matches_hz, "/s")},
                {"cores a source reaches, mean", fmt::format("{:.2f}", c.placement.broadcasts)},
                {"power of these, estimated", report::si(t.watts, "W")}};
  table.note = fmt::format(
      "at the rates that sources are described with, and {:.0f} Hz of all else (an assumption); without static power; "
      "prices: {}{}",
      dynapse::kAssumedHz, chip.prices.broadcast_j.source, chip.prices.broadcast_j.verified ? "" : " (not verified)");
  return table;
}

std::vector<report::CoreLabel> core_labels(const Compiled& c) {
  std::vector<report::CoreLabel> labels;
  for (const CoreUse& core : c.placement.cores)
    labels.push_back({core.chip, core.core, fmt::format("{} neurons, CAM {}, tags {}", core.neurons, cam_use(c, core).most, core.tags)});
  return labels;
}

nlohmann::ordered_json map_json(const Network& network, const Compiled& c, const ChipSpec& chip) {
  const dynapse::Traffic t = dynapse::traffic_of(c, chip);
  const dynapse::Utilisation binding = dynapse::utilisation_of(c, chip).front();
  std::size_t words = 0;
  for (const auto& list : c.configuration.words) words += list.size();
  nlohmann::ordered_json errors = errors_json(network, c);
  return {{"neurons", c.circuit.neurons.size()},
          {"inputs", c.circuit.inputs.size()},
          {"synapses", c.circuit.synapses.size()},
          {"words", words},
          {"binding", {{"resource", binding.resource}, {"where", binding.where}, {"used", binding.used}, {"limit", binding.limit}}},
          {"cores", cores_json(network, c)},
          {"weights", errors["weights"]},
          {"parameters", errors["parameters"]},
          {"traffic",
           {{"estimated", true},
            {"spikes_hz", t.spikes_hz},
            {"inputs_hz", t.inputs_hz},
            {"broadcasts_hz", t.broadcasts_hz},
            {"hops_hz", t.hops_hz},
            {"matches_hz", t.matches_hz},
            {"watts_without_static", t.watts}}},
          {"notes", c.notes}};
}

nlohmann::ordered_json to_json(const std::vector<dynapse::Violation>& violations) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const dynapse::Violation& v : violations) {
    nlohmann::ordered_json one = {{"path", v.path}, {"population", v.population}, {"resource", v.resource}};
    if (!v.resource.empty()) one["need"] = v.need, one["limit"] = v.limit;
    one["what"] = dynapse::to_diagnostic(v).what;
    one["change"] = v.change;
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace spikeloop::cli
