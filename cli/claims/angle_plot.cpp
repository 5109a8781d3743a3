// SPDX-License-Identifier: Apache-2.0
#include "cli/claims/angle_plot.hpp"

#include <fmt/format.h>

#include <cmath>

namespace spikeloop::cli {
namespace {

constexpr double kWidth = 860, kLeft = 330, kTop = 30, kBar = 13, kGap = 16;

double at(double degrees) { return kLeft + (kWidth - kLeft - 50) * degrees / 180; }

void draw_bar(report::Svg& svg, const AngleBar& bar, double y, std::size_t colour) {
  if (!std::isfinite(bar.mean)) return;
  svg.rect(at(0), y, at(bar.mean) - at(0), kBar - 2, fmt::format("f{}", colour));
  svg.line(at(bar.low), y + kBar / 2 - 1, at(bar.high), y + kBar / 2 - 1, "axis");
  svg.text(at(std::max(bar.mean, bar.high)) + 6, y + kBar - 3, fmt::format("{:.0f}", bar.mean), "soft small");
}

}  // namespace

report::Svg angle_plot(const std::string& title, const std::vector<std::string>& layers, const std::vector<AngleRow>& rows) {
  const double pitch = kBar * static_cast<double>(layers.size()) + kGap, bottom = kTop + pitch * static_cast<double>(rows.size());
  report::Svg svg(kWidth, bottom + 38, title);
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const double x = kLeft + 170 * static_cast<double>(k);
    svg.rect(x, 2, 11, 11, fmt::format("f{}", k));
    svg.text(x + 17, 12, layers[k], "soft");
  }
  for (const double tick : {0.0, 45.0, 90.0, 135.0, 180.0}) {
    svg.line(at(tick), kTop - 6, at(tick), bottom, tick == 90 ? "axis" : "grid");
    svg.text(at(tick), bottom + 16, fmt::format("{:.0f}", tick), "soft", "middle");
  }
  svg.text(at(90), bottom + 34, "angle (degrees)", "soft", "middle");
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const double y = kTop + pitch * static_cast<double>(r);
    svg.text(kLeft - 10, y + pitch / 2 - kGap / 2 + 4, rows[r].name, "ink", "end");
    for (std::size_t k = 0; k < rows[r].layers.size(); ++k) draw_bar(svg, rows[r].layers[k], y + kBar * static_cast<double>(k), k);
  }
  return svg;
}

}  // namespace spikeloop::cli
