// SPDX-License-Identifier: Apache-2.0
#include "cli/claims/detection.hpp"

#include <cmath>
#include <vector>

#include "cli/claims/detection_trials.hpp"
#include "cli/claims/statistics.hpp"
#include "report/charts.hpp"

namespace spikeloop::cli {
namespace {

constexpr double kHits = 0.9;                  ///< of new trials with the pattern, at least
constexpr double kFalseAlarms = 0.1;           ///< of new trials without it, at most
constexpr double kNothingYet = 0.25;           ///< difference of the two before learning, at most
constexpr double kAnnealTo = 0.05;             ///< of the learning rate, linearly over the training, as in examples/digits.txtpb
constexpr std::uint64_t kUnseen = 1ull << 40;  ///< trials of tests are numbered from here, so that none is one of the training

/// How often the neuron answers where the pattern is, and where it is not.
struct Rates {
  double hits = 0, false_alarms = 0;
  double spikes_with = 0, spikes_without = 0;  ///< in a whole trial, mean
};

/// New trials without feedback and without learning; `first` says which.
Rates test(DetectionBench& bench, std::uint64_t first, int trials) {
  Rates rates;
  for (int i = 0; i < trials; ++i) {
    const std::uint64_t number = kUnseen + first + 2 * static_cast<std::uint64_t>(i);
    const Response with = bench.run({number, true, false, 0}), without = bench.run({number + 1, false, false, 0});
    rates.hits += with.detected(), rates.false_alarms += without.detected();
    rates.spikes_with += static_cast<double>(with.spikes_ms.size()), rates.spikes_without += static_cast<double>(without.spikes_ms.size());
  }
  for (double* sum : {&rates.hits, &rates.false_alarms, &rates.spikes_with, &rates.spikes_without}) *sum /= trials;
  return rates;
}

/// What was seen on the way; a block is so many training trials, half of them with the pattern.
struct Course {
  Rates before, after;
  std::vector<double> trials, hits, false_alarms;  ///< hits and false alarms in percent
  std::vector<double> help_at, help;               ///< controller spikes a training trial
};

Course learn(DetectionBench& bench, const ClaimOptions& options) {
  const int tests = options.smoke ? 100 : 500, blocks = options.smoke ? 12 : 25, size = options.smoke ? 120 : 80;
  Course course;
  std::uint64_t fresh = 0, trial = 0;
  const auto probe = [&](int trials) {
    const Rates rates = test(bench, fresh, trials);
    fresh += 2 * static_cast<std::uint64_t>(trials);
    course.trials.push_back(static_cast<double>(trial));
    course.hits.push_back(100 * rates.hits), course.false_alarms.push_back(100 * rates.false_alarms);
    return rates;
  };
  course.before = probe(tests);
  for (int block = 1; block <= blocks; ++block) {
    const std::uint64_t help = bench.help();
    for (int i = 0; i < size; ++i, ++trial) {
      const double done = static_cast<double>(trial) / (blocks * size);
      bench.run({trial, trial % 2 == 0, true, 1 - (1 - kAnnealTo) * done});
    }
    course.help.push_back(static_cast<double>(bench.help() - help) / size);
    course.help_at.push_back(static_cast<double>(trial) - size / 2.0);
    course.after = probe(block == blocks ? tests : options.smoke ? 20 : 100);
  }
  return course;
}

std::vector<Finding> findings_of(const DetectionBench& bench, const Course& c) {
  const double difference = c.before.hits - c.before.false_alarms;
  const double surplus = static_cast<double>(bench.input_of({kUnseen, true, false, 0}).size()) -
                         static_cast<double>(bench.input_of({kUnseen, false, false, 0}).size());
  return {{"input spikes of a trial with the pattern beyond those without", surplus, "0", surplus == 0},
          {"hit rate before learning", c.before.hits, "", true},
          {"false alarms before learning", c.before.false_alarms, "", true},
          {"hits beyond false alarms before learning", difference, "within 0.25", std::abs(difference) < kNothingYet},
          {"hit rate after learning", c.after.hits, "> 0.9", c.after.hits > kHits},
          {"false alarms after learning", c.after.false_alarms, "< 0.1", c.after.false_alarms < kFalseAlarms},
          {"spikes in 150 ms with the pattern, after learning", c.after.spikes_with, "", true},
          {"spikes in 150 ms without it, after learning", c.after.spikes_without, "", true},
          {"help in the first block (controller spikes a trial)", c.help.front(), "", true},
          {"help in the last block", c.help.back(), "", true}};
}

std::vector<Plot> learning_plots(const Course& course) {
  report::LinePlot rates, help;
  rates.title = "Hits and false alarms against training trials";
  rates.x_label = help.x_label = "training trials";
  rates.y_label = "new trials that are answered (%)";
  rates.y_low = 0, rates.y_high = 100;
  rates.series = {curve("without", course.trials, course.false_alarms, 1), curve("with pattern", course.trials, course.hits, 0)};
  help.title = "Help against training trials";
  help.y_label = "help: controller spikes a training trial";
  help.y_low = 0, help.height = 200;
  help.series = {curve("", course.help_at, course.help, 2)};
  return {
      {report::line_plot(rates),
       "Trials that were never trained on, without feedback: how many of those with the pattern the neuron answers by two "
       "spikes or more, and how many of those without it."},
      {report::line_plot(help),
       "What the controller sent meanwhile, in trials with and without the pattern. It does not fall here: the neuron answers the pattern "
       "with more spikes than the two that are asked for, and the controller goes on saying so."}};
}

/// Both kinds of trial, one above the other, as they are answered after learning.
Plot raster(DetectionBench& bench) {
  report::RasterPlot plot;
  plot.title = "A trial with the pattern, and one without";
  plot.duration_ms = kTrialLength;
  const double end = kPatternStart + kPatternLength;
  plot.phases = {{0, kPatternStart, "noise", false}, {kPatternStart, end, "pattern, or noise", true}, {end, kTrialLength, "noise", false}};
  for (const bool pattern : {true, false}) {
    const DetectionTrial trial{kUnseen, pattern, false, 0};
    report::RasterGroup in{pattern ? "with" : "without", bench.inputs(), 6, {}, "", {}, {}},
        out{"neuron", 1, pattern ? 0 : 1, {}, "", {}, {}};
    for (const Spike& s : bench.input_of(trial)) in.times_ms.push_back(to_ms(s.time)), in.rows.push_back(s.neuron);
    out.times_ms = bench.run(trial).spikes_ms;
    out.rows.assign(out.times_ms.size(), 0);
    plot.groups.push_back(std::move(in)), plot.groups.push_back(std::move(out));
  }
  return {
      report::raster_plot(plot),
      "The inputs and the neuron, after learning and without feedback. In the shaded part each input spikes as often in the upper trial "
      "as in the lower one; only when is different."};
}

ClaimResult run_detection(const NetworkDescription& description, const ClaimOptions& options) {
  DetectionBench bench(description, options.seed);
  const Course course = learn(bench, options);
  ClaimResult result{findings_of(bench, course), learning_plots(course)};
  result.plots.push_back(raster(bench));
  return result;
}

}  // namespace

Claim detection_claim() {
  return {
      "detection",
      "One neuron learns by feedback to answer a pattern of spikes of its hundred inputs, and nothing else, though each input spikes as "
      "often without the pattern as in it.",
      run_detection};
}

}  // namespace spikeloop::cli
