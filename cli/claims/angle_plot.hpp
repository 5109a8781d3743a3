// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "report/svg.hpp"

namespace spikeloop::cli {

/// Angles (degrees) between the same two updates in several networks.
struct AngleBar {
  double mean = 0, low = 0, high = 0;
};

/// What is compared, with one bar a layer; NaN: none.
struct AngleRow {
  std::string name;
  std::vector<AngleBar> layers;
};

/// Bars from 0 to 180 degrees with a line at 90, where updates have nothing in common; whiskers from `low` to `high`.
report::Svg angle_plot(const std::string& title, const std::vector<std::string>& layers, const std::vector<AngleRow>& rows);

}  // namespace spikeloop::cli
