// SPDX-License-Identifier: Apache-2.0
#include "report/placement.hpp"

#include <fmt/format.h>

#include <array>

#include "report/page.hpp"
#include "report/text.hpp"

namespace spikeloop::report {
namespace {

constexpr double kNeuron = 11, kCore = 16 * kNeuron, kCoreGap = 34, kChip = 2 * kCore + kCoreGap, kChipGap = 40, kMargin = 4, kTitle = 20;
constexpr int kColours = 6;

/// Upper left corner of a core: U0 U1 above U2 U3, and cores of a chip likewise.
struct Corner {
  double x = 0, y = 0;
};
Corner corner_of(unsigned chip, unsigned core) {
  return {kMargin + (chip & 1) * (kChip + kChipGap) + (core & 1) * (kCore + kCoreGap / 2),
          kMargin + 2 * kTitle + (chip >> 1) * (kChip + kChipGap + 2 * kTitle) + (core >> 1) * (kCore + kCoreGap)};
}

std::string css(std::size_t population) { return fmt::format("f{}", population % kColours); }

void draw_legend(Svg& svg, const Mapping& mapping, double y) {
  double x = kMargin;
  for (std::size_t p = 0; p < mapping.populations.size(); ++p) {
    if (mapping.populations[p].home != Home::kChip) continue;
    const double width = 30 + 7.5 * static_cast<double>(display_width(mapping.populations[p].name));
    if (x + width > svg.width()) x = kMargin, y += kTitle;
    svg.rect(x, y - 10, 12, 12, css(p));
    svg.text(x + 17, y, mapping.populations[p].name, "soft");
    x += width;
  }
}

std::size_t legend_rows(const Mapping& mapping) { return mapping.populations.size() / 6 + 1; }

Table with_homes(const Mapping& mapping) {
  Table table{{{"population"}, {"lives"}, {"neurons", Align::kRight}, {"seen by the host"}}, {}, ""};
  for (const MappedPopulation& p : mapping.populations) {
    const char* home = p.home == Home::kChip ? "on the chip" : p.home == Home::kInput ? "input" : "on the host";
    table.rows.push_back({p.name, home, count_text(p.size), p.home != Home::kChip ? "" : p.observed ? "yes" : "no"});
  }
  return table;
}

std::string html_of(const Table& table) {
  std::vector<Cell> titles;
  std::vector<std::vector<Cell>> rows;
  const auto align = [&](std::size_t i) {
    return std::string(i < table.columns.size() && table.columns[i].align == Align::kRight ? "num" : "");
  };
  for (std::size_t i = 0; i < table.columns.size(); ++i) titles.push_back({table.columns[i].title, align(i)});
  for (const auto& row : table.rows) {
    std::vector<Cell>& cells = rows.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) cells.push_back({row[i], align(i)});
  }
  return html_table(titles, rows) + (table.note.empty() ? "" : html_paragraph(table.note, "note"));
}

}  // namespace

Svg placement_plot(const Mapping& mapping, const std::vector<CoreLabel>& labels) {
  const double width = 2 * kChip + kChipGap + 2 * kMargin, board = 2 * (kChip + kChipGap + 2 * kTitle) + kMargin;
  Svg svg(width, board + kTitle * static_cast<double>(legend_rows(mapping)), "where each neuron is on the board");
  for (unsigned chip = 0; chip < 4; ++chip) {
    const Corner top = corner_of(chip, 0);
    svg.text(top.x, top.y - kTitle - 2, fmt::format("U{}", chip), "ink");
    for (unsigned core = 0; core < 4; ++core) {
      const Corner at = corner_of(chip, core);
      for (const auto& [x1, y1, x2, y2] : {std::array{0.0, 0.0, kCore, 0.0}, std::array{0.0, kCore, kCore, kCore},
                                           std::array{0.0, 0.0, 0.0, kCore}, std::array{kCore, 0.0, kCore, kCore}})
        svg.line(at.x + x1, at.y + y1, at.x + x2, at.y + y2, "grid");
    }
  }
  for (std::size_t p = 0; p < mapping.populations.size(); ++p)
    for (const ChipPlace& place : mapping.populations[p].places) {
      const Corner at = corner_of(place.chip, place.core);
      svg.rect(at.x + kNeuron * (place.neuron & 15) + 1, at.y + kNeuron * (place.neuron >> 4) + 1, kNeuron - 2, kNeuron - 2, css(p));
    }
  for (const CoreLabel& label : labels) {
    const Corner at = corner_of(label.chip, label.core);
    svg.text(at.x, at.y - 5, label.text, "soft tiny");
  }
  draw_legend(svg, mapping, board + kTitle / 2);
  return svg;
}

std::string mapping_html(const Mapping& mapping, const Svg& picture, const std::vector<MappingSection>& sections,
                         const std::vector<std::string>& notes, const std::string& command) {
  const std::string name = mapping.network.empty() ? "a network" : mapping.network;
  std::string body = fmt::format("<header><p class=\"kicker\">spikeloop map</p>\n<h1>{}</h1>\n</header>\n",
                                 escape(fmt::format("{} on {}", name, mapping.chip)));
  body += html_figure(picture.inline_text(), "Each square is a neuron, in the colour of its population.");
  body += html_section("Populations", html_of(with_homes(mapping)));
  for (const MappingSection& section : sections) body += html_section(section.title, html_of(section.table));
  std::string text;
  for (const std::string& note : notes) text += html_paragraph(note, "note");
  if (!notes.empty()) body += html_section("Where the chip differs from the network", text);
  body += html_section("Again", fmt::format("<pre>{}</pre>\n", escape(command)));
  return html_page(fmt::format("{} on {}", name, mapping.chip), body);
}

}  // namespace spikeloop::report
