// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

/// A small SVG writer. Colours are classes, so that one style serves light and dark: `s0`..`s5` stroke and `f0`..`f5` fill with a palette
/// that colour-blind people can tell apart (Okabe and Ito), `ink`, `soft` and `faint` are text, `grid` and `axis` lines.
namespace spikeloop::report {

/// A coordinate with at most two decimals: "12", "3.5", "0.25"; never "-0".
std::string coordinate(double value);

/// An SVG picture that grows line by line; all text is escaped.
class Svg {
 public:
  /// `title` is read out to those who cannot see the picture.
  Svg(double width, double height, std::string_view title);

  void line(double x1, double y1, double x2, double y2, std::string_view css);
  void rect(double x, double y, double width, double height, std::string_view css, double opacity = 1);
  void circle(double x, double y, double radius, std::string_view css);
  /// `data` in SVG's path language.
  void path(std::string_view data, std::string_view css, double opacity = 1);
  /// Lower left corner at (x, y); anchor is "start", "middle" or "end".
  void text(double x, double y, std::string_view words, std::string_view css, std::string_view anchor = "start");
  /// The same, turned by 90 degrees to read upwards.
  void text_upwards(double x, double y, std::string_view words, std::string_view css);

  double width() const { return width_; }
  double height() const { return height_; }
  /// The element for a page that brings `svg_style`.
  std::string inline_text() const;
  /// A file of its own, with the style in it.
  std::string file_text() const;

 private:
  std::string element(bool with_style) const;

  double width_, height_;
  std::string title_;
  std::string body_;
};

/// The style sheet that the classes need; follows the reader's preference for light or dark.
std::string svg_style();

/// Round numbers, about `wanted` of them, whose first is at most `low` and whose last is at least `high`.
std::vector<double> nice_ticks(double low, double high, int wanted);

/// A tick's number with the decimals that its neighbours need.
std::string tick_text(double value, double step);

}  // namespace spikeloop::report
