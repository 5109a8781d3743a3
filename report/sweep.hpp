// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "core/sweep.hpp"
#include "report/json.hpp"
#include "report/table.hpp"

/// What a sweep found, for people and for programs. Every figure is of the validation part.
namespace spikeloop::report {

/// The text of sweep.json (indent 4): what is swept, and the finished points with their seeds, in the order of the sweep.
std::string sweep_json(const SweepResult& result, const RunInfo& info);

/// Puts the finished points of such a text into `result`, which says what is swept; throws DescriptionError if the text is damaged or of
/// another sweep.
void read_sweep_json(std::string_view text, SweepResult& result);

/// A row a finished point, best mean accuracy first: the values, accuracy, help and hidden spikes as means over the seeds.
Table sweep_table(const SweepResult& result);

/// The text of the page: over one field a curve with error bars (on a logarithmic axis where the values span more than a factor of 20),
/// over two a heat map, and the table.
std::string sweep_html(const SweepResult& result, const RunInfo& info);

}  // namespace spikeloop::report
