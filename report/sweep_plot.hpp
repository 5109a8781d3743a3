// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/sweep.hpp"

namespace spikeloop::report {

/// The ends of the paths of the swept fields, each as short as it can be without being the end of another one's.
std::vector<std::string> short_names(const std::vector<SweepAxis>& axes);

/// The picture of a sweep over one or two fields; empty for more, and where nothing is finished.
std::string sweep_plot_section(const SweepResult& result);

}  // namespace spikeloop::report
