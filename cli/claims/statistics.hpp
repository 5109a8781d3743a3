// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <span>
#include <string>
#include <vector>

#include "report/charts.hpp"

/// What claims have in common: figures of many values, and curves of them.
namespace spikeloop::cli {

/// Of what was not measured.
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Pearson's correlation of two rows of one length. A row without variance correlates with nothing: 0. NaN where a value is NaN or
/// infinite.
double pearson(std::span<const double> a, std::span<const double> b);

/// The smallest and the largest value; NaN where one of them is NaN, or where there are none: what was not measured must not pass as good.
double least(std::span<const double> values);
double greatest(std::span<const double> values);

/// A line through the points (x, y).
report::Series curve(const std::string& name, const std::vector<double>& x, const std::vector<double>& y, int colour);
/// The same through y at 1, 2, 3, ...: by epoch, by repetition.
report::Series curve(const std::string& name, const std::vector<double>& y, int colour);

}  // namespace spikeloop::cli
