// SPDX-License-Identifier: Apache-2.0
#include "report/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/page.hpp"
#include "report/sections.hpp"
#include "report/sweep_plot.hpp"
#include "report/text.hpp"

namespace spikeloop::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kUntouched = "the test set was not touched";

Json json_of(const MeanSpread& value) { return {{"mean", value.mean}, {"standard_deviation", value.spread}}; }

Json values_json(const SweepResult& result, const SweepPoint& point) {
  Json values = Json::object();
  for (std::size_t i = 0; i < result.axes.size(); ++i) values[result.axes[i].field] = point.values[i];
  return values;
}

Json run_json(const SweepRun& run) {
  return {{"seed", run.seed},
          {"epochs", run.last.epoch + 1},
          {"validation_accuracy", run.last.validation_accuracy},
          {"train_accuracy", run.last.train_accuracy},
          {"help", run.last.help},
          {"helped", run.last.helped},
          {"hidden_spikes", run.last.hidden_spikes},
          {"weights_hash", fmt::format("{:016x}", run.weights_hash)}};
}

SweepRun run_of(const Json& json) {
  SweepRun run;
  run.seed = json.at("seed");
  run.last.epoch = json.at("epochs").get<std::size_t>() - 1;
  run.last.validation_accuracy = json.at("validation_accuracy");
  run.last.train_accuracy = json.at("train_accuracy");
  run.last.help = json.at("help");
  run.last.helped = json.at("helped");
  run.last.hidden_spikes = json.at("hidden_spikes");
  run.weights_hash = std::stoull(json.at("weights_hash").get<std::string>(), nullptr, 16);
  return run;
}

Json point_json(const SweepResult& result, const SweepPoint& point) {
  Json runs = Json::array();
  for (const SweepRun& run : point.runs) runs.push_back(run_json(run));
  return {{"index", point.index},
          {"values", values_json(result, point)},
          {"validation_accuracy", json_of(over_seeds(point, &EpochResult::validation_accuracy))},
          {"help", json_of(over_seeds(point, &EpochResult::help))},
          {"hidden_spikes", json_of(over_seeds(point, &EpochResult::hidden_spikes))},
          {"runs", runs}};
}

std::string accuracy_text(const SweepPoint& point) {
  return percent_spread(over_seeds(point, &EpochResult::validation_accuracy), point.runs.size());
}

std::string count_of(const SweepPoint& point, double EpochResult::*figure) { return count_text(over_seeds(point, figure).mean); }

/// "eta = network.rules[hidden].feedback_current.eta": what the short titles stand for.
std::string legend(const std::vector<SweepAxis>& axes) {
  const std::vector<std::string> names = short_names(axes);
  std::string text;
  for (std::size_t i = 0; i < axes.size(); ++i)
    if (names[i] != axes[i].field) text += fmt::format("{}{} is {}", text.empty() ? "" : "; ", names[i], axes[i].field);
  return text;
}

std::string note_of(const SweepResult& result) {
  const std::vector<const SweepPoint*> points = ranked(result);
  const bool spread = !points.empty() && points.front()->runs.size() > 1;
  std::string note = fmt::format("accuracy on the validation part ({} samples) after the last epoch (with early stop the best){}; {}",
                                 result.validation_samples, spread ? ", mean ± standard deviation over seeds" : "", kUntouched);
  note += "\nhelp: controller spikes per training trial; hidden spikes: per training trial; both in that epoch";
  if (const std::string names = legend(result.axes); !names.empty()) note += "\n" + names;
  return note;
}

/// The whole finding in a sentence or two.
std::string summary(const SweepResult& result) {
  const std::vector<const SweepPoint*> points = ranked(result);
  if (points.empty()) return "Nothing was trained.";
  std::string best;
  for (std::size_t i = 0; i < result.axes.size(); ++i)
    best += fmt::format("{}{} = {}", i == 0 ? "" : ", ", result.axes[i].field, points.front()->values[i]);
  return fmt::format("Of {} combinations, {} answers most validation samples correctly: {}. Here, {}.", points.size(), best,
                     accuracy_text(*points.front()), kUntouched);
}

std::string table_section(const SweepResult& result) {
  const Table table = sweep_table(result);
  std::vector<Cell> titles;
  for (const Table::Column& column : table.columns) titles.push_back({column.title, column.align == Align::kRight ? "num" : ""});
  std::vector<std::vector<Cell>> rows;
  for (const auto& row : table.rows) {
    rows.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) rows.back().push_back({row[i], titles[i].css});
  }
  return html_section("Combinations", html_table(titles, rows) + "<p></p>" + html_paragraph(table.note, "note"));
}

}  // namespace

std::string sweep_json(const SweepResult& result, const RunInfo& info) {
  Json json;
  json["experiment"] = result.experiment;
  json["scored_on"] = {{"part", "validation"}, {"samples", result.validation_samples}, {"note", kUntouched}};
  json["over"] = Json::array();
  for (const SweepAxis& axis : result.axes) json["over"].push_back({{"field", axis.field}, {"values", axis.values}});
  const std::vector<const SweepPoint*> order = ranked(result);
  json["grid"] = result.grid;
  json["swept"] = result.points.size();
  json["finished"] = order.size();
  json["best"] = order.empty() ? Json(nullptr) : Json{{"index", order.front()->index}, {"values", values_json(result, *order.front())}};
  json["points"] = Json::array();
  for (const SweepPoint& point : result.points)
    if (!point.runs.empty()) json["points"].push_back(point_json(result, point));
  json["reproduce"] = {{"command", info.command}, {"version", info.version}};
  for (const auto& [name, value] : info.facts) json["reproduce"][name] = value;
  return json.dump(4, ' ', false, Json::error_handler_t::replace) + '\n';
}

void read_sweep_json(std::string_view text, SweepResult& result) {
  const Json json = Json::parse(text, nullptr, false);
  try {
    for (const Json& theirs : json.at("points")) {
      SweepPoint& mine = result.points.at(theirs.at("index").get<std::size_t>());
      if (theirs.at("values") != values_json(result, mine)) throw std::out_of_range("another sweep");
      for (const Json& run : theirs.at("runs")) mine.runs.push_back(run_of(run));
    }
  } catch (const std::exception&) {  // of the parser, of a number, or of a point that there is not
    throw DescriptionError("is damaged or belongs to another sweep; remove it to train every point anew");
  }
}

Table sweep_table(const SweepResult& result) {
  Table table;
  table.columns = {{"rank", Align::kRight}};
  for (const std::string& name : short_names(result.axes)) table.columns.push_back({name, Align::kRight});
  for (const char* title : {"accuracy", "help", "hidden spikes"}) table.columns.push_back({title, Align::kRight});
  for (const SweepPoint* point : ranked(result)) {
    std::vector<std::string> row = {fmt::format("{}", table.rows.size() + 1)};
    row.insert(row.end(), point->values.begin(), point->values.end());
    row.insert(row.end(), {accuracy_text(*point), count_of(*point, &EpochResult::help), count_of(*point, &EpochResult::hidden_spikes)});
    table.rows.push_back(std::move(row));
  }
  table.note = note_of(result);
  return table;
}

std::string sweep_html(const SweepResult& result, const RunInfo& info) {
  std::string body = fmt::format("<header>\n<p class=\"kicker\">spikeloop · sweep on the validation part</p>\n<h1>{}</h1>\n{}</header>\n",
                                 escape(result.experiment), html_paragraph(summary(result), "lead"));
  body += sweep_plot_section(result);
  body += table_section(result);
  body += reproduce_section(info, {});
  body += "<footer>Made by spikeloop. This page needs no network and no script.</footer>\n";
  return html_page(result.experiment + " sweep · spikeloop", body);
}

}  // namespace spikeloop::report
