// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "core/experiment.hpp"

namespace spikeloop::report {

/// What a progress line shows.
struct ProgressView {
  Progress progress;
  double samples_per_second = 0;  ///< over the last seconds; 0 or NaN = not known yet
  std::string label;              ///< stands in front, e.g. "seed 2 of 3"; may be empty
};

/// One line about a training run, without line end: a bar and the figures that fit into `width` columns on a terminal; all figures and
/// no bar elsewhere.
std::string progress_line(const ProgressView& view, std::size_t width, bool terminal);

/// A span of time as people read it: "0:12", "4:05", "1:02:03"; "-:--" for NaN, infinity and negative spans.
std::string clock_text(double seconds);

}  // namespace spikeloop::report
