// SPDX-License-Identifier: Apache-2.0
#include "cli/energy.hpp"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>

#include "cli/options.hpp"
#include "cli/recorded.hpp"
#include "cli/results.hpp"
#include "cli/tables.hpp"
#include "core/experiment.hpp"
#include "report/json.hpp"
#include "report/table.hpp"
#include "report/text.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;
namespace {

struct EnergyOptions {
  std::string dir;
  std::vector<std::string> prices;
};

/// What one machine would need for each run of a directory.
struct Account {
  std::vector<EnergyReport> runs;
  EnergyReport mean;  ///< over the runs, line by line
  MeanSpread over_seeds;
};

std::vector<PriceList> prices_for(const EnergyOptions& o, const RecordedDirectory& recorded) {
  if (o.prices.empty() && recorded.prices.empty())
    throw UsageError(
        fmt::format("{} has no prices in it; name a price list or a chip with --price, like examples/prices/dynapse1.txtpb", o.dir));
  std::vector<PriceList> prices;
  for (const std::string& name : o.prices) prices.push_back(load_price(name));
  return o.prices.empty() ? recorded.prices : prices;
}

Account account_of(const RecordedDirectory& recorded, const PriceList& prices) {
  Account a;
  std::vector<double> totals;
  for (const Recorded& r : recorded.runs) {
    a.runs.push_back(r.price(prices));
    totals.push_back(a.runs.back().total());
  }
  const auto n = static_cast<double>(a.runs.size());
  a.over_seeds = mean_spread(totals);
  a.mean = a.runs.front();  // every run has the same lines, in the order of the prices
  a.mean.spread.reset();
  for (std::size_t i = 0; i < a.mean.lines.size(); ++i) {
    EnergyLine& line = a.mean.lines[i];
    line.count = line.joules = 0;
    for (const EnergyReport& run : a.runs) line.count += run.lines[i].count / n, line.joules += run.lines[i].joules / n;
  }
  return a;
}

/// Why a spread over samples is missing, each reason once.
std::set<std::string> reasons(const RecordedDirectory& recorded) {
  std::set<std::string> all;
  for (const Recorded& r : recorded.runs)
    if (!r.no_spread.empty()) all.insert(r.no_spread);
  return all;
}

double watts(const EnergyReport& report, const Recorded& run) {
  return report.total() / (run.seconds / static_cast<double>(run.inferences));
}

nlohmann::ordered_json measured_json(const Recorded& run) {
  nlohmann::ordered_json lines = nlohmann::ordered_json::array();
  for (const EnergyLine& l : run.measured)
    lines.push_back({{"part", l.part}, {"joules", l.joules}, {"kind", "measured"}, {"source", l.source}});
  return lines;
}

nlohmann::ordered_json machine_json(const RecordedDirectory& recorded, const Account& a) {
  const char* per = recorded.has_inferences() ? "inference" : "run";
  nlohmann::ordered_json runs = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < a.runs.size(); ++i) {
    const Recorded& r = recorded.runs[i];
    runs.push_back(
        {{"seed", r.seed}, {"inferences", r.inferences}, {"simulated_s", r.seconds}, {"energy", report::energy_json(a.runs[i], per)}});
    runs.back()["watts"] = a.runs[i].known() ? nlohmann::ordered_json(watts(a.runs[i], r)) : nlohmann::ordered_json(nullptr);
    runs.back()["measured"] = measured_json(r);
    if (!recorded.has_inferences()) runs.back().erase("inferences");
  }
  nlohmann::ordered_json json = report::energy_json(a.mean, per);
  json.erase("standard_deviation_over_samples");  // stands beside each run
  json["seeds"] = a.runs.size();
  json["standard_deviation_over_seeds"] = a.runs.size() > 1 ? nlohmann::ordered_json(a.over_seeds.spread) : nlohmann::ordered_json(nullptr);
  json["runs"] = runs;
  return json;
}

/// A row a seed, and their mean.
report::Table runs_table(const RecordedDirectory& recorded, const Account& a) {
  using report::Align;
  using report::si;
  const bool inferences = recorded.has_inferences();
  report::Table table;
  table.columns = {{"seed"}, {inferences ? "inferences" : "simulated", Align::kRight}, {"energy", Align::kRight}};
  if (inferences) table.columns.push_back({"± over samples", Align::kRight});
  table.columns.push_back({"power", Align::kRight});
  for (std::size_t i = 0; i < a.runs.size(); ++i) {
    const Recorded& r = recorded.runs[i];
    std::vector<std::string> row = {std::to_string(r.seed), inferences ? std::to_string(r.inferences) : si(r.seconds, "s"),
                                    report::total_text(a.runs[i])};
    if (inferences) row.push_back(a.runs[i].spread ? si(*a.runs[i].spread, "J") : "not known");
    row.push_back(a.runs[i].known() ? si(watts(a.runs[i], r), "W") : "not known");
    table.rows.push_back(std::move(row));
  }
  if (a.runs.size() > 1)
    table.rows.push_back({"mean", "", fmt::format("{} ± {}", si(a.over_seeds.mean, "J"), si(a.over_seeds.spread, "J"))});
  table.note = inferences ? "Energy of one inference; ± of the mean is over seeds. Power is energy over simulated time."
                          : "Energy of the whole run; power is energy over simulated time, so the energy of each second.";
  for (const std::string& why : reasons(recorded)) table.note += "\nThe spread over samples is not known: " + why + ".";
  return table;
}

void print_account(const RecordedDirectory& recorded, const Account& a, const Terminal& t) {
  const std::string of = recorded.has_inferences() ? "one inference" : "the run";
  const std::string mean = a.runs.size() > 1 ? fmt::format(", mean over {} seeds", a.runs.size()) : "";
  t.out << fmt::format("{}: energy of {}, {}{}\n", a.mean.machine, of, report::kind_of(a.mean), mean)
        << fitted(report::energy_table(a.mean), t.out_width, t.colour) << "\n"
        << fitted(runs_table(recorded, a), t.out_width, t.colour);
}

/// What the board has measured, beside the estimates.
void print_measured(const RecordedDirectory& recorded, const Terminal& t) {
  report::Table table{{{"seed"}, {"part"}, {"measured", report::Align::kRight}, {"source"}}, {}, ""};
  for (const Recorded& r : recorded.runs)
    for (const EnergyLine& l : r.measured) table.rows.push_back({std::to_string(r.seed), l.part, report::si(l.joules, "J"), l.source});
  if (!table.rows.empty()) t.out << "\n" << fitted(table, t.out_width, t.colour);
}

int energy(const EnergyOptions& o, Terminal& t) {
  const RecordedDirectory recorded = read_recorded(o.dir);
  const std::vector<PriceList> prices = prices_for(o, recorded);
  nlohmann::ordered_json machines = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < prices.size(); ++i) {
    const Account account = account_of(recorded, prices[i]);
    if (t.json) {
      machines.push_back(machine_json(recorded, account));
    } else {
      if (i > 0) t.out << "\n";
      print_account(recorded, account, t);
    }
  }
  if (!t.json) {
    print_measured(recorded, t);
    return kOk;
  }
  nlohmann::ordered_json unknown = nlohmann::ordered_json::array();
  for (const std::string& why : reasons(recorded)) unknown.push_back(why);
  t.print({{"directory", o.dir},
           {"verb", recorded.verb},
           {"per", recorded.has_inferences() ? "inference" : "run"},
           {"spread_over_samples_not_known", unknown},
           {"machines", machines}});
  return kOk;
}

}  // namespace

Verb energy_verb() {
  return {"energy", "joules by part of what a run directory counted, on any priced machine",
          "Examples:\n  spikeloop energy runs/digits                                        with the prices in it\n"
          "  spikeloop energy runs/digits --price examples/prices/loihi.txtpb    on another machine\n"
          "  spikeloop energy runs/chip_digits_on_board                          of `deploy --out`",
          [](CLI::App& app) -> std::function<int(Terminal&)> {
            auto o = std::make_shared<EnergyOptions>();
            add_text(app, "DIR", o->dir, "", "a directory of `spikeloop train`, `run` or `deploy --out`")->required();
            app.add_option("--price", o->prices, "a price list or chip (.txtpb), or a chip's name; may be repeated")
                ->type_name("FILE")
                ->allow_extra_args(false);
            return [o](Terminal& t) { return energy(*o, t); };
          }};
}

}  // namespace spikeloop::cli
