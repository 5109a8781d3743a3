// SPDX-License-Identifier: Apache-2.0
#include "report/charts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "report/table.hpp"
#include "report/text.hpp"

namespace spikeloop::report {
namespace {

/// A scale from values to places.
struct Scale {
  double low = 0, high = 1, from = 0, to = 1;
  bool log = false;
  double operator()(double value) const {
    const double share = log ? std::log(std::max(value, low) / low) / std::log(high / low) : (value - low) / (high - low);
    return from + share * (to - from);
  }
};

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  void include(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

void include_all(Range& range, const std::vector<double>& values) {
  for (const double value : values) range.include(value);
}

/// Whether point i of the series can be drawn.
bool drawable(const Series& series, std::size_t i) { return std::isfinite(series.x[i]) && std::isfinite(series.y[i]); }

/// Whether point i has a range around it.
bool has_range(const Series& series, std::size_t i) {
  return i < series.low.size() && i < series.high.size() && drawable(series, i) && std::isfinite(series.low[i]) &&
         std::isfinite(series.high[i]);
}

void draw_bars(Svg& svg, const Series& series, const Scale& x, const Scale& y) {
  constexpr double kCap = 3;
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    if (!has_range(series, i)) continue;
    const double at = x(series.x[i]), low = y(std::max(series.low[i], y.low)), high = y(std::min(series.high[i], y.high));
    if (low - high < 0.5) continue;  // shorter than its line is thick
    svg.path(fmt::format("M{0} {3}V{4}M{1} {3}H{2}M{1} {4}H{2}", coordinate(at), coordinate(at - kCap), coordinate(at + kCap),
                         coordinate(low), coordinate(high)),
             fmt::format("ticks s{}", series.colour));
  }
}

void draw_band(Svg& svg, const Series& series, const Scale& x, const Scale& y) {
  std::string there, back;
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    if (!has_range(series, i)) continue;
    const auto at = [&](double value) {
      return fmt::format("{} {}", coordinate(x(series.x[i])), coordinate(y(std::clamp(value, y.low, y.high))));
    };
    there += (there.empty() ? "M" : "L") + at(series.high[i]);
    back = "L" + at(series.low[i]) + back;
  }
  if (!there.empty()) svg.path(there + back + "Z", fmt::format("f{}", series.colour), 0.16);
}

void draw_curve(Svg& svg, const Series& series, const Scale& x, const Scale& y) {
  std::string data;
  std::size_t points = 0;
  bool pen_down = false;
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    if (!drawable(series, i)) {
      pen_down = false;
      continue;
    }
    data += fmt::format("{}{} {}", pen_down ? "L" : "M", coordinate(x(series.x[i])), coordinate(y(series.y[i])));
    pen_down = true;
    ++points;
  }
  if (points == 0) return;
  if (!series.dots)
    svg.path(data, fmt::format("curve s{}{}{}", series.colour, series.thin ? " thin" : "", series.dashed ? " dashed" : ""),
             series.light ? 0.45 : 1);
  if (!series.dots && (points > 12 || series.light)) return;
  for (std::size_t i = 0; i < series.x.size(); ++i) {
    if (drawable(series, i)) svg.circle(x(series.x[i]), y(series.y[i]), series.thin ? 2 : 3, fmt::format("f{}", series.colour));
  }
}

/// Names at the ends of the curves, pushed apart where they would lie over each other.
void draw_names(Svg& svg, const std::vector<Series>& all, const Scale& x, const Scale& y) {
  struct Name {
    const Series* series;
    double wanted, place;
  };
  constexpr double kGap = 15;
  std::vector<Name> names;
  for (const Series& series : all) {
    for (std::size_t i = series.x.size(); i-- > 0;) {
      if (!drawable(series, i) || series.name.empty()) continue;
      names.push_back({&series, y(series.y[i]), y(series.y[i])});
      break;
    }
  }
  std::stable_sort(names.begin(), names.end(), [](const Name& a, const Name& b) { return a.wanted < b.wanted; });
  for (std::size_t i = 1; i < names.size(); ++i) names[i].place = std::max(names[i].place, names[i - 1].place + kGap);
  if (!names.empty()) names.back().place = std::min(names.back().place, std::max(y.from, y.to));
  for (std::size_t i = names.size(); i-- > 1;) names[i - 1].place = std::min(names[i - 1].place, names[i].place - kGap);
  for (const Name& name : names) {
    svg.text(x.to + 10, name.place + 4, name.series->name, fmt::format("f{}{}", name.series->colour, name.series->thin ? "" : " bold"));
  }
}

/// Numbers at the y axis, from the scale's low to its high.
struct YTicks {
  std::vector<double> values;
  double step = 0;  ///< 0: they are on a logarithmic scale
  std::string text(double value) const { return step > 0 ? tick_text(value, step) : fmt::format("{:g}", value); }
};

/// 1, 2, 5, 10, ... around all positive values; the lower ends of error bars may be cut, for one near 0 would take decades.
YTicks log_ticks(const LinePlot& plot) {
  Range ys;
  for (const Series& series : plot.series)
    for (const auto* values : {&series.y, &series.high})
      for (const double value : *values)
        if (value > 0) ys.include(value);
  if (ys.low > ys.high) ys = {1, 10};
  YTicks ticks;
  for (int power = static_cast<int>(std::floor(std::log10(ys.low))); ticks.values.size() < 100; ++power)
    for (const double digit : {1.0, 2.0, 5.0}) {
      const double value = digit * std::pow(10.0, power), next = (digit == 2 ? 2.5 : 2) * value;
      if (next <= ys.low * (1 + 1e-9)) continue;
      ticks.values.push_back(value);
      if (value >= ys.high * (1 - 1e-9) && ticks.values.size() > 1) return ticks;
    }
  return ticks;
}

YTicks y_ticks_of(const LinePlot& plot) {
  if (plot.log_y) return log_ticks(plot);
  Range ys;
  for (const Series& series : plot.series)
    for (const auto* values : {&series.y, &series.low, &series.high}) include_all(ys, *values);
  if (ys.low > ys.high) ys = {0, 1};
  YTicks ticks{nice_ticks(plot.y_low.value_or(ys.low), plot.y_high.value_or(ys.high), plot.height < 180 ? 3 : 5), 0};
  ticks.step = ticks.values[1] - ticks.values[0];
  while (ticks.values.size() > 2 && plot.y_high && ticks.values.back() > *plot.y_high + ticks.step * 1e-6) ticks.values.pop_back();
  return ticks;
}

/// The places of the x axis that get a number, or words.
std::vector<Tick> x_ticks_of(const LinePlot& plot, const Range& xs) {
  if (plot.x_label.empty() || !plot.x_ticks.empty()) return plot.x_ticks;
  const std::vector<double> round = nice_ticks(xs.low, xs.high, 9);
  std::vector<Tick> ticks;
  for (const double tick : round)
    if (!plot.whole_x || tick == std::floor(tick)) ticks.push_back({tick, tick_text(tick, plot.whole_x ? 1 : round[1] - round[0])});
  return ticks;
}

void draw_x_ticks(Svg& svg, const std::vector<Tick>& ticks, const Scale& x, double bottom) {
  double free = -1e9;  // up to where there are words already
  for (const Tick& tick : ticks) {
    if (tick.value < x.low - 1e-9 || tick.value > x.high + 1e-9) continue;
    svg.line(x(tick.value), bottom, x(tick.value), bottom + 4, "axis crisp");
    const double half = 3.2 * static_cast<double>(display_width(tick.text));
    if (x(tick.value) - half < free) continue;
    svg.text(x(tick.value), bottom + 17, tick.text, "soft small", "middle");
    free = x(tick.value) + half + 6;
  }
}

}  // namespace

Svg line_plot(const LinePlot& plot) {
  Svg svg(plot.width, plot.height, plot.title);
  Range xs;
  std::size_t longest = 0;
  for (const Series& series : plot.series) {
    include_all(xs, series.x);
    longest = std::max(longest, display_width(series.name));
  }
  if (xs.low > xs.high) xs = {0, 1};
  const YTicks y_ticks = y_ticks_of(plot);
  const std::vector<Tick> x_ticks = x_ticks_of(plot, xs);
  if (xs.low == xs.high) xs = {xs.low - 0.5, xs.high + 0.5};

  const double bottom = plot.height - (plot.x_label.empty() ? 14 : 40);
  const Scale x{xs.low, xs.high, 44, plot.width - 18 - 7.0 * static_cast<double>(longest)};
  const double y_most = y_ticks.values.back();
  const Scale y{y_ticks.values.front(), std::max(y_most, plot.y_high.value_or(y_most)), bottom, 30, plot.log_y};
  svg.text(0, 13, plot.y_label, "soft");
  for (const double tick : y_ticks.values) {
    svg.line(x.from, y(tick), x.to, y(tick), "grid crisp");
    svg.text(x.from - 8, y(tick) + 4, y_ticks.text(tick), "soft small", "end");
  }
  svg.line(x.from, bottom, x.to, bottom, "axis crisp");
  draw_x_ticks(svg, x_ticks, x, bottom);
  if (!plot.x_label.empty()) svg.text((x.from + x.to) / 2, plot.height - 4, plot.x_label, "soft", "middle");
  for (const Series& series : plot.series) series.bars ? draw_bars(svg, series, x, y) : draw_band(svg, series, x, y);
  for (const Series& series : plot.series) draw_curve(svg, series, x, y);
  draw_names(svg, plot.series, x, y);
  return svg;
}

namespace {

/// How a group of a raster is laid out.
struct Lane {
  std::uint32_t every = 1;  ///< one neuron of so many is drawn
  double pitch = 1;         ///< points a row
  double height = 0;
};

Lane lane_of(const RasterGroup& group) {
  Lane lane;
  lane.every = group.neurons <= 300 ? 1 : (group.neurons + 299) / 300;
  const double rows = std::ceil(static_cast<double>(std::max(1u, group.neurons)) / lane.every);
  lane.pitch = std::clamp((60 + 1.6 * std::min(rows, 125.0)) / rows, 1.2, 7.0);  // at most 260 points high
  lane.height = rows * lane.pitch;
  return lane;
}

void draw_group(Svg& svg, const RasterGroup& group, const Lane& lane, const Scale& x, double top) {
  std::string data;
  for (std::size_t i = 0; i < group.times_ms.size() && i < group.rows.size(); ++i) {
    if (group.rows[i] % lane.every != 0 || group.rows[i] >= group.neurons || !std::isfinite(group.times_ms[i])) continue;
    const double y = top + lane.pitch * (group.rows[i] / lane.every);
    data += fmt::format("M{} {}v{}", coordinate(x(group.times_ms[i])), coordinate(y), coordinate(std::max(3.0, lane.pitch * 0.85)));
  }
  if (!data.empty()) svg.path(data, fmt::format("ticks s{}", group.colour));
  svg.line(x.from, top + lane.height + 3, x.to, top + lane.height + 3, "grid crisp");
  const double middle = top + lane.height / 2;
  svg.text(x.from - 12, middle + 1, group.name, fmt::format("f{} bold", group.colour), "end");
  const std::string size = fmt::format("{} neuron{}", count_text(group.neurons), group.neurons == 1 ? "" : "s");
  svg.text(x.from - 12, middle + 15, lane.every == 1 ? size : fmt::format("{}, 1 in {} drawn", size, lane.every), "faint small", "end");
  if (group.marked && *group.marked < group.neurons) {
    svg.text(x.to + 8, top + lane.pitch * (*group.marked / lane.every + 0.5) + 4, "◂ " + group.mark, "ink small");
  }
}

}  // namespace

Svg raster_plot(const RasterPlot& plot) {
  constexpr double kTop = 30, kGap = 16;
  double height = kTop;
  std::size_t widest = 12, mark = 0;
  for (const RasterGroup& group : plot.groups) {
    const Lane lane = lane_of(group);
    height += std::max(lane.height, 22.0) + kGap;
    widest = std::max({widest, display_width(group.name), lane.every == 1 ? std::size_t{12} : std::size_t{24}});
    if (group.marked) mark = std::max(mark, display_width(group.mark) + 2);
  }
  Svg svg(plot.width, height + 34, plot.title);
  const double end = plot.duration_ms > 0 ? plot.duration_ms : 1;
  const Scale x{0, end, std::min(7.2 * static_cast<double>(widest), 220.0) + 14, plot.width - 14 - 6.6 * static_cast<double>(mark)};
  for (const Phase& phase : plot.phases) {
    if (phase.shaded) svg.rect(x(phase.start_ms), kTop - 8, x(phase.end_ms) - x(phase.start_ms), height - kTop, "wash");
    if (phase.start_ms > 0) svg.line(x(phase.start_ms), kTop - 24, x(phase.start_ms), height - 8, "mark");
    svg.text(x(phase.start_ms) + 6, kTop - 14, phase.name, "soft");
  }
  double top = kTop;
  for (const RasterGroup& group : plot.groups) {
    const Lane lane = lane_of(group);
    const double room = std::max(lane.height, 22.0);
    draw_group(svg, group, lane, x, top + (room - lane.height) / 2);
    top += room + kGap;
  }
  svg.line(x.from, height - 8, x.to, height - 8, "axis crisp");
  const std::vector<double> ticks = nice_ticks(0, end, 8);
  for (const double tick : ticks) {
    if (tick > end * (1 + 1e-9)) continue;
    svg.line(x(tick), height - 8, x(tick), height - 4, "axis crisp");
    svg.text(x(tick), height + 10, tick_text(tick, ticks[1] - ticks[0]), "soft small", "middle");
  }
  svg.text((x.from + x.to) / 2, height + 29, "time in the trial (ms)", "soft", "middle");
  return svg;
}

}  // namespace spikeloop::report
