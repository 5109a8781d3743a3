// SPDX-License-Identifier: Apache-2.0
// The table of what one inference takes.
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "report/json.hpp"
#include "report/table.hpp"
#include "report/text.hpp"

namespace spikeloop::report {
namespace {

double value_of(const nlohmann::ordered_json& json, const char* key) {
  return json.contains(key) && json[key].is_number() ? json[key].get<double>() : NAN;
}

std::string time_text(const nlohmann::ordered_json& json, const std::string& name) {
  const double p50 = value_of(json, (name + "_p50_ms").c_str()), p99 = value_of(json, (name + "_p99_ms").c_str());
  return fmt::format("{}, {}", si(p50 * 1e-3, "s"), si(p99 * 1e-3, "s"));
}

}  // namespace

Table work_table(const Network& network, const Evaluation& test, std::span<const EnergyReport> energy) {
  const NeuroBench n = neurobench(test);
  const nlohmann::ordered_json extra = extra_json(network, test, 0, true);
  Table table{{{"of one inference", Align::kLeft}, {"", Align::kRight}, {"\u00b1 over samples", Align::kRight}}, {}, ""};
  const auto row = [&](std::string what, std::string value, std::string spread = "") {
    table.rows.push_back({std::move(what), std::move(value), std::move(spread)});
  };
  const auto counted = [&](const char* what, const char* key, const char* spread) {
    row(what, count_text(value_of(extra, key)), count_text(value_of(extra, spread)));
  };
  row("footprint", si(static_cast<double>(n.footprint), "B"));
  row("weights of 0 (%)", percent(n.connection_sparsity));
  row("silent neurons and bins (%)", percent(n.activation_sparsity));
  row("synaptic operations, dense", count_text(n.dense));
  row("effective, accumulated", count_text(n.effective_acs));
  row("effective, multiplied", count_text(n.effective_macs));
  counted("synaptic events delivered", "synaptic_events_per_inference", "synaptic_events_sd");
  counted("neuron updates", "neuron_updates_per_inference", "neuron_updates_sd");
  counted("spikes, with those of the input", "spikes_per_inference", "spikes_sd");
  row("latency p50, p99", time_text(extra, "latency"));
  if (extra.contains("first_output_spike_p50_ms")) row("first output spike p50, p99", time_text(extra, "first_output_spike"));
  if (!test.wall_ms.empty()) row("wall time here p50, p99", time_text(extra, "wall"));
  for (const EnergyReport& e : energy)
    row(fmt::format("energy on {}, {}{}", e.machine, kind_of(e), e.complete() ? "" : ", at least"), si(e.total(), "J"),
        e.spread ? si(*e.spread, "J") : "n/a");
  table.note = "latency: simulated time from the start of a sample until the answer no longer changes";
  return table;
}

}  // namespace spikeloop::report
