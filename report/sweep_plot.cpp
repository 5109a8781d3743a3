// SPDX-License-Identifier: Apache-2.0
#include "report/sweep_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "report/charts.hpp"
#include "report/page.hpp"
#include "report/text.hpp"

namespace spikeloop::report {
namespace {

constexpr double kLogarithmicFrom = 20;  ///< largest over smallest value

MeanSpread accuracy(const SweepPoint& point) { return over_seeds(point, &EpochResult::validation_accuracy); }

/// Where the values of a field stand on an axis.
struct Places {
  std::vector<double> x;     ///< one a value
  std::vector<Tick> ticks;   ///< in the order of the axis
  bool logarithmic = false;  ///< x is the logarithm of the value
};

/// The numbers that the values are; none if one of them is no finite number.
std::optional<std::vector<double>> numbers_of(const std::vector<std::string>& values) {
  std::vector<double> numbers;
  for (const std::string& value : values) {
    double number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || !std::isfinite(number)) return std::nullopt;
    numbers.push_back(number);
  }
  return numbers;
}

Places places_of(const SweepAxis& axis) {
  Places places;
  if (const auto numbers = numbers_of(axis.values)) {
    places.x = *numbers;
    const auto [low, high] = std::minmax_element(places.x.begin(), places.x.end());
    places.logarithmic = *low > 0 && *high > kLogarithmicFrom * *low;
    if (places.logarithmic)
      for (double& x : places.x) x = std::log10(x);
  } else {  // words stand side by side
    for (std::size_t i = 0; i < axis.values.size(); ++i) places.x.push_back(static_cast<double>(i));
  }
  for (std::size_t i = 0; i < axis.values.size(); ++i) places.ticks.push_back({places.x[i], axis.values[i]});
  std::stable_sort(places.ticks.begin(), places.ticks.end(), [](const Tick& a, const Tick& b) { return a.value < b.value; });
  return places;
}

std::size_t index_of(const std::vector<std::string>& values, const std::string& value) {
  return static_cast<std::size_t>(std::find(values.begin(), values.end(), value) - values.begin());
}

std::string curve_figure(const SweepResult& result) {
  const SweepAxis& axis = result.axes[0];
  const Places places = places_of(axis);
  std::vector<const SweepPoint*> points = ranked(result);
  const auto place = [&](const SweepPoint* point) { return places.x[index_of(axis.values, point->values[0])]; };
  std::stable_sort(points.begin(), points.end(), [&](const auto* a, const auto* b) { return place(a) < place(b); });
  Series series;
  series.bars = points.front()->runs.size() > 1;
  for (const SweepPoint* point : points) {
    const MeanSpread m = accuracy(*point);
    series.x.push_back(place(point));
    series.y.push_back(100 * m.mean);
    series.low.push_back(100 * std::max(0.0, m.mean - m.spread));
    series.high.push_back(100 * std::min(1.0, m.mean + m.spread));
  }
  LinePlot plot;
  plot.title = "Validation accuracy by " + axis.field;
  plot.x_label = axis.field + (places.logarithmic ? " (logarithmic)" : "");
  plot.y_label = "validation accuracy (%)";
  plot.height = 300;
  plot.series = {std::move(series)};
  plot.x_ticks = places.ticks;
  return html_figure(line_plot(plot).inline_text(),
                     points.front()->runs.size() > 1
                         ? "Mean over seeds after the last epoch (with early stop the best); bars are one standard deviation."
                         : "One seed a point, after the last epoch (with early stop the best).");
}

std::string map_figure(const SweepResult& result) {
  const SweepAxis &rows = result.axes[0], &columns = result.axes[1];
  HeatMap map;
  map.title = fmt::format("Validation accuracy by {} and {}", rows.field, columns.field);
  const std::vector<std::string> names = short_names(result.axes);
  map.row_label = names[0], map.column_label = names[1];
  map.rows = rows.values, map.columns = columns.values;
  map.values.assign(rows.values.size(), std::vector<double>(columns.values.size(), std::numeric_limits<double>::quiet_NaN()));
  map.texts.assign(rows.values.size(), std::vector<std::string>(columns.values.size()));
  for (const SweepPoint* point : ranked(result)) {
    const std::size_t r = index_of(rows.values, point->values[0]), c = index_of(columns.values, point->values[1]);
    map.values[r][c] = accuracy(*point).mean;
    map.texts[r][c] = percent(accuracy(*point).mean);
  }
  return html_figure(heat_map(map).inline_text(),
                     "Validation accuracy in percent after the last epoch (with early stop the best), mean over seeds; the best has a "
                     "frame, and where there is no "
                     "number nothing was tried.");
}

bool ends_with_step(const std::string& path, const std::string& end) { return path == end || path.ends_with("." + end); }

}  // namespace

std::vector<std::string> short_names(const std::vector<SweepAxis>& axes) {
  std::vector<std::string> names;
  for (const SweepAxis& axis : axes) {
    std::size_t start = axis.field.size();
    const auto clear = [&](const std::string& end) {
      return std::count_if(axes.begin(), axes.end(), [&](const SweepAxis& a) { return ends_with_step(a.field, end); }) == 1;
    };
    std::string name = axis.field;
    while (start > 0) {
      // A dot inside brackets belongs to a name.
      const std::size_t dot = axis.field.rfind('.', start - 1);
      if (dot == std::string::npos) break;
      start = dot;
      if (axis.field.find(']', dot) < axis.field.find('[', dot)) continue;
      if (clear(axis.field.substr(dot + 1))) {
        name = axis.field.substr(dot + 1);
        break;
      }
    }
    names.push_back(std::move(name));
  }
  return names;
}

std::string sweep_plot_section(const SweepResult& result) {
  if (result.axes.empty() || result.axes.size() > 2 || ranked(result).empty()) return "";
  return html_section("Accuracy", result.axes.size() == 1 ? curve_figure(result) : map_figure(result));
}

}  // namespace spikeloop::report
