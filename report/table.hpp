// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/experiment.hpp"

namespace spikeloop::report {

enum class Align { kLeft, kRight };

/// A table of text for a terminal.
struct Table {
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;  ///< cells that a row lacks are empty
  std::string note;                            ///< stands below; may be empty
};

/// Columns that UTF-8 text takes on a terminal: 0 for combining marks, 2 for East Asian wide characters.
std::size_t display_width(std::string_view text);

/// The table with a line under its titles, every line ended; `colour` adds ANSI escapes (bold titles, dim note).
std::string render(const Table& table, bool colour = false);

/// The table at the end of a training: a row an experiment. Figures per inference are means over the seeds, energy is that of the first
/// seed, a column for each priced machine, marked estimated or measured.
Table training_table(std::span<const ExperimentResult> results);

/// What one inference takes, a row a figure: NeuroBench's, and operations with their spread over the samples, latency, wall time, energy.
Table work_table(const Network& network, const Evaluation& test, std::span<const EnergyReport> energy);

/// The energy of one inference by part, with count, price, kind and source; its last row is the total.
Table energy_table(const EnergyReport& report);

/// "estimated", "measured", or "partly measured" for a report with lines of both kinds.
std::string kind_of(const EnergyReport& report);
/// The sum of what is known, as "1.2 nJ"; "not known" if nothing is.
std::string total_text(const EnergyReport& report);

}  // namespace spikeloop::report
