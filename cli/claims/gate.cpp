// SPDX-License-Identifier: Apache-2.0
#include "cli/claims/gate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "cli/claims/pairs.hpp"
#include "cli/claims/statistics.hpp"
#include "report/charts.hpp"

namespace spikeloop::cli {
namespace {

/// What is claimed, not what the description says: mV and ms.
constexpr double kPlus = 0.01, kMinus = 0.008, kTauPlus = 20, kTauMinus = 40;

constexpr int kPairings = 60;
constexpr double kFirst = 100, kApart = 10;  ///< ms: first spike of a pair; distance to the second
constexpr double kReach = 60;                ///< ms: how far feedback is from the first spike, either way
constexpr double kPeriod = 100;              ///< ms: between the pairings of a train
constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kExact = 1e-5;  ///< relative: weights are float32, and sixty changes are added

/// The pulse: three spikes, 5 ms apart.
std::vector<double> pulse(double at) { return at == kNever ? std::vector<double>{} : std::vector<double>{at, at + 5, at + 10}; }

/// What pair-based STDP makes of two trains, all pairs, if those count whose later spike comes at `gate` or after it
/// (Song, Miller, Abbott 2000, DOI 10.1038/78829; the gate: core/learning.hpp).
double formula(const std::vector<double>& pre, const std::vector<double>& post, double gate) {
  double sum = 0;
  for (const double s : pre)
    for (const double t : post)
      if (std::max(s, t) >= gate) sum += t >= s ? kPlus * std::exp(-(t - s) / kTauPlus) : -kMinus * std::exp(-(s - t) / kTauMinus);
  return sum;
}

/// Sixty pairings, each a trial of its own, at every offset of the pulse.
struct Curve {
  std::vector<double> offset, change;  ///< ms, mV
  double without = 0;                  ///< change without any feedback
  double full = 0;                     ///< what STDP makes of as many pairs
};

Curve measure(PairBench& bench, bool pre_first, double step) {
  const std::vector<double> early = {kFirst}, late = {kFirst + kApart};
  const std::vector<double>&pre = pre_first ? early : late, &post = pre_first ? late : early;
  const auto change = [&](double feedback) {
    bench.set_weight(0);
    for (int i = 0; i < kPairings; ++i) bench.run({pre, post, pulse(feedback), 200});
    return bench.weight();
  };
  Curve curve;
  curve.without = change(kNever);
  curve.full = kPairings * formula(pre, post, 0);
  for (double offset = -kReach; offset <= kReach; offset += step) {
    curve.offset.push_back(offset);
    curve.change.push_back(change(kFirst + offset));
  }
  return curve;
}

/// One trial with sixty pairings, feedback coming after so many of them.
struct Train {
  std::vector<double> before, change, wanted;
};

Train measure_train(PairBench& bench, int step) {
  std::vector<double> pre, post;
  for (int i = 0; i < kPairings; ++i) pre.push_back(kPeriod * i + kFirst), post.push_back(pre.back() + kApart);
  Train train;
  for (int k = 0; k <= kPairings; k += step) {
    const double at = kPeriod * k + kFirst / 2;  // between two pairings
    bench.set_weight(0);
    bench.run({pre, post, pulse(at), kPeriod * (kPairings + 2)});
    train.before.push_back(k);
    train.change.push_back(bench.weight());
    train.wanted.push_back(formula(pre, post, at));
  }
  return train;
}

/// The largest |change| of pairings that were over when feedback came.
double largest_after(const Curve& curve) {
  std::vector<double> changes;
  for (std::size_t i = 0; i < curve.offset.size(); ++i)
    if (curve.offset[i] > kApart) changes.push_back(std::abs(curve.change[i]));
  return greatest(changes);
}

/// How far the others are from what STDP makes of them.
double deviation_before(const Curve& curve) {
  std::vector<double> deviations;
  for (std::size_t i = 0; i < curve.offset.size(); ++i)
    if (curve.offset[i] <= kApart) deviations.push_back(std::abs(curve.change[i] / curve.full - 1));
  return greatest(deviations);
}

double deviation_of(const Train& train) {
  std::vector<double> deviations;
  for (std::size_t i = 0; i < train.change.size(); ++i)
    deviations.push_back(std::abs(train.change[i] - train.wanted[i]) / std::abs(train.wanted.front()));
  return greatest(deviations);
}

std::vector<Finding> findings_of(const Curve& up, const Curve& down, const Train& train, double stray) {
  std::vector<Finding> findings;
  for (const auto& [curve, order] : {std::pair(&up, "pre before post"), std::pair(&down, "post before pre")}) {
    const auto add = [&, o = std::string(order)](const char* name, double value, const char* expected, bool holds) {
      findings.push_back({o + ": " + name, value, expected, holds});
    };
    const double after = largest_after(*curve), off = deviation_before(*curve);
    add("STDP's amount for 60 pairs (mV)", curve->full, "", true);
    add("change without feedback (mV)", curve->without, "0", curve->without == 0);
    add("largest change with feedback after the pair (mV)", after, "0", after == 0);
    add("feedback first, relative deviation from STDP's amount", off, "< 1e-5", off < kExact);
  }
  const double off = deviation_of(train);
  findings.push_back({"train: deviation from the pairs after feedback, relative to the whole", off, "< 1e-5", off < kExact});
  findings.push_back({"post spikes that nobody asked for, or that were missing", stray, "0", stray == 0});
  return findings;
}

Plot timing_plot(const Curve& up, const Curve& down) {
  report::LinePlot plot;
  plot.title = "Change of the weight against the time of feedback";
  plot.x_label = "feedback after the first spike of the pair (ms)";
  plot.y_label = "change by 60 pairings (mV)";
  plot.height = 340;
  plot.series = {curve("pre, post", up.offset, up.change, 0), curve("post, pre", down.offset, down.change, 1)};
  return {
      report::line_plot(plot),
      "Sixty pairings with 10 ms between the two spikes, each a trial of its own; a pulse of feedback (three spikes on the apical port) "
      "comes at another time at each point. Feedback that comes before the second spike of the pair gets all of STDP's change, feedback "
      "that comes later gets none."};
}

Plot train_plot(const Train& train) {
  report::Series wanted = curve("", train.before, train.wanted, 6), seen = curve("", train.before, train.change, 0);
  seen.dots = true;
  report::LinePlot plot;
  plot.title = "Change of the weight by a train of pairings";
  plot.x_label = "pairings before feedback came, of 60";
  plot.y_label = "change of the weight (mV)";
  plot.series = {std::move(wanted), std::move(seen)};
  return {
      report::line_plot(plot),
      "Sixty pre-post pairings 100 ms apart in one trial: those before the first spike of feedback change nothing. Grey: the sum of the "
      "formula over all pairs whose later spike comes after feedback."};
}

ClaimResult run_gate(const NetworkDescription& description, const ClaimOptions& options) {
  PairBench bench(description, options.seed);
  const double step = options.smoke ? 10 : 2;
  const Curve up = measure(bench, true, step), down = measure(bench, false, step);
  const Train train = measure_train(bench, options.smoke ? 20 : 4);
  return {findings_of(up, down, train, static_cast<double>(bench.stray_spikes())), {timing_plot(up, down), train_plot(train)}};
}

}  // namespace

Claim gate_claim() {
  return {"gate",
          "Feedback switches plasticity on: pairs of spikes change the weight by all that STDP says once feedback came, and by exactly "
          "nothing before that or without it.",
          run_gate};
}

}  // namespace spikeloop::cli
