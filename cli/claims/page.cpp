// SPDX-License-Identifier: Apache-2.0
#include "cli/claims/page.hpp"

#include <fmt/format.h>

#include "report/json_number.hpp"
#include "report/page.hpp"
#include "report/sections.hpp"
#include "report/text.hpp"

namespace spikeloop::cli {
namespace {

std::string value_text(const Finding& f) { return fmt::format("{:.4g}", f.value); }

/// Nothing is expected of a figure that is shown for information.
std::string verdict(const Finding& f) { return f.expected.empty() && f.passes() ? "" : f.passes() ? "holds" : "FAILS"; }

std::string findings_section(const ClaimResult& result) {
  std::vector<std::vector<report::Cell>> rows;
  for (const Finding& f : result.findings)
    rows.push_back({{f.name}, {value_text(f), "num"}, {f.expected}, {verdict(f), f.passes() ? "measured" : "estimated"}});
  return report::html_section("Findings", report::html_table({{"Finding"}, {"Value", "num"}, {"Expected"}, {""}}, rows));
}

}  // namespace

std::string failures(const ClaimResult& result) {
  std::string text;
  for (const Finding& f : result.findings)
    if (!f.passes())
      text += fmt::format("{}{} is {}, expected {}", text.empty() ? "" : "; ", f.name, value_text(f),
                          f.expected.empty() ? "a number" : f.expected);
  return text;
}

report::Table claim_table(const ClaimResult& result) {
  using report::Align;
  report::Table table{{{"finding", Align::kLeft}, {"value", Align::kRight}, {"expected", Align::kLeft}, {"", Align::kLeft}}, {}, ""};
  for (const Finding& f : result.findings) table.rows.push_back({f.name, value_text(f), f.expected, verdict(f)});
  return table;
}

std::string claim_json(const Claim& claim, const ClaimOptions& options, const ClaimResult& result, const report::RunInfo& info) {
  nlohmann::ordered_json findings = nlohmann::ordered_json::array();
  for (const Finding& f : result.findings)
    findings.push_back({{"name", f.name}, {"value", report::number(f.value)}, {"expected", f.expected}, {"holds", f.passes()}});
  const nlohmann::ordered_json json = {{"claim", claim.name},
                                       {"sentence", claim.sentence},
                                       {"holds", result.holds()},
                                       {"findings", findings},
                                       {"seed", options.seed},
                                       {"smoke", options.smoke},
                                       {"reproduce", {{"command", info.command}, {"version", info.version}}}};
  return json.dump(4, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

std::string claim_html(const Claim& claim, const ClaimResult& result, const std::string& network, const report::RunInfo& info) {
  const std::string bad = failures(result);
  std::string body = fmt::format("<header>\n<p class=\"kicker\">spikeloop · a claim and its experiment</p>\n<h1>{}</h1>\n{}</header>\n",
                                 report::escape(claim.name), report::html_paragraph(claim.sentence, "lead"));
  body += bad.empty() ? report::html_paragraph("The claim holds here.")
                      : report::html_paragraph("It does not hold here: " + bad + ".", "warning");
  std::string figures;
  for (const Plot& plot : result.plots) figures += report::html_figure(plot.figure.inline_text(), plot.caption);
  if (!figures.empty()) body += report::html_section("What was seen", figures);
  body += findings_section(result);
  body += report::html_section("The network", fmt::format("<pre>{}</pre>\n", report::escape(network)));
  body += report::reproduce_section(info, {});
  body += "<footer>Made by spikeloop. This page needs no network and no script.</footer>\n";
  return report::html_page(claim.name + " claim · spikeloop", body);
}

}  // namespace spikeloop::cli
