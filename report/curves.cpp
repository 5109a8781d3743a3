// SPDX-License-Identifier: Apache-2.0
#include "report/curves.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/charts.hpp"
#include "report/page.hpp"
#include "report/text.hpp"

namespace spikeloop::report {
namespace {

constexpr double kWidth = 410, kHeight = 270;  ///< of one of two figures side by side

/// Runs that have something, so that one without it does not spoil the mean.
template <typename Has>
std::vector<const TrainingResult*> runs_with(const std::vector<TrainingResult>& runs, Has has) {
  std::vector<const TrainingResult*> some;
  for (const TrainingResult& run : runs)
    if (has(run)) some.push_back(&run);
  return some;
}

bool probed(const TrainingResult& run) { return run.robustness.has_value(); }

LinePlot error_plot(const char* title, const char* x_label) {
  LinePlot plot;
  plot.title = title;
  plot.x_label = x_label;
  plot.y_label = "error (%, logarithmic)";
  plot.width = kWidth, plot.height = kHeight;
  plot.log_y = true;  // what is lost at the good end is small beside what is lost at the bad one
  return plot;
}

/// Light lines, one a seed, then the mean over them with its spread.
void add_seeds_and_mean(LinePlot& plot, std::vector<Series> seeds, Series mean) {
  for (Series& s : seeds) {
    s.colour = 6;
    s.thin = s.light = true;
    if (seeds.size() > 1) plot.series.push_back(std::move(s));
  }
  mean.bars = true;
  plot.series.push_back(std::move(mean));
}

void add_point(Series& s, double x, const MeanSpread& error) {
  s.x.push_back(x);
  s.y.push_back(100 * error.mean);
  s.low.push_back(100 * (error.mean - error.spread));
  s.high.push_back(100 * (error.mean + error.spread));
}

/// Error against whatever `x` says of a time.
template <typename X>
Svg time_plot(LinePlot plot, const ExperimentResult& result, const std::vector<TimeError>& errors, X x) {
  std::vector<Series> seeds;
  for (const TrainingResult& run : result.runs) {
    Series s;
    for (const TimePoint& p : run.test.over_time) s.x.push_back(x(p)), s.y.push_back(100 * (1 - p.accuracy));
    seeds.push_back(std::move(s));
  }
  Series mean;
  for (const TimeError& e : errors) add_point(mean, x(e), e.error);
  add_seeds_and_mean(plot, std::move(seeds), std::move(mean));
  return line_plot(plot);
}

/// Error against level, `scale` times the level on the x axis, with the error of the unchanged networks as a line across.
Svg level_plot(LinePlot plot, const std::vector<LevelError>& levels, double scale, double as_trained) {
  std::vector<Series> seeds(levels.empty() ? 0 : levels.front().seeds.size());
  Series mean, line;
  for (const LevelError& level : levels) {
    add_point(mean, scale * level.level, level.error);
    for (std::size_t i = 0; i < std::min(seeds.size(), level.seeds.size()); ++i) {
      seeds[i].x.push_back(scale * level.level);
      seeds[i].y.push_back(100 * level.seeds[i]);
    }
  }
  mean.colour = 1;
  const auto [first, last] = std::minmax_element(mean.x.begin(), mean.x.end());
  line.x = {*first, *last};
  line.y = {100 * as_trained, 100 * as_trained};
  line.colour = 0;
  line.thin = line.dashed = true;
  line.name = "as trained";
  plot.series.push_back(std::move(line));
  add_seeds_and_mean(plot, std::move(seeds), std::move(mean));
  return line_plot(plot);
}

double as_trained_error(const std::vector<TrainingResult>& runs) {
  const auto some = runs_with(runs, probed);
  double sum = 0;
  for (const TrainingResult* run : some) sum += 1 - run->robustness->as_trained;
  return sum / static_cast<double>(some.size());
}

std::string level_text(const LevelError& level, bool bits) {
  return bits ? fmt::format("{:g} bits", level.level) : fmt::format("mismatch {:g} %", 100 * level.level);
}

std::string points_text(const MeanSpread& value, bool spread) {
  const double mean = std::abs(value.mean) < 5e-5 ? 0 : value.mean;  // no minus sign before nothing
  return spread ? fmt::format("{:.2f} ± {:.2f}", 100 * mean, 100 * value.spread) : fmt::format("{:.2f}", 100 * mean);
}

std::string over_seeds(std::size_t n) { return n == 1 ? "One seed." : fmt::format("Mean and standard deviation over {} seeds.", n); }

}  // namespace

std::vector<TimeError> errors_over_time(const std::vector<TrainingResult>& runs) {
  const auto some = runs_with(runs, [](const TrainingResult& run) { return !run.test.over_time.empty(); });
  std::vector<TimeError> errors;
  for (std::size_t i = 0; !some.empty() && i < some.front()->test.over_time.size(); ++i) {
    TimeError e;
    std::vector<double> error;
    for (const TrainingResult* run : some) {
      if (i >= run->test.over_time.size()) continue;
      const TimePoint& p = run->test.over_time[i];
      e.ms = p.ms;
      error.push_back(1 - p.accuracy);
      e.spikes += p.spikes;
      e.input_spikes += p.input_spikes;
    }
    e.error = mean_spread(error);
    e.spikes /= static_cast<double>(error.size());
    e.input_spikes /= static_cast<double>(error.size());
    errors.push_back(e);
  }
  return errors;
}

std::vector<LevelError> errors_by_level(const std::vector<TrainingResult>& runs, std::vector<RobustnessPoint> RobustnessResult::*points) {
  const auto some = runs_with(runs, probed);
  std::vector<LevelError> levels;
  for (std::size_t i = 0; !some.empty() && i < ((*some.front()->robustness).*points).size(); ++i) {
    LevelError level;
    std::vector<double> errors, losses;
    for (const TrainingResult* run : some) {
      const RobustnessResult& r = *run->robustness;
      if (i >= (r.*points).size()) continue;
      const RobustnessPoint& p = (r.*points)[i];
      level.level = p.level;
      std::vector<double> mine;
      for (const double accuracy : p.accuracies) mine.push_back(1 - accuracy), losses.push_back(r.as_trained - accuracy);
      errors.insert(errors.end(), mine.begin(), mine.end());
      level.seeds.push_back(mean_spread(mine).mean);
    }
    level.error = mean_spread(errors);
    level.loss = mean_spread(losses);
    levels.push_back(std::move(level));
  }
  return levels;
}

std::string over_time_section(const ExperimentResult& result) {
  const std::vector<TimeError> errors = errors_over_time(result.runs);
  if (errors.empty()) return "";
  const auto ms = [](const auto& p) { return p.ms; };
  const auto spikes = [](const auto& p) { return p.spikes; };
  LinePlot by_spikes = error_plot("Error against spikes", "spikes of hidden and output neurons per inference");
  by_spikes.whole_x = errors.back().spikes > 10;
  const std::string time = fmt::format(
      "The same test, had it been stopped earlier. Most output spikes so far win; a tie goes to the larger potential where it is known (at "
      "the end, and at {:g} ms), else to the first class, which is also the answer before any output spike. {}",
      result.experiment.free_ms, over_seeds(result.runs.size()));
  const std::string count = fmt::format("The same points against the spikes that had been spent; by the end {} came in besides.",
                                        count_text(std::round(errors.back().input_spikes)));
  return "<div class=\"pair\">\n" +
         html_section(
             "Error by presentation time",
             html_figure(
                 time_plot(error_plot("Error against presentation time", "presentation time (ms)"), result, errors, ms).inline_text(),
                 time)) +
         html_section("Error by spikes", html_figure(time_plot(by_spikes, result, errors, spikes).inline_text(), count)) + "</div>\n";
}

namespace {

std::string loss_table(const std::vector<LevelError>& bits, const std::vector<LevelError>& mismatch, double as_trained) {
  std::vector<std::vector<Cell>> rows = {{{"as trained", "name"}, {fmt::format("{:.2f}", 100 * as_trained), "num"}, {"", "num"}}};
  for (const auto* levels : {&bits, &mismatch})
    for (const LevelError& level : *levels)
      rows.push_back({{level_text(level, levels == &bits), "name"},
                      {points_text(level.error, true), "num"},
                      {points_text(level.loss, true), "num strong"}});
  return html_table({{"Network", ""}, {"Error (%)", "num"}, {"Lost (points)", "num"}}, rows);
}

}  // namespace

std::string robustness_section(const ExperimentResult& result) {
  const auto some = runs_with(result.runs, probed);
  const std::vector<LevelError> bits = errors_by_level(result.runs, &RobustnessResult::bits),
                                mismatch = errors_by_level(result.runs, &RobustnessResult::mismatch);
  if (bits.empty() && mismatch.empty()) return "";
  const double as_trained = as_trained_error(result.runs);
  std::string out = "<div class=\"pair\">\n";
  if (!bits.empty())
    out += html_section(
        "Error by weight bits",
        html_figure(level_plot(error_plot("Error against weight bits", "bits of every plastic weight"), bits, 1, as_trained).inline_text(),
                    "Trained weights rounded to a symmetric grid over the range of their projection. " + over_seeds(some.size())));
  if (!mismatch.empty())
    out += html_section(
        "Error by device mismatch",
        html_figure(level_plot(error_plot("Error against mismatch", "mismatch (coefficient of variation, %)"), mismatch, 100, as_trained)
                        .inline_text(),
                    fmt::format("Thresholds and all time constants of hidden (interneurons included) and output neurons, each times a "
                                "log-normal factor of its own. "
                                "Mean and standard deviation over {} draws for each seed.",
                                (*some.front()->robustness).mismatch.front().accuracies.size())));
  out += "</div>\n" + loss_table(bits, mismatch, as_trained) + "<p></p>";
  out += html_paragraph(
      fmt::format("Probes of the reported networks, made after their test and without any retraining; nothing was selected by them. Each "
                  "error is of {} test samples. Mismatch of synaptic weights, delays and the controller is not included.",
                  count_text(static_cast<double>(some.front()->robustness->samples))),
      "note");
  return out;
}

std::string robustness_line(const ExperimentResult& result) {
  std::string text;
  for (const auto points : {&RobustnessResult::bits, &RobustnessResult::mismatch}) {
    const bool bits = points == &RobustnessResult::bits;
    std::string levels, losses;
    for (const LevelError& level : errors_by_level(result.runs, points)) {
      levels += fmt::format("{}{:g}", levels.empty() ? "" : "/", bits ? level.level : 100 * level.level);
      losses += (losses.empty() ? "" : "/") + points_text(level.loss, false);
    }
    if (levels.empty()) continue;
    text += text.empty() ? "points lost after training: " : "; ";
    text += bits ? fmt::format("{} at {} bits", losses, levels) : fmt::format("{} at {} % mismatch", losses, levels);
  }
  return text.empty() ? "" : result.experiment.name + ": " + text;
}

}  // namespace spikeloop::report
