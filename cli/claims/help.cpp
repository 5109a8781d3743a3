// SPDX-License-Identifier: Apache-2.0
#include "cli/claims/help.hpp"

#include <fmt/format.h>

#include <atomic>
#include <vector>

#include "backends/simulator/simulator.hpp"
#include "cli/claims/digits.hpp"
#include "cli/claims/statistics.hpp"
#include "core/experiment.hpp"
#include "core/io/digits.hpp"
#include "report/charts.hpp"

namespace spikeloop::cli {
namespace {

namespace fs = std::filesystem;

constexpr double kValidation = 0.1;    ///< share of the training part
constexpr double kHelpLeft = 0.6;      ///< help in the last epoch over that in the first, at most
constexpr double kHelpStays = 0.9;     ///< the same without learning, at least
constexpr double kAccuracyGain = 0.1;  ///< on the validation part, at least
constexpr double kCorrelation = 0.9;   ///< of help and error over epochs, at least

Dataset read_data(const fs::path& folder) {
  const fs::path own = digits_folder(folder);
  return io::read_digits(own / "digits.csv.gz", kDigitsSha256, own / "digits_split.txt", kValidation);
}

/// That of examples/digits.txtpb, shorter, and at one learning rate, so that nothing but what was learned tells the epochs apart.
Experiment experiment_of(const ClaimOptions& options) {
  Experiment e;
  e.name = "help";
  e.encode.population = "in", e.encode.max_hz = 300, e.encode.mean = 0.3;
  e.readout.population = "out";
  e.epochs = e.smoke_epochs = options.smoke ? 6 : 12;
  e.warm_up_samples = options.smoke ? 200 : 1000, e.warm_up_homeostasis = 40;
  return e;
}

/// The same network, whose weights stay as they are (thresholds go on adapting).
NetworkDescription without_learning(NetworkDescription description) {
  for (Rule& rule : description.rules) {
    if (auto* current = std::get_if<FeedbackCurrent>(&rule.kind)) current->eta = 0;
    for (Stdp* pairs : {static_cast<Stdp*>(std::get_if<StdpFeedback>(&rule.kind)), std::get_if<Stdp>(&rule.kind)})
      if (pairs) pairs->a_plus = pairs->a_minus = pairs->decay = 0;
  }
  return description;
}

std::vector<EpochResult> trained(const NetworkDescription& description, const Dataset& data, const ClaimOptions& options) {
  const Experiment experiment = experiment_of(options);
  const Network network(description);
  if (auto faults = validate(experiment, network, &data); !faults.empty()) throw DescriptionError(std::move(faults));
  Trainer trainer(experiment, network, *make_simulator(), data, options.seed, options.smoke ? 400 : 600);
  trainer.run(std::atomic<bool>{false}, nullptr);
  return trainer.epochs();
}

std::vector<double> figures(const std::vector<EpochResult>& epochs, double (*figure)(const EpochResult&)) {
  std::vector<double> values;
  for (const EpochResult& epoch : epochs) values.push_back(figure(epoch));
  return values;
}

double help_of(const EpochResult& epoch) { return epoch.help; }
/// Of the training trials, without help and before each one's update, as the help is that of the same trials.
double error_of(const EpochResult& epoch) { return 1 - epoch.train_accuracy; }

std::vector<Finding> findings_of(const std::vector<EpochResult>& learning, const std::vector<EpochResult>& fixed) {
  const EpochResult &first = learning.front(), &last = learning.back();
  const double left = last.help / first.help, stays = fixed.back().help / fixed.front().help;
  const double gain = last.validation_accuracy - first.validation_accuracy;
  const std::vector<double> help = figures(learning, help_of), error = figures(learning, error_of);
  const double together = pearson(help, error);
  return {{"help in the first epoch (controller spikes a trial)", first.help, "> 0", first.help > 0},
          {"help in the last epoch", last.help, "", true},
          {"help left, last epoch over first", left, fmt::format("< {}", kHelpLeft), left < kHelpLeft},
          {"validation accuracy after the first epoch", first.validation_accuracy, "", true},
          {"validation accuracy after the last epoch", last.validation_accuracy, "", true},
          {"gain of accuracy", gain, fmt::format("> {}", kAccuracyGain), gain > kAccuracyGain},
          {"correlation of help and error over epochs", together, fmt::format("> {}", kCorrelation), together > kCorrelation},
          {"help left without learning", stays, fmt::format("> {}", kHelpStays), stays > kHelpStays}};
}

std::vector<Plot> plots_of(const std::vector<EpochResult>& learning, const std::vector<EpochResult>& fixed) {
  report::LinePlot help, accuracy, together;
  help.title = "Help against epochs";
  help.y_label = "help: controller spikes a trial", help.x_label = "epoch", help.y_low = 0;
  help.series = {curve("no learning", figures(fixed, help_of), 6), curve("learning", figures(learning, help_of), 0)};
  accuracy.title = "Accuracy against epochs";
  accuracy.y_label = "accuracy on the validation part (%)", accuracy.x_label = "epoch", accuracy.y_low = 0, accuracy.y_high = 100;
  const auto percent = [](const EpochResult& epoch) { return 100 * epoch.validation_accuracy; };
  accuracy.series = {curve("no learning", figures(fixed, percent), 6), curve("learning", figures(learning, percent), 0)};
  together.title = "Help against error";
  together.y_label = "help: controller spikes a trial", together.x_label = "error without help, training trials (%)";
  report::Series dots =
      curve("", figures(learning, [](const EpochResult& epoch) { return 100 * error_of(epoch); }), figures(learning, help_of), 0);
  dots.dots = true;
  together.series = {std::move(dots)};
  return {
      {report::line_plot(help),
       "What the controller sends in a training trial, by epoch. Nobody asked for less: the synapses learned to do what it did. The same "
       "network with all learning rates at 0 goes on needing as much."},
      {report::line_plot(accuracy), "Answers without help."},
      {report::line_plot(together), "An epoch a dot: help measures what is not yet learned."}};
}

ClaimResult run_help(const NetworkDescription& description, const ClaimOptions& options) {
  const Dataset data = read_data(options.data);
  const std::vector<EpochResult> learning = trained(description, data, options);
  const std::vector<EpochResult> fixed = trained(without_learning(description), data, options);
  return {findings_of(learning, fixed), plots_of(learning, fixed)};
}

}  // namespace

Claim help_claim() {
  return {
      "help",
      "To learn is to need less help: the controller spikes less and less in a trial as the answers without it get right, and it does not "
      "where nothing is learned.",
      run_help};
}

}  // namespace spikeloop::cli
