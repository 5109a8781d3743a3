// SPDX-License-Identifier: Apache-2.0
#include "report/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/text.hpp"

namespace spikeloop::report {
namespace {

std::string opacity_text(double opacity) { return opacity >= 1 ? "" : fmt::format(R"( opacity="{}")", coordinate(opacity)); }

}  // namespace

std::string coordinate(double value) {
  if (!std::isfinite(value)) return "0";
  std::string text = fmt::format("{:.2f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

Svg::Svg(double width, double height, std::string_view title) : width_(width), height_(height), title_(title) {}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view css) {
  body_ += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" class=\"{}\"/>\n", coordinate(x1), coordinate(y1), coordinate(x2),
                       coordinate(y2), css);
}

void Svg::rect(double x, double y, double width, double height, std::string_view css, double opacity) {
  body_ += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" class=\"{}\"{}/>\n", coordinate(x), coordinate(y),
                       coordinate(width), coordinate(height), css, opacity_text(opacity));
}

void Svg::circle(double x, double y, double radius, std::string_view css) {
  body_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" class=\"{}\"/>\n", coordinate(x), coordinate(y), coordinate(radius), css);
}

void Svg::path(std::string_view data, std::string_view css, double opacity) {
  body_ += fmt::format("<path d=\"{}\" class=\"{}\"{}/>\n", data, css, opacity_text(opacity));
}

void Svg::text(double x, double y, std::string_view words, std::string_view css, std::string_view anchor) {
  const std::string how = anchor == "start" ? "" : fmt::format(" text-anchor=\"{}\"", anchor);
  body_ += fmt::format("<text x=\"{}\" y=\"{}\" class=\"{}\"{}>{}</text>\n", coordinate(x), coordinate(y), css, how, escape(words));
}

void Svg::text_upwards(double x, double y, std::string_view words, std::string_view css) {
  body_ += fmt::format("<text transform=\"translate({} {}) rotate(-90)\" class=\"{}\" text-anchor=\"middle\">{}</text>\n", coordinate(x),
                       coordinate(y), css, escape(words));
}

std::string Svg::element(bool with_style) const {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" role=\"img\">\n"
      "<title>{2}</title>\n{3}{4}</svg>\n",
      coordinate(width_), coordinate(height_), escape(title_), with_style ? "<style>" + svg_style() + "</style>\n" : "", body_);
}

std::string Svg::inline_text() const { return element(false); }
std::string Svg::file_text() const { return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + element(true); }

std::string svg_style() {
  return R"(
:root { --ink: #1c2024; --soft: #59636e; --faint: #8a949e; --hair: #e3e6e9; --paper: #ffffff; --wash: #f2f5f8;
  --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #b0578d; --c4: #3d9bd6; --c5: #c98a00; --c6: #7b8794; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ec; --soft: #a4adb6; --faint: #7a848e; --hair: #2c3238; --paper: #14171a;
  --wash: #1c2126; --c0: #5ab0e8; --c1: #f08a4b; --c2: #35c29a; --c3: #dd8fbd; --c4: #8fc9ee; --c5: #e8b33f; --c6: #8d98a3; } }
@media print { :root { --ink: #000000; --soft: #444444; --faint: #777777; --hair: #dddddd; --paper: #ffffff; --wash: #f4f4f4;
  --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #b0578d; --c4: #3d9bd6; --c5: #c98a00; --c6: #7b8794; } }
svg { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif;
  font-variant-numeric: tabular-nums; }
svg .ink { fill: var(--ink); } svg .soft { fill: var(--soft); } svg .faint { fill: var(--faint); } svg .on { fill: var(--paper); }
svg .bold { font-weight: 600; } svg .small { font-size: 11px; } svg .tiny { font-size: 9.5px; }
svg .axis { stroke: var(--faint); stroke-width: 1; } svg .grid { stroke: var(--hair); stroke-width: 1; }
svg .mark { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 3; fill: none; }
svg .wash { fill: var(--wash); } svg .cell { fill: none; stroke: var(--hair); stroke-width: 1; }
svg .frame { fill: none; stroke: var(--ink); stroke-width: 1.5; }
svg .curve { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
svg .thin { stroke-width: 1.25; } svg .dashed { stroke-dasharray: 5 4; } svg .ticks { fill: none; stroke-width: 1.4; }
svg .crisp { shape-rendering: crispEdges; }
svg .s0 { stroke: var(--c0); } svg .s1 { stroke: var(--c1); } svg .s2 { stroke: var(--c2); } svg .s3 { stroke: var(--c3); }
svg .s4 { stroke: var(--c4); } svg .s5 { stroke: var(--c5); } svg .s6 { stroke: var(--c6); }
svg .f0 { fill: var(--c0); } svg .f1 { fill: var(--c1); } svg .f2 { fill: var(--c2); } svg .f3 { fill: var(--c3); }
svg .f4 { fill: var(--c4); } svg .f5 { fill: var(--c5); } svg .f6 { fill: var(--c6); }
)";
}

std::vector<double> nice_ticks(double low, double high, int wanted) {
  if (!std::isfinite(low) || !std::isfinite(high)) return {0, 1};
  if (high < low) std::swap(low, high);
  const double least = std::max(std::abs(low), std::abs(high)) * 1e-9;
  if (high - low <= least) {  // one value: make room around it
    const double room = low == 0 ? 1 : std::abs(low) * 0.1;
    low -= low == 0 ? 0 : room;
    high += room;
  }
  const double raw = (high - low) / std::max(1, wanted - 1);
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = power * 10;
  for (const double nice : {1.0, 2.0, 5.0}) {
    if (raw <= nice * power * (1 + 1e-9)) {
      step = nice * power;
      break;
    }
  }
  // Multiples of the step, not sums of it, so that rounding does not grow.
  const auto first = static_cast<long long>(std::floor(low / step + 1e-9));
  const auto last = static_cast<long long>(std::ceil(high / step - 1e-9));
  std::vector<double> ticks;
  for (long long i = first; i <= last && ticks.size() < 100; ++i) ticks.push_back(static_cast<double>(i) * step);
  return ticks;
}

std::string tick_text(double value, double step) {
  const int decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 9);
  if (std::abs(value) < step * 1e-6) value = 0;
  if (std::abs(value) >= 1e5 || decimals > 5) return fmt::format("{:g}", value);
  return fmt::format("{:.{}f}", value, decimals);
}

}  // namespace spikeloop::report
