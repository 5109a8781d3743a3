// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/experiment.hpp"
#include "report/svg.hpp"

/// The figures of a report. NaN and infinite values are left out of a figure; colours are numbers of the palette, 0 .. 6 (6 is grey).
namespace spikeloop::report {

/// A curve, with a band around it if `low` and `high` are given, or with error bars.
struct Series {
  std::string name;  ///< written at the curve's end; may be empty
  std::vector<double> x, y, low, high;
  int colour = 0;
  bool thin = false;
  bool dashed = false;
  bool light = false;  ///< stands behind others
  bool bars = false;   ///< `low` and `high` are error bars
  bool dots = false;   ///< points without a line
};

/// A place on an axis that has words of its own.
struct Tick {
  double value = 0;
  std::string text;
};

/// Curves over one axis.
struct LinePlot {
  std::string title;    ///< for those who cannot see it
  std::string x_label;  ///< empty: no numbers at the x axis either (a plot with the same axis is below)
  std::string y_label;
  double width = 860, height = 260;
  std::vector<Series> series;
  std::optional<double> y_low, y_high;  ///< where the y axis must begin or end
  bool whole_x = true;                  ///< ticks at whole numbers only
  bool log_y = false;                   ///< values of 0 or less lie on the lower edge
  std::vector<Tick> x_ticks = {};       ///< instead of round numbers; words that would lie over each other are left out
};
Svg line_plot(const LinePlot& plot);

/// Spikes of one population in a raster.
struct RasterGroup {
  std::string name;
  std::uint32_t neurons = 0;
  int colour = 0;
  std::optional<std::uint32_t> marked;  ///< a row worth pointing at
  std::string mark;                     ///< what stands beside it
  std::vector<double> times_ms;
  std::vector<std::uint32_t> rows;
};
/// A part of a trial.
struct Phase {
  double start_ms = 0, end_ms = 0;
  std::string name;
  bool shaded = false;
};
struct RasterPlot {
  std::string title;
  double width = 860;
  double duration_ms = 0;
  std::vector<RasterGroup> groups;  ///< from top to bottom; of more than 300 neurons every k-th is drawn
  std::vector<Phase> phases;
};
Svg raster_plot(const RasterPlot& plot);

/// Counts by label (rows) and answer (columns): right answers in blue, wrong ones in orange.
Svg confusion_plot(const std::vector<std::vector<std::uint32_t>>& counts, double width = 410);

/// A value for every pair of two lists of words.
struct HeatMap {
  std::string title;
  std::string row_label, column_label;
  std::vector<std::string> rows, columns;
  std::vector<std::vector<double>> values;      ///< [row][column]; NaN: nothing there
  std::vector<std::vector<std::string>> texts;  ///< what is written into the cells
  double width = 860;
};
/// The higher the value, the deeper the blue; the highest has a frame.
Svg heat_map(const HeatMap& map);

/// Small pictures of weights, `rows` x `columns` values each: blue excites, orange inhibits, one scale for all.
Svg field_plot(std::span<const ReceptiveField> fields, std::size_t rows, std::size_t columns, double width = 410);

/// One part of a bar.
struct BarPart {
  std::string name;  ///< equal names have equal colours
  double value = 0;
};
/// A bar of shares.
struct Bar {
  std::string name;
  std::string total;  ///< written behind the bar
  std::vector<BarPart> parts;
};
/// Bars of equal length, cut by share, with a legend.
Svg share_plot(const std::string& title, std::span<const Bar> bars, double width = 860);

}  // namespace spikeloop::report
