// SPDX-License-Identifier: Apache-2.0
#include "report/html.hpp"

#include <fmt/format.h>

#include "report/curves.hpp"
#include "report/page.hpp"
#include "report/sections.hpp"
#include "report/table.hpp"
#include "report/text.hpp"

namespace spikeloop::report {
namespace {

std::string seeds_text(std::size_t n) { return n == 1 ? "one seed" : fmt::format("{} seeds", n); }

/// The whole finding in one sentence.
std::string summary(const ExperimentResult& result, const RunInfo& info) {
  const auto& runs = result.runs;
  if (runs.empty()) return "Nothing was trained.";
  std::string text = fmt::format("It answers {} of {} test samples correctly ({})", percent_spread(accuracy_of(runs), runs.size()),
                                 count_text(static_cast<double>(runs.front().test.samples)),
                                 runs.size() == 1 ? "one seed" : fmt::format("mean ± standard deviation over {} seeds", runs.size()));
  std::string against;
  if (!result.control.empty()) {
    against = percent_spread(accuracy_of(result.control), result.control.size()) + " when its hidden layers are left as they were drawn";
  }
  if (info.linear_baseline) {
    against += (against.empty() ? "" : ", and ") + percent(*info.linear_baseline) + " % with a linear classifier";
  }
  return text + (against.empty() ? "." : ", against " + against + ".");
}

std::string tile(std::string_view name, std::string_view value, std::string_view small = {}) {
  return fmt::format("<div><dt>{}</dt><dd>{}{}</dd></div>\n", escape(name), escape(value),
                     small.empty() ? "" : fmt::format("<small>{}</small>", escape(small)));
}

std::string tiles(const ExperimentResult& result) {
  const auto& runs = result.runs;
  if (runs.empty()) return "";
  std::string out = "<dl class=\"tiles\">\n";
  out += tile("Test accuracy", percent_spread(accuracy_of(runs), runs.size()), seeds_text(runs.size()));
  if (!result.control.empty()) {
    out += tile("Control", percent_spread(accuracy_of(result.control), result.control.size()), "hidden layers frozen");
  }
  out += tile("Spikes", count_text(mean_over(runs, [](const auto& run) { return spikes_per_inference(run.test); })),
              "per inference, inputs included");
  out += tile("Synaptic operations",
              count_text(mean_over(runs, [](const auto& run) { return synaptic_operations_per_inference(run.test); })), "per inference");
  out += tile("Answer after", si(mean_over(runs, [](const auto& run) { return run.test.latency_p50_ms; }) * 1e-3, "s"),
              "median, in simulated time");
  for (const EnergyReport& report : result.energy) {
    out += tile("Energy", si(report.total(), "J"), fmt::format("per inference, {}, {}", kind_of(report), report.machine));
  }
  return out + "</dl>\n";
}

std::vector<Cell> result_row(const std::string& name, const TrainingResult& run) {
  const Evaluation& test = run.test;
  return {{name, "name"},
          {percent(test.accuracy) + " %", "num strong"},
          {count_text(spikes_per_inference(test)), "num"},
          {count_text(synaptic_operations_per_inference(test)), "num"},
          {percent(test.activation_sparsity) + " %", "num"},
          {si(test.latency_p50_ms * 1e-3, "s"), "num"},
          {si(test.latency_p99_ms * 1e-3, "s"), "num"},
          {fmt::format("{:016x}", run.weights_hash), "hash name quiet"}};
}

std::string result_section(const ExperimentResult& result) {
  if (result.runs.empty()) return "";
  std::vector<std::vector<Cell>> rows;
  for (const TrainingResult& run : result.runs) rows.push_back(result_row(fmt::format("seed {}", run.seed), run));
  for (const TrainingResult& run : result.control) rows.push_back(result_row(fmt::format("control, seed {}", run.seed), run));
  const std::vector<Cell> titles = {{"Run", ""},    {"Accuracy", "num"}, {"Spikes", "num"}, {"Synaptic ops", "num"}, {"Silent bins", "num"},
                                    {"p50", "num"}, {"p99", "num"},      {"Weights", ""}};
  std::string note = fmt::format(
      "Test set of {} samples, each shown for {:g} ms and seen once. Spikes and synaptic operations are per inference; "
      "silent bins are "
      "(neuron, {:g} ms bin) pairs without a spike; p50 and p99 are the simulated times after which the answer no longer changed.",
      count_text(static_cast<double>(result.runs.front().test.samples)), result.experiment.test_ms, result.runs.front().test.bin_ms);
  if (!result.control.empty()) note += " The control is the same network trained at its readout only.";
  return html_section("Result", html_table(titles, rows) + "<p></p>" + html_paragraph(note, "note"));
}

/// The seeds that were trained, and the file of the network.
std::vector<std::pair<std::string, std::string>> origin_of(const ExperimentResult& result) {
  std::vector<std::pair<std::string, std::string>> facts;
  std::string seeds;
  for (const TrainingResult& run : result.runs) seeds += fmt::format("{}{}", seeds.empty() ? "" : ", ", run.seed);
  if (!seeds.empty()) facts.emplace_back("seeds", seeds);
  if (!result.experiment.network_file.empty()) facts.emplace_back("network", result.experiment.network_file);
  return facts;
}

}  // namespace

std::string training_html(const ExperimentResult& result, const Network& network, const RunInfo& info) {
  const std::string name = result.experiment.name.empty() ? network.name() : result.experiment.name;
  std::string body = fmt::format("<header>\n<p class=\"kicker\">spikeloop · training by feedback control</p>\n<h1>{}</h1>\n{}{}</header>\n",
                                 escape(name), html_paragraph(summary(result, info), "lead"), tiles(result));
  body += result_section(result);
  body += learning_section(result);
  body += trial_section(result, network);
  body += over_time_section(result);
  body += robustness_section(result);
  body += maps_section(result, network);
  body += energy_section(result);
  body += operations_section(result, network);
  body += reproduce_section(info, origin_of(result));
  body += "<footer>Made by spikeloop. This page needs no network and no script.</footer>\n";
  return html_page(name + " · spikeloop", body);
}

}  // namespace spikeloop::report
