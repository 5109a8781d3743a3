// SPDX-License-Identifier: Apache-2.0
#include "cli/claims/window.hpp"

#include <cmath>
#include <vector>

#include "cli/claims/pairs.hpp"
#include "cli/claims/statistics.hpp"
#include "report/charts.hpp"

namespace spikeloop::cli {
namespace {

constexpr double kPre = 100;   ///< ms, when the pre spike arrives
constexpr double kReach = 60;  ///< ms, largest distance of a pair

/// What is claimed, not what the description says: mV and ms.
constexpr double kPlus = 0.01, kMinus = 0.006, kTauPlus = 17, kTauMinus = 34, kLag = 3;

/// Change (mV) by one pair, dt = post - arrival of pre in ms (Song, Miller, Abbott 2000, DOI 10.1038/78829, with a lag).
double formula(double dt) {
  if (dt >= kLag) return kPlus * std::exp(-(dt - kLag) / kTauPlus);
  return dt >= 0 ? 0 : -kMinus * std::exp(dt / kTauMinus);
}

struct Points {
  std::vector<double> dt, change;
  std::uint64_t stray = 0;
};

Points measure(const NetworkDescription& description, const ClaimOptions& options) {
  PairBench bench(description, options.seed);
  Points points;
  const double step = options.smoke ? 3 : 1;
  for (double dt = -kReach; dt <= kReach; dt += step) {
    bench.set_weight(0);
    bench.run({{kPre}, {kPre + dt}, {}, kPre + kReach + 10});
    points.dt.push_back(dt);
    points.change.push_back(bench.weight());
  }
  points.stray = bench.stray_spikes();
  return points;
}

/// Time constant of an exponential through the points with from <= dt <= to: least squares on the logarithm of their size.
double time_constant(const Points& points, double from, double to) {
  double n = 0, x = 0, y = 0, xx = 0, xy = 0;
  for (std::size_t i = 0; i < points.dt.size(); ++i) {
    if (points.dt[i] < from || points.dt[i] > to) continue;
    const double size = std::log(std::abs(points.change[i])), dt = std::abs(points.dt[i]);
    n += 1, x += dt, y += size, xx += dt * dt, xy += dt * size;
  }
  return -(n * xx - x * x) / (n * xy - x * y);
}

/// Relative where the formula has a value, infinite where it is 0 and the change is not.
double deviation(double dt, double change) {
  if (formula(dt) != 0 && std::isfinite(change)) return std::abs(change / formula(dt) - 1);
  return change == 0 ? 0 : std::numeric_limits<double>::infinity();
}

std::vector<Finding> findings_of(const Points& points) {
  std::vector<double> deviations, inside;
  double first = kNaN;
  for (std::size_t i = points.dt.size(); i-- > 0;) {
    const double dt = points.dt[i], change = points.change[i];
    deviations.push_back(deviation(dt, change));
    if (dt >= 0 && dt < kLag) inside.push_back(std::abs(change));
    if (change > 0) first = dt;
  }
  const double worst = greatest(deviations), closer = greatest(inside);
  const double plus = time_constant(points, kLag, kReach), minus = time_constant(points, -kReach, -1);
  const auto near = [](double value, double wanted) { return std::abs(value - wanted) <= 1e-4 * wanted; };
  return {{"largest relative deviation from the formula", worst, "< 1e-6", worst < 1e-6},
          {"shortest distance that potentiates (ms)", first, "3, the lag", first == kLag},
          {"largest change by a pair closer than that (mV)", closer, "0", closer == 0},
          {"time constant of potentiation, fitted (ms)", plus, "17", near(plus, kTauPlus)},
          {"time constant of depression, fitted (ms)", minus, "34", near(minus, kTauMinus)},
          {"area of depression over that of potentiation", kMinus * minus / (kPlus * plus), "", true},
          {"post spikes that nobody asked for, or that were missing", static_cast<double>(points.stray), "0", points.stray == 0}};
}

/// The formula, with breaks where it jumps.
report::Series formula_curve() {
  report::Series series;
  const auto add = [&](double from, double to) {
    for (double dt = from; dt <= to; dt += 0.25) series.x.push_back(dt), series.y.push_back(1e3 * formula(dt));
    series.x.push_back(to), series.y.push_back(kNaN);
  };
  add(-kReach, -0.25), add(0, kLag - 0.25), add(kLag, kReach);
  series.colour = 6;
  return series;
}

Plot plot_of(const Points& points) {
  std::vector<double> changes;
  for (const double change : points.change) changes.push_back(1e3 * change);
  report::Series measured = curve("", points.dt, changes, 0);
  measured.dots = true;
  report::LinePlot plot;
  plot.title = "Change of the weight against the distance of pre and post spike";
  plot.x_label = "post spike after the arrival of the pre spike (ms)";
  plot.y_label = "change of the weight (µV)";
  plot.height = 340;
  plot.series = {formula_curve(), std::move(measured)};
  return {report::line_plot(plot),
          "Dots: a trial each, one pre and one post spike, the weight read before and after. Grey: the formula with the constants of the "
          "claim. Pairs closer than 3 ms leave the weight alone."};
}

ClaimResult run_window(const NetworkDescription& description, const ClaimOptions& options) {
  const Points points = measure(description, options);
  return {findings_of(points), {plot_of(points)}};
}

}  // namespace

Claim window_claim() {
  return {"window",
          "A pair of spikes changes the weight by exactly what the formula of spike-timing-dependent plasticity says, for every distance: "
          "up if the pre spike came first, down if it came last.",
          run_window};
}

}  // namespace spikeloop::cli
