// SPDX-License-Identifier: Apache-2.0
#include "cli/tables.hpp"

#include <algorithm>
#include <sstream>

namespace spikeloop::cli {
namespace {

std::size_t column_width(const report::Table& table, std::size_t column) {
  std::size_t width = report::display_width(table.columns[column].title);
  for (const auto& row : table.rows)
    if (column < row.size()) width = std::max(width, report::display_width(row[column]));
  return width;
}

}  // namespace

std::string wrapped(const std::string& text, std::size_t width) {
  std::istringstream lines(text);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::size_t used = 0;
    for (std::string word; words >> word;) {
      const std::size_t wide = report::display_width(word);
      const bool fits = used + 1 + wide <= width;
      if (used > 0) out += fits ? ' ' : '\n';
      out += word;
      used = used > 0 && fits ? used + 1 + wide : wide;
    }
    out += '\n';
  }
  if (!out.empty()) out.pop_back();
  return out;
}

std::string fitted(const report::Table& table, std::size_t width, bool colour) {
  std::string out;
  for (std::size_t next = 1; next <= table.columns.size();) {
    report::Table part{{table.columns[0]}, {}, ""};
    for (const auto& row : table.rows) part.rows.push_back({row.empty() ? "" : row[0]});
    for (std::size_t used = column_width(table, 0); next < table.columns.size(); ++next) {
      used += 2 + column_width(table, next);
      if (used > width && part.columns.size() > 1) break;
      part.columns.push_back(table.columns[next]);
      for (std::size_t r = 0; r < table.rows.size(); ++r) part.rows[r].push_back(next < table.rows[r].size() ? table.rows[r][next] : "");
    }
    if (next == table.columns.size()) ++next, part.note = wrapped(table.note, width);
    out += (out.empty() ? "" : "\n") + report::render(part, colour);
  }
  return out;
}

}  // namespace spikeloop::cli
