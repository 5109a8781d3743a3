// SPDX-License-Identifier: Apache-2.0
//
// The figures made of cells: confusion matrix, receptive fields, shares.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include "report/charts.hpp"
#include "report/table.hpp"
#include "report/text.hpp"

namespace spikeloop::report {

Svg confusion_plot(const std::vector<std::vector<std::uint32_t>>& counts, double width) {
  const std::size_t n = counts.size();
  constexpr double kLeft = 46, kTop = 42;
  const double cell = (width - kLeft - 8) / static_cast<double>(std::max<std::size_t>(n, 1));
  Svg svg(width, kTop + cell * static_cast<double>(n) + 8, "Confusion matrix: rows are labels, columns are answers");
  std::uint32_t most_wrong = 1;
  for (std::size_t label = 0; label < n; ++label) {
    for (std::size_t answer = 0; answer < counts[label].size(); ++answer) {
      if (answer != label) most_wrong = std::max(most_wrong, counts[label][answer]);
    }
  }
  svg.text(kLeft + cell * static_cast<double>(n) / 2, 13, "answer", "soft", "middle");
  svg.text_upwards(12, kTop + cell * static_cast<double>(n) / 2, "label", "soft");
  for (std::size_t label = 0; label < n; ++label) {
    const double y = kTop + cell * static_cast<double>(label);
    if (n <= 40) {
      svg.text(kLeft - 9, y + cell / 2 + 4, fmt::format("{}", label), "soft small", "end");
      svg.text(kLeft + cell * (static_cast<double>(label) + 0.5), kTop - 9, fmt::format("{}", label), "soft small", "middle");
    }
    double row = 0;
    for (const std::uint32_t count : counts[label]) row += count;
    for (std::size_t answer = 0; answer < std::min(n, counts[label].size()); ++answer) {
      const std::uint32_t count = counts[label][answer];
      const double x = kLeft + cell * static_cast<double>(answer);
      svg.rect(x + 1, y + 1, cell - 2, cell - 2, "wash");
      if (count == 0) continue;
      const bool right = answer == label;
      const double depth = right ? 0.15 + 0.85 * count / row : 0.25 + 0.75 * std::sqrt(static_cast<double>(count) / most_wrong);
      svg.rect(x + 1, y + 1, cell - 2, cell - 2, right ? "f0" : "f1", depth);
      if (n <= 20)
        svg.text(x + cell / 2, y + cell / 2 + 4, fmt::format("{}", count), depth > (right ? 0.5 : 0.7) ? "on small" : "ink small",
                 "middle");
    }
  }
  return svg;
}

namespace {

/// About how wide the widest of some words is in points.
double words_width(const std::vector<std::string>& words) {
  std::size_t widest = 1;
  for (const std::string& word : words) widest = std::max(widest, display_width(word));
  return 6.6 * static_cast<double>(widest);
}

}  // namespace

Svg heat_map(const HeatMap& map) {
  double low = INFINITY, high = -INFINITY;
  for (const auto& row : map.values)
    for (const double value : row)
      if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
  constexpr double kTop = 46, kCell = 38;
  const double left = 34 + std::min(words_width(map.rows), 260.0);
  const double across = (map.width - left - 8) / static_cast<double>(std::max<std::size_t>(map.columns.size(), 1));
  const double down = kCell * static_cast<double>(map.rows.size());
  Svg svg(map.width, kTop + down + 8, map.title);
  svg.text((left + map.width - 8) / 2, 13, map.column_label, "soft", "middle");
  svg.text_upwards(12, kTop + down / 2, map.row_label, "soft");
  const auto every = static_cast<std::size_t>(std::ceil((words_width(map.columns) + 6) / across));  // so many that words do not touch
  for (std::size_t c = 0; c < map.columns.size(); c += every)
    svg.text(left + across * (static_cast<double>(c) + 0.5), kTop - 9, map.columns[c], "soft small", "middle");
  bool framed = false;
  for (std::size_t r = 0; r < std::min(map.rows.size(), map.values.size()); ++r) {
    const double y = kTop + kCell * static_cast<double>(r);
    svg.text(left - 9, y + kCell / 2 + 4, map.rows[r], "soft small", "end");
    for (std::size_t c = 0; c < std::min(map.columns.size(), map.values[r].size()); ++c) {
      const double x = left + across * static_cast<double>(c), value = map.values[r][c];
      svg.rect(x + 1, y + 1, across - 2, kCell - 2, "wash");
      if (!std::isfinite(value)) continue;
      const double depth = high > low ? 0.08 + 0.92 * (value - low) / (high - low) : 1;
      svg.rect(x + 1, y + 1, across - 2, kCell - 2, "f0", depth);
      const bool best = value == high && !std::exchange(framed, framed || value == high);
      if (best) svg.rect(x + 2.5, y + 2.5, across - 5, kCell - 5, "frame");
      if (r < map.texts.size() && c < map.texts[r].size() && words_width({map.texts[r][c]}) < across)
        svg.text(x + across / 2, y + kCell / 2 + 4, map.texts[r][c], depth > 0.62 ? "on small" : "ink small", "middle");
    }
  }
  return svg;
}

namespace {

/// The largest |weight| but for the largest hundredth, so that one outlier does not bleach the rest.
double weight_scale(std::span<const ReceptiveField> fields) {
  std::vector<float> sizes;
  for (const ReceptiveField& field : fields) {
    for (const float weight : field.weights) {
      if (std::isfinite(weight)) sizes.push_back(std::abs(weight));
    }
  }
  if (sizes.empty()) return 1;
  std::sort(sizes.begin(), sizes.end());
  const double scale = sizes[(sizes.size() - 1) * 99 / 100];
  return scale > 0 ? scale : std::max(1e-30, static_cast<double>(sizes.back()));
}

/// Draws one field: a path for each of ten depths and both signs, which is much shorter than a rectangle a weight.
void draw_field(Svg& svg, const ReceptiveField& field, std::size_t columns, double left, double top, double pixel, double scale) {
  constexpr int kDepths = 10;
  std::array<std::array<std::string, kDepths + 1>, 2> paths;
  for (std::size_t i = 0; i < field.weights.size(); ++i) {
    const double weight = field.weights[i];
    if (!std::isfinite(weight)) continue;
    const auto depth = static_cast<std::size_t>(std::lround(std::min(1.0, std::abs(weight) / scale) * kDepths));
    const double x = left + pixel * static_cast<double>(i % columns), y = top + pixel * static_cast<double>(i / columns);
    const std::string side = coordinate(pixel);
    paths[weight < 0 ? 1 : 0][depth] += fmt::format("M{} {}h{}v{}h-{}z", coordinate(x), coordinate(y), side, side, side);
  }
  for (std::size_t sign = 0; sign < 2; ++sign) {
    for (std::size_t depth = 1; depth <= kDepths; ++depth) {
      if (!paths[sign][depth].empty())
        svg.path(paths[sign][depth], sign == 0 ? "f0 crisp" : "f1 crisp", static_cast<double>(depth) / kDepths);
    }
  }
}

}  // namespace

Svg field_plot(std::span<const ReceptiveField> fields, std::size_t rows, std::size_t columns, double width) {
  rows = std::max<std::size_t>(rows, 1);
  columns = std::max<std::size_t>(columns, 1);
  const std::size_t across = fields.size() <= 16 ? 4 : fields.size() <= 36 && fields.size() % 8 != 0 ? 6 : 8;
  const double gap = across == 4 ? 14 : 9;
  // Whole points a pixel, so that cells meet without seams.
  double pixel = (width - gap * static_cast<double>(across - 1)) / static_cast<double>(across * columns);
  if (pixel > 1) pixel = std::floor(pixel);
  const double wide = pixel * static_cast<double>(columns), high = pixel * static_cast<double>(rows);
  const std::size_t down = (fields.size() + across - 1) / across;
  const double bottom = static_cast<double>(down) * (high + gap + 12);
  Svg svg(width, bottom + 26, "Weights into single neurons");
  const double scale = weight_scale(fields);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const double left = static_cast<double>(i % across) * (wide + gap), top = static_cast<double>(i / across) * (high + gap + 12);
    svg.rect(left, top, wide, high, "wash crisp");
    draw_field(svg, fields[i], columns, left, top, pixel, scale);
    svg.text(left, top + high + 11, fmt::format("{}", fields[i].neuron), "faint tiny");
  }
  constexpr double kStep = 11;
  for (int k = -5; k <= 5; ++k) {
    const double x = 66 + kStep * (k + 5);
    svg.rect(x, bottom + 6, kStep, 11, "wash crisp");
    if (k != 0) svg.rect(x, bottom + 6, kStep, 11, k < 0 ? "f1 crisp" : "f0 crisp", std::abs(k) / 5.0);
  }
  svg.text(60, bottom + 15, fmt::format("−{:.3g}", scale), "soft small", "end");
  svg.text(66 + kStep * 11 + 6, bottom + 15, fmt::format("+{:.3g} mV", scale), "soft small");
  return svg;
}

namespace {

/// The legend; returns the y at which it ends.
double draw_legend(Svg& svg, const std::vector<std::string>& names, double width) {
  double x = 0, y = 10;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const double wide = 24 + 7.0 * static_cast<double>(display_width(names[i]));
    if (x > 0 && x + wide > width) {
      x = 0;
      y += 20;
    }
    svg.rect(x, y - 9, 11, 11, fmt::format("f{}", i % 7));
    svg.text(x + 17, y + 1, names[i], "soft");
    x += wide + 12;
  }
  return y + 12;
}

/// The names of all parts, in the order in which they first come.
std::vector<std::string> part_names(std::span<const Bar> bars) {
  std::vector<std::string> names;
  for (const Bar& bar : bars) {
    for (const BarPart& part : bar.parts) {
      if (std::find(names.begin(), names.end(), part.name) == names.end()) names.push_back(part.name);
    }
  }
  return names;
}

}  // namespace

Svg share_plot(const std::string& title, std::span<const Bar> bars, double width) {
  constexpr double kPitch = 56, kBar = 22;
  const std::vector<std::string> names = part_names(bars);
  Svg measure(width, 0, "");
  const double top = draw_legend(measure, names, width) + 12;
  Svg svg(width, top + kPitch * static_cast<double>(bars.size()), title);
  draw_legend(svg, names, width);
  double y = top;
  for (const Bar& bar : bars) {
    svg.text(0, y + 12, bar.name, "ink bold");
    svg.text(width, y + 12, bar.total, "ink bold", "end");
    double sum = 0;
    for (const BarPart& part : bar.parts) sum += std::isfinite(part.value) ? std::max(0.0, part.value) : 0;
    double x = 0;
    svg.rect(0, y + 19, width, kBar, "wash");
    for (const BarPart& part : bar.parts) {
      if (!(part.value > 0) || !std::isfinite(part.value)) continue;
      const double wide = width * part.value / sum;
      const auto colour = std::find(names.begin(), names.end(), part.name) - names.begin();
      svg.rect(x, y + 19, std::max(0.5, wide - 1), kBar, fmt::format("f{}", colour % 7));
      if (wide > 44) svg.text(x + wide / 2, y + 34, fmt::format("{:.0f} %", 100 * part.value / sum), "on small bold", "middle");
      x += wide;
    }
    y += kPitch;
  }
  return svg;
}

}  // namespace spikeloop::report
