// SPDX-License-Identifier: Apache-2.0
#include "report/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "report/curves.hpp"
#include "report/text.hpp"

namespace spikeloop::report {
namespace {

/// Decodes one character from the front of `text` and drops it; a byte that is not UTF-8 counts as one character.
char32_t take_character(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 1;
  char32_t c = length == 1 ? first : first & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= text.size() || byte(i) >> 6 != 2) {
      text.remove_prefix(1);
      return 0xfffd;
    }
    c = c << 6 | (byte(i) & 0x3f);
  }
  text.remove_prefix(length);
  return c;
}

/// The blocks that matter for names: combining marks and joiners take no column, East Asian characters and emoji two.
std::size_t width_of(char32_t c) {
  struct Range {
    char32_t first, last;
    std::size_t width;
  };
  static constexpr std::array<Range, 12> kRanges = {{{0x300, 0x36f, 0},
                                                     {0x1100, 0x115f, 2},
                                                     {0x200b, 0x200f, 0},
                                                     {0x20d0, 0x20ff, 0},
                                                     {0x2e80, 0x303e, 2},
                                                     {0x3041, 0xa4cf, 2},
                                                     {0xac00, 0xd7a3, 2},
                                                     {0xf900, 0xfaff, 2},
                                                     {0xfe00, 0xfe0f, 0},
                                                     {0xff00, 0xff60, 2},
                                                     {0x1f300, 0x1faff, 2},
                                                     {0x20000, 0x3fffd, 2}}};
  for (const Range& range : kRanges) {
    if (c >= range.first && c <= range.last) return range.width;
  }
  return 1;
}

std::string padded(std::string_view text, std::size_t width, Align align) {
  const std::size_t have = display_width(text);
  const std::string blanks(width > have ? width - have : 0, ' ');
  return align == Align::kLeft ? std::string(text) + blanks : blanks + std::string(text);
}

void end_line(std::string& line, std::string& out) {
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + '\n';
  line.clear();
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) width += width_of(take_character(text));
  return width;
}

std::string render(const Table& table, bool colour) {
  const std::size_t columns = table.columns.size();
  std::vector<std::size_t> widths;
  for (const auto& column : table.columns) widths.push_back(display_width(column.title));
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < std::min(columns, row.size()); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  }
  std::string out, line;
  for (std::size_t i = 0; i < columns; ++i) line += (i > 0 ? "  " : "") + padded(table.columns[i].title, widths[i], table.columns[i].align);
  if (colour) out += "\x1b[1m";
  end_line(line, out);
  if (colour) out.insert(out.size() - 1, "\x1b[0m");
  for (std::size_t i = 0; i < columns; ++i) {
    if (i > 0) line += "  ";
    for (std::size_t k = 0; k < widths[i]; ++k) line += "─";
  }
  end_line(line, out);
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < columns; ++i) {
      line += (i > 0 ? "  " : "") + padded(i < row.size() ? row[i] : "", widths[i], table.columns[i].align);
    }
    end_line(line, out);
  }
  if (!table.note.empty()) out += colour ? fmt::format("\x1b[2m{}\x1b[0m\n", table.note) : table.note + '\n';
  return out;
}

std::string kind_of(const EnergyReport& report) {
  const auto measured = std::count_if(report.lines.begin(), report.lines.end(), [](const EnergyLine& line) { return line.measured; });
  const auto known = std::count_if(report.lines.begin(), report.lines.end(), [](const EnergyLine& line) { return line.missing.empty(); });
  if (measured == 0) return "estimated";
  return measured == known ? "measured" : "partly measured";
}

std::string total_text(const EnergyReport& report) { return report.known() ? si(report.total(), "J") : "not known"; }

Table training_table(std::span<const ExperimentResult> results) {
  std::vector<std::string> machines;
  for (const ExperimentResult& result : results) {
    for (const EnergyReport& report : result.energy) {
      if (std::find(machines.begin(), machines.end(), report.machine) == machines.end()) machines.push_back(report.machine);
    }
  }
  Table table;
  table.columns = {{"experiment", Align::kLeft}, {"accuracy", Align::kRight},     {"frozen control", Align::kRight},
                   {"spikes", Align::kRight},    {"synaptic ops", Align::kRight}, {"latency p50", Align::kRight}};
  for (const std::string& machine : machines) table.columns.push_back({machine, Align::kRight});
  for (const ExperimentResult& result : results) {
    const auto& runs = result.runs;
    std::vector<std::string> row = {
        result.experiment.name,
        percent_spread(accuracy_of(runs), runs.size()),
        result.control.empty() ? "-" : percent_spread(accuracy_of(result.control), result.control.size()),
        count_text(mean_over(runs, [](const TrainingResult& run) { return spikes_per_inference(run.test); })),
        count_text(mean_over(runs, [](const TrainingResult& run) { return synaptic_operations_per_inference(run.test); })),
        si(mean_over(runs, [](const TrainingResult& run) { return run.test.latency_p50_ms; }) * 1e-3, "s")};
    for (const std::string& machine : machines) {
      const auto report =
          std::find_if(result.energy.begin(), result.energy.end(), [&](const EnergyReport& r) { return r.machine == machine; });
      row.push_back(report == result.energy.end() ? "-" : fmt::format("{} {}", total_text(*report), kind_of(*report)));
    }
    table.rows.push_back(std::move(row));
  }
  table.note =
      "accuracy on the test set, mean ± standard deviation over seeds; spikes, synaptic operations and energy per inference, energy "
      "that of the first seed; latency in simulated time";
  for (const ExperimentResult& result : results)
    if (const std::string line = robustness_line(result); !line.empty()) table.note += "\n" + line;
  return table;
}

Table energy_table(const EnergyReport& report) {
  Table table;
  table.columns = {{"part", Align::kLeft},    {"operation", Align::kLeft}, {"count", Align::kRight}, {"each", Align::kRight},
                   {"energy", Align::kRight}, {"kind", Align::kLeft},      {"source", Align::kLeft}};
  for (const EnergyLine& line : report.lines) {
    const double each = line.joules / line.count;
    if (!line.missing.empty()) {
      table.rows.push_back({line.part, operation_name(line.operation), std::isnan(line.count) ? "not known" : count_text(line.count), "-",
                            "not known", "-", line.missing});
      continue;
    }
    table.rows.push_back({line.part, operation_name(line.operation), count_text(line.count), line.count > 0 ? si(each, "J") : "-",
                          si(line.joules, "J"), line.measured ? "measured" : "estimated",
                          line.source + (line.verified || line.measured ? "" : " (not verified)")});
  }
  table.rows.push_back({"total", "", "", "", total_text(report), kind_of(report),
                        report.complete() ? "" : "a lower bound: without the lines that are not known"});
  table.note = report.note;
  return table;
}

}  // namespace spikeloop::report
