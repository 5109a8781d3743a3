// SPDX-License-Identifier: Apache-2.0
#include "report/sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/charts.hpp"
#include "report/page.hpp"
#include "report/table.hpp"
#include "report/text.hpp"

namespace spikeloop::report {
namespace {

/// Mean over runs of one figure of each epoch, with a band of one standard deviation. Runs without the epoch, and NaN, do not count.
template <typename Figure>
Series epoch_series(const std::string& name, const std::vector<TrainingResult>& runs, Figure figure) {
  Series series;
  series.name = name;
  std::size_t epochs = 0;
  for (const TrainingResult& run : runs) epochs = std::max(epochs, run.epochs.size());
  for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
    double sum = 0, squares = 0, n = 0;
    for (const TrainingResult& run : runs) {
      if (epoch >= run.epochs.size() || !std::isfinite(figure(run.epochs[epoch]))) continue;
      sum += figure(run.epochs[epoch]);
      ++n;
    }
    const double mean = sum / n;
    for (const TrainingResult& run : runs) {
      if (epoch >= run.epochs.size() || !std::isfinite(figure(run.epochs[epoch]))) continue;
      squares += (figure(run.epochs[epoch]) - mean) * (figure(run.epochs[epoch]) - mean);
    }
    const double spread = n > 1 ? std::sqrt(squares / (n - 1)) : 0;
    series.x.push_back(static_cast<double>(epoch + 1));
    series.y.push_back(mean);
    series.low.push_back(mean - spread);
    series.high.push_back(mean + spread);
  }
  return series;
}

bool has_values(const Series& series) {
  return std::any_of(series.y.begin(), series.y.end(), [](double value) { return std::isfinite(value); });
}

/// With early stop: the epoch of each run whose weights were kept, counted from 1 as in the plots.
std::vector<std::size_t> kept_epochs(const ExperimentResult& result) {
  std::vector<std::size_t> kept;
  for (const TrainingResult& run : result.runs)
    if (result.experiment.patience && run.kept_epoch < run.epochs.size()) kept.push_back(run.kept_epoch + 1);
  return kept;
}

/// A dot a run at its kept epoch.
Series kept_dots(const ExperimentResult& result) {
  Series dots;
  dots.name = "kept", dots.dots = true, dots.colour = 2;
  for (const TrainingResult& run : result.runs) {
    if (!result.experiment.patience || run.kept_epoch >= run.epochs.size()) continue;
    dots.x.push_back(static_cast<double>(run.kept_epoch + 1));
    dots.y.push_back(100 * run.epochs[run.kept_epoch].validation_accuracy);
  }
  return dots;
}

/// "epoch 7", "epochs 7, 9 and 12", "epochs 3 to 20".
std::string epochs_text(const std::vector<std::size_t>& epochs) {
  constexpr std::size_t kEach = 5;
  const auto [first, last] = std::minmax_element(epochs.begin(), epochs.end());
  if (*first == *last) return fmt::format("epoch {}", *first);
  if (epochs.size() > kEach) return fmt::format("epochs {} to {}", *first, *last);
  std::string text = "epochs ";
  for (std::size_t i = 0; i < epochs.size(); ++i)
    text += fmt::format("{}{}", i == 0 ? "" : i + 1 == epochs.size() ? " and " : ", ", epochs[i]);
  return text;
}

Svg accuracy_plot(const ExperimentResult& result) {
  LinePlot plot;
  plot.title = "Accuracy by epoch";
  plot.y_label = "accuracy (%)";
  plot.y_high = 100;
  plot.height = 270;
  const auto add = [&](const char* name, const std::vector<TrainingResult>& runs, auto figure, int colour, bool thin, bool dashed) {
    Series series = epoch_series(name, runs, figure);
    if (!has_values(series)) return;
    series.colour = colour;
    series.thin = thin;
    series.dashed = dashed;
    plot.series.push_back(std::move(series));
  };
  const auto training = [](const EpochResult& epoch) { return 100 * epoch.train_accuracy; };
  const auto validation = [](const EpochResult& epoch) { return 100 * epoch.validation_accuracy; };
  add("training", result.runs, training, 4, true, false);
  add("validation", result.runs, validation, 0, false, false);
  if (has_values(epoch_series("", result.control, validation))) {
    add("control", result.control, validation, 6, true, true);
  } else {
    add("control", result.control, training, 6, true, true);
  }
  if (Series dots = kept_dots(result); has_values(dots)) plot.series.push_back(std::move(dots));
  return line_plot(plot);
}

Svg help_plot(const ExperimentResult& result) {
  LinePlot plot;
  plot.title = "Controller spikes per trial by epoch";
  plot.x_label = "epoch";
  plot.y_label = "help (controller spikes per trial)";
  plot.y_low = 0;
  plot.height = 190;
  Series help = epoch_series("help", result.runs, [](const EpochResult& epoch) { return epoch.help; });
  help.colour = 1;
  help.name = "help      ";  // as long as the longest name above, so that the epochs of both plots stand below each other
  for (double& low : help.low) low = std::max(0.0, low);
  plot.series.push_back(std::move(help));
  return line_plot(plot);
}

}  // namespace

std::string learning_section(const ExperimentResult& result) {
  std::size_t epochs = 0;
  for (const TrainingResult& run : result.runs) epochs = std::max(epochs, run.epochs.size());
  if (epochs == 0) return "";
  const std::size_t seeds = result.runs.size();
  std::string caption = seeds > 1 ? fmt::format("Mean over {} seeds; the band is one standard deviation. ", seeds) : "";
  caption +=
      "Training accuracy is that of the free phase, before each sample's update. Below, how much the controller still helps: a trial that "
      "needs "
      "no help gets none.";
  if (const auto kept = kept_epochs(result); !kept.empty())
    caption += fmt::format(" Early stop kept the weights of {}, the best on the validation part{}.", epochs_text(kept),
                           seeds > 1 ? " (dots: of each seed)" : " (the dot)");
  if (epochs > 1) {
    const auto helped = epoch_series("", result.runs, [](const EpochResult& epoch) { return epoch.helped; });
    caption += fmt::format(" It stepped in at {} % of the trials of the first epoch, and {} % of the last.", percent(helped.y.front()),
                           percent(helped.y.back()));
  }
  return html_section("Learning", html_figure(accuracy_plot(result).inline_text() + help_plot(result).inline_text(), caption));
}

namespace {

RasterGroup raster_group(const ExampleTrial& trial, const Network& network, std::size_t population) {
  RasterGroup group;
  group.name = network.populations()[population].name;
  group.neurons = static_cast<std::uint32_t>(std::min<std::uint64_t>(network.populations()[population].size(), kMaxNeurons));
  for (const Spike& spike : trial.spikes) {
    if (spike.population != population) continue;
    group.times_ms.push_back(to_ms(spike.time));
    group.rows.push_back(spike.neuron);
  }
  return group;
}

}  // namespace

std::string trial_section(const ExperimentResult& result, const Network& network) {
  if (result.runs.empty() || result.runs.front().example.spikes.empty()) return "";
  const ExampleTrial& trial = result.runs.front().example;
  const std::string& readout = result.experiment.readout.population;
  RasterPlot plot;
  plot.title = "Spikes of one trial";
  plot.duration_ms = trial.free_ms + trial.feedback_ms;
  plot.phases = {{0, trial.free_ms, "free phase", false}};
  if (trial.feedback_ms > 0) plot.phases.push_back({trial.free_ms, plot.duration_ms, "feedback phase", true});
  // From the input down to the answer; the controller stands between the layers that it helps and the output that it watches.
  std::vector<RasterGroup> controllers, outputs;
  int colour = 0;
  constexpr int kLayerColours[] = {0, 4, 3};
  for (std::size_t i = 0; i < network.populations().size(); ++i) {
    const Population& population = network.populations()[i];
    RasterGroup group = raster_group(trial, network, i);
    const bool helper = population.name.starts_with("ctrl.");
    if (helper && population.is_source()) continue;  // the target train: known beforehand
    if (helper) {
      group.colour = population.name.ends_with(".minus") ? 5 : 1;
      controllers.push_back(std::move(group));
    } else if (population.name == readout) {
      group.colour = 2;
      group.marked = trial.label;
      group.mark = "label";
      outputs.push_back(std::move(group));
    } else {
      group.colour = population.is_source() ? 6 : kLayerColours[colour++ % 3];
      plot.groups.push_back(std::move(group));
    }
  }
  for (auto* more : {&controllers, &outputs}) {
    for (RasterGroup& group : *more) plot.groups.push_back(std::move(group));
  }
  const std::string caption = fmt::format(
      "Every spike of one test sample with label {}, shown after training with the controller on and learning off. In the free phase the "
      "network answers by itself; in the feedback phase the controller's neurons fire where the output owes spikes (plus) or fires too "
      "many (minus), and their spikes steer and teach the layers.",
      trial.label);
  return html_section("One trial", html_figure(raster_plot(plot).inline_text(), caption));
}

namespace {

std::string confusion_section(const ExperimentResult& result) {
  std::vector<std::vector<std::uint32_t>> sum;
  for (const TrainingResult& run : result.runs) {
    const auto& counts = run.test.confusion;
    if (sum.size() < counts.size()) sum.resize(counts.size());
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (sum[i].size() < counts[i].size()) sum[i].resize(counts[i].size());
      for (std::size_t k = 0; k < counts[i].size(); ++k) sum[i][k] += counts[i][k];
    }
  }
  if (sum.empty()) return "";
  const std::string caption =
      result.runs.size() > 1
          ? fmt::format("Test samples, summed over {} seeds. Right answers are blue, wrong ones orange.", result.runs.size())
          : std::string("Test samples. Right answers are blue, wrong ones orange.");
  return html_section("Confusions", html_figure(confusion_plot(sum).inline_text(), caption));
}

std::string fields_section(const ExperimentResult& result, const Network& network) {
  if (result.runs.empty() || result.runs.front().fields.empty()) return "";
  const auto& fields = result.runs.front().fields;
  const std::size_t features = fields.front().weights.size();
  std::size_t columns = features, rows = 1;
  for (const Population& population : network.populations()) {
    if (population.name != result.experiment.encode.population || population.size() != features || population.shape.size() < 2) continue;
    columns = population.shape.back();
    rows = features / std::max<std::size_t>(1, columns);
  }
  const std::string caption = fmt::format(
      "What {} neurons of the first hidden layer look for: their weights from the input. Blue excites, orange inhibits; one scale for all.",
      fields.size());
  return html_section("Receptive fields", html_figure(field_plot(fields, rows, columns).inline_text(), caption));
}

}  // namespace

std::string maps_section(const ExperimentResult& result, const Network& network) {
  const std::string confusion = confusion_section(result), fields = fields_section(result, network);
  if (confusion.empty() && fields.empty()) return "";
  return "<div class=\"pair\">\n" + confusion + fields + "</div>\n";
}

namespace {

std::string energy_details(const EnergyReport& report) {
  std::vector<std::vector<Cell>> rows;
  for (const EnergyLine& line : report.lines) {
    std::string operation = operation_name(line.operation);
    std::replace(operation.begin(), operation.end(), '_', ' ');
    rows.push_back({{line.part, "name"},
                    {operation, "name"},
                    {count_text(line.count), "num"},
                    {line.count > 0 && line.missing.empty() ? si(line.joules / line.count, "J") : "-", "num"},
                    {si(line.joules, "J"), "num"},
                    line.measured ? Cell{"measured", "measured"} : Cell{"ESTIMATED", "estimated"},
                    {line.measured   ? "-"
                     : line.verified ? "verified"
                                     : "not verified",
                     line.verified ? "name" : "name quiet"},
                    {line.missing.empty() ? line.source : line.missing + "; not in the total", "source"}});
  }
  rows.push_back({{"total", "strong"},
                  {"", ""},
                  {"", ""},
                  {"", ""},
                  {si(report.total(), "J"), "num strong"},
                  {kind_of(report), "name quiet"},
                  {"", ""},
                  {"", ""}});
  std::string out = fmt::format("<h3>{}</h3>\n", escape(report.machine));
  if (!report.note.empty()) out += html_paragraph(report.note, "note");
  return out + html_table({{"Part", ""},
                           {"Operation", ""},
                           {"Count", "num"},
                           {"Each", "num"},
                           {"Energy", "num"},
                           {"Kind", ""},
                           {"Price", ""},
                           {"Source", ""}},
                          rows);
}

}  // namespace

std::string energy_section(const ExperimentResult& result) {
  if (result.energy.empty()) return "";
  std::vector<Bar> bars;
  std::string details;
  for (const EnergyReport& report : result.energy) {
    Bar bar{report.machine, fmt::format("{} {}", si(report.total(), "J"), kind_of(report)), {}};
    for (const EnergyLine& line : report.lines) {
      if (!line.missing.empty()) continue;
      const auto same = std::find_if(bar.parts.begin(), bar.parts.end(), [&](const BarPart& part) { return part.name == line.part; });
      if (same == bar.parts.end()) {
        bar.parts.push_back({line.part, line.joules});
      } else {
        same->value += line.joules;
      }
    }
    bars.push_back(std::move(bar));
    details += energy_details(report);
  }
  std::string body =
      html_figure(share_plot("Energy by part", bars).inline_text(),
                  "Share of each part in the energy of one inference; all bars have one length, the totals stand on the right. "
                  "Estimates are operation counts times the prices below, for the first seed.");
  return html_section("Energy per inference", body + details);
}

std::string operations_section(const ExperimentResult& result, const Network& network) {
  if (result.runs.empty()) return "";
  const Evaluation& test = result.runs.front().test;
  const auto per_sample = [&](std::uint64_t count) { return count_text(static_cast<double>(count) / static_cast<double>(test.samples)); };
  std::vector<std::vector<Cell>> populations, projections;
  for (std::size_t i = 0; i < std::min(test.counts.populations.size(), network.populations().size()); ++i) {
    const PopulationCounts& counts = test.counts.populations[i];
    populations.push_back({{network.populations()[i].name, "name"},
                           {count_text(static_cast<double>(network.populations()[i].size())), "num"},
                           {per_sample(counts.spikes), "num"},
                           {per_sample(counts.updates), "num"}});
  }
  std::size_t quiet = 0;
  for (std::size_t i = 0; i < std::min(test.counts.projections.size(), network.projections().size()); ++i) {
    const std::uint64_t events = test.counts.projections[i].synaptic_events;
    if (events == 0) {
      ++quiet;
    } else {
      projections.push_back({{network.projections()[i].name, "name"}, {per_sample(events), "num"}});
    }
  }
  if (populations.empty()) return "";
  const OperationCounts& counts = test.counts;
  std::string body = html_table({{"Population", ""}, {"Neurons", "num"}, {"Spikes", "num"}, {"Updates", "num"}}, populations);
  if (!projections.empty()) body += "<h3>Synapses</h3>\n" + html_table({{"Projection", ""}, {"Synaptic events", "num"}}, projections);
  body += "<p></p>";
  if (quiet > 0)
    body += html_paragraph(fmt::format("{} more projection{} carried no spike in the test.", quiet, quiet == 1 ? "" : "s"), "note");
  if (counts.late + counts.dropped + counts.overflowed == 0) {
    body += html_paragraph("No event was late, dropped or lost to a full buffer.", "note");
  } else {
    body += html_paragraph(
        fmt::format("Lost in the test: {} events came too late, {} were dropped by the device, {} were lost to full buffers.", counts.late,
                    counts.dropped, counts.overflowed),
        "warning");
  }
  return html_section("Work per inference", body);
}

std::string reproduce_section(const RunInfo& info, const std::vector<std::pair<std::string, std::string>>& origin) {
  std::string body;
  if (!info.command.empty()) body += fmt::format("<pre>{}</pre>\n", escape(info.command));
  std::vector<std::vector<Cell>> rows;
  if (!info.version.empty()) rows.push_back({{"spikeloop", "name"}, {info.version, "hash"}});
  for (const auto* facts : {&origin, &info.facts})
    for (const auto& [name, value] : *facts) rows.push_back({{name, "name"}, {value, "hash"}});
  if (rows.empty() && body.empty()) return "";
  if (!rows.empty()) body += html_table({{"What", ""}, {"Value", ""}}, rows);
  return html_section("How to get the same again", body);
}

}  // namespace spikeloop::report
