// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Pieces that HTML pages are put together from.
namespace spikeloop::report {

/// A cell of a table: text that is escaped, with a class.
struct Cell {
  std::string text;
  std::string css = {};  ///< "num" for figures
};

/// A table with a row of titles; `wide` ones scroll sideways on small screens.
std::string html_table(const std::vector<Cell>& titles, const std::vector<std::vector<Cell>>& rows);

/// A section with a heading; `body` is HTML already.
std::string html_section(std::string_view title, const std::string& body);

/// A figure with a caption of plain text; `svg` is an element.
std::string html_figure(const std::string& svg, std::string_view caption);

/// A paragraph of plain text.
std::string html_paragraph(std::string_view text, std::string_view css = {});

/// A whole page with the style in it; `body` is HTML already.
std::string html_page(std::string_view title, const std::string& body);

}  // namespace spikeloop::report
