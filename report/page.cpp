// SPDX-License-Identifier: Apache-2.0
#include "report/page.hpp"

#include <fmt/format.h>

#include "report/svg.hpp"
#include "report/text.hpp"

namespace spikeloop::report {
namespace {

constexpr std::string_view kPageStyle = R"(
* { box-sizing: border-box; }
html { background: var(--paper); color: var(--ink); -webkit-text-size-adjust: 100%; color-scheme: light dark; }
body { max-width: 920px; margin: 0 auto; padding: 56px 30px 72px; font: 15.5px/1.55 system-ui, -apple-system, "Segoe UI", Roboto,
  "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif; }
header { margin-bottom: 36px; }
.kicker { font-size: 12px; letter-spacing: .09em; text-transform: uppercase; color: var(--soft); margin: 0 0 10px; }
h1 { font-size: 31px; line-height: 1.2; font-weight: 650; letter-spacing: -.012em; margin: 0 0 14px; overflow-wrap: anywhere; }
h2 { font-size: 19px; line-height: 1.3; font-weight: 650; letter-spacing: -.005em; margin: 0 0 14px; }
h3 { font-size: 15.5px; font-weight: 650; margin: 28px 0 8px; }
p { margin: 0 0 14px; max-width: 72ch; }
.lead { font-size: 18px; line-height: 1.5; } .note, figcaption { font-size: 13.5px; color: var(--soft); }
section { margin-top: 52px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 22px 24px; padding: 22px 0;
  border-top: 1px solid var(--hair); border-bottom: 1px solid var(--hair); margin: 30px 0 0; }
.tiles dt { font-size: 13px; color: var(--soft); } .tiles dd { margin: 2px 0 0; font-size: 20px; white-space: nowrap;
  font-weight: 600; letter-spacing: -.01em;
  font-variant-numeric: tabular-nums; line-height: 1.25; } .tiles dd small { display: block; font-size: 12.5px; font-weight: 400;
  color: var(--soft); letter-spacing: 0; margin-top: 2px; white-space: normal; }
figure { margin: 0 0 22px; } figcaption { margin-top: 10px; max-width: 76ch; }
.scroll { overflow-x: auto; overflow-y: hidden; } .scroll svg { display: block; max-width: 100%; height: auto; min-width: 720px; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 40px; } .pair > section { margin-top: 52px; min-width: 0; }
.pair .scroll svg { min-width: 300px; }
table { border-collapse: collapse; font-size: 14px; font-variant-numeric: tabular-nums; min-width: 100%; }
th { text-align: left; font-weight: 500; font-size: 12.5px; color: var(--soft); vertical-align: bottom;
  border-bottom: 1px solid var(--faint); }
th, td { padding: 6px 20px 6px 0; } th:last-child, td:last-child { padding-right: 0; } td { border-bottom: 1px solid var(--hair);
  vertical-align: top; } .num { text-align: right; white-space: nowrap; } .name { white-space: nowrap; } .quiet { color: var(--soft); }
.strong, .strong td { font-weight: 600; } .source { font-size: 13px; color: var(--soft); min-width: 210px; }
.estimated { color: var(--c1); font-size: 12px; letter-spacing: .03em; white-space: nowrap; } .measured { color: var(--c2); font-size: 12px;
  letter-spacing: .03em; white-space: nowrap; } .warning { border-left: 3px solid var(--c1); padding-left: 12px; }
pre { background: var(--wash); padding: 13px 16px; border-radius: 6px; overflow-x: auto; font: 13.5px/1.5 ui-monospace, SFMono-Regular,
  Menlo, Consolas, "DejaVu Sans Mono", monospace; margin: 0 0 18px; } .hash { font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo,
  Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
footer { margin-top: 60px; padding-top: 14px; border-top: 1px solid var(--hair); font-size: 13px; color: var(--soft); }
@media (max-width: 720px) { body { padding: 30px 18px 48px; } h1 { font-size: 25px; } .lead { font-size: 16.5px; }
  section { margin-top: 42px; }
  .pair { grid-template-columns: 1fr; gap: 0; } .pair .scroll svg { width: 100%; } th, td { padding-right: 14px; } }
@media print { body { padding: 0; max-width: none; font-size: 11pt; } figure, .tiles, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; } .scroll { overflow: visible; } .scroll svg { min-width: 0; width: 100%; }
  pre { white-space: pre-wrap; } }
@page { margin: 18mm 16mm; }
)";

/// Escaped text whose figures stay with their signs and units: no line ends before a percent sign or on either side of a plus-minus sign.
std::string typeset(std::string_view text) {
  std::string out = escape(text);
  const auto bind = [&out](std::string_view loose, std::string_view bound) {
    for (std::size_t at = out.find(loose); at != std::string::npos; at = out.find(loose, at + bound.size()))
      out.replace(at, loose.size(), bound);
  };
  bind(" %", "\u00a0%");
  bind(" ± ", "\u00a0±\u00a0");
  return out;
}

std::string row_text(const std::vector<Cell>& cells, std::string_view tag) {
  std::string out = "<tr>";
  for (const Cell& cell : cells) {
    const std::string css = cell.css.empty() ? "" : fmt::format(" class=\"{}\"", cell.css);
    out += fmt::format("<{0}{1}>{2}</{0}>", tag, css, escape(cell.text));
  }
  return out + "</tr>\n";
}

}  // namespace

std::string html_table(const std::vector<Cell>& titles, const std::vector<std::vector<Cell>>& rows) {
  std::string out = "<div class=\"scroll\"><table>\n<thead>" + row_text(titles, "th") + "</thead>\n<tbody>\n";
  for (const auto& row : rows) out += row_text(row, "td");
  return out + "</tbody>\n</table></div>\n";
}

std::string html_section(std::string_view title, const std::string& body) {
  return fmt::format("<section>\n<h2>{}</h2>\n{}</section>\n", escape(title), body);
}

std::string html_figure(const std::string& svg, std::string_view caption) {
  return fmt::format("<figure>\n<div class=\"scroll\">{}</div>\n<figcaption>{}</figcaption>\n</figure>\n", svg, typeset(caption));
}

std::string html_paragraph(std::string_view text, std::string_view css) {
  return fmt::format("<p{}>{}</p>\n", css.empty() ? "" : fmt::format(" class=\"{}\"", css), typeset(text));
}

std::string html_page(std::string_view title, const std::string& body) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>{}</title>\n<style>{}{}</style>\n</head>\n"
      "<body>\n{}</body>\n</html>\n",
      escape(title), svg_style(), kPageStyle, body);
}

}  // namespace spikeloop::report
