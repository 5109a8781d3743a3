// SPDX-License-Identifier: Apache-2.0
#include "report/profile.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "report/text.hpp"

namespace spikeloop::report {
namespace {

struct Entry {
  std::size_t population = 0;  ///< as many as the network has: of no single one
  Profile::Cell cell;
};

/// What was measured of a phase, longest first.
std::vector<Entry> entries_of(const Profile& profile, std::size_t phase) {
  std::vector<Entry> entries;
  for (std::size_t p = 0; p < profile.populations.size(); ++p)
    if (const Profile::Cell& cell = profile.populations[p][phase]; cell.operations > 0) entries.push_back({p, cell});
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.cell.seconds > b.cell.seconds; });
  return entries;
}

/// Of a phase or of everything; work without operations counts too.
double seconds_of(const Profile& profile, std::size_t first, std::size_t last) {
  double sum = 0;
  for (const auto& cells : profile.populations)
    for (std::size_t k = first; k < last; ++k) sum += cells[k].seconds;
  return sum;
}

bool is_population(const Network& network, std::size_t p) { return p < network.populations().size(); }

nlohmann::ordered_json event_of(const char* name, std::uint32_t lane, double start_s, double seconds) {
  return {{"name", name}, {"ph", "X"}, {"pid", 1}, {"tid", lane}, {"ts", start_s * 1e6}, {"dur", seconds * 1e6}};
}

nlohmann::ordered_json name_of(const char* kind, std::uint32_t lane, const std::string& name) {
  return {{"name", kind}, {"ph", "M"}, {"pid", 1}, {"tid", lane}, {"args", {{"name", name}}}};
}

}  // namespace

Table profile_table(const Profile& profile, const Network& network) {
  Table table{{{"phase", Align::kLeft},
               {"population", Align::kLeft},
               {"time", Align::kRight},
               {"share", Align::kRight},
               {"events", Align::kRight},
               {"each", Align::kRight}},
              {},
              ""};
  const double all = seconds_of(profile, 0, kPhases);
  const auto row = [&](const char* phase, const std::string& population, const Profile::Cell& c) {
    table.rows.push_back({phase, population, si(c.seconds, "s"), all > 0 ? percent(c.seconds / all) + " %" : "-",
                          c.operations > 0 ? count_text(static_cast<double>(c.operations)) : "-",
                          c.operations > 0 ? si(c.seconds / static_cast<double>(c.operations), "s") : "-"});
  };
  for (std::size_t k = 0; k < kPhases; ++k) {
    const std::vector<Entry> entries = entries_of(profile, k);
    Profile::Cell sum{seconds_of(profile, k, k + 1), 0};
    for (const Entry& e : entries) sum.operations += e.cell.operations;
    if (sum.seconds <= 0) continue;
    const char* phase = phase_name(static_cast<Phase>(k));
    if (entries.size() != 1) row(phase, "all", sum);
    for (const Entry& e : entries)
      row(entries.size() == 1 ? phase : "", is_population(network, e.population) ? network.populations()[e.population].name : "shared",
          e.cell);
  }
  table.note =
      "time summed over threads; measuring takes part of it. Events: synaptic events (drive, deliver, plasticity), neurons looked at "
      "(update), spikes (exchange, record)";
  return table;
}

nlohmann::ordered_json profile_json(const Profile& profile, const Network& network) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (std::size_t k = 0; k < kPhases; ++k)
    for (const Entry& e : entries_of(profile, k)) {
      nlohmann::ordered_json population = nullptr;
      if (is_population(network, e.population)) population = network.populations()[e.population].name;
      rows.push_back({{"phase", phase_name(static_cast<Phase>(k))},
                      {"population", population},
                      {"seconds", e.cell.seconds},
                      {"operations", e.cell.operations}});
    }
  return rows;
}

void write_chrome_trace(std::ostream& out, const Profile& profile, const Network& network) {
  std::uint32_t last = 0;
  for (const Profile::Span& span : profile.spans) last = std::max(last, span.lane);
  out << "{\"displayTimeUnit\": \"ms\",\n\"otherData\": "
      << nlohmann::ordered_json{{"network", network.name()}, {"spans_left_out", profile.left_out}}.dump() << ",\n\"traceEvents\": [\n"
      << name_of("process_name", 0, "spikeloop").dump();
  for (std::uint32_t lane = 0; lane <= last; ++lane)
    out << ",\n" << name_of("thread_name", lane, lane == last ? "all lanes" : fmt::format("lane {}", lane)).dump();
  for (const Profile::Span& span : profile.spans) {
    out << ",\n" << event_of(span.lane == last ? "between epochs" : "epoch", span.lane, span.start_s, span.seconds).dump();
    double start = span.start_s;
    for (std::size_t k = 0; k < kPhases; start += span.phases[k++])
      if (span.phases[k] > 0)
        out << ",\n"
            << event_of(phase_name(static_cast<Phase>(k)), span.lane, start, std::min(span.phases[k], span.start_s + span.seconds - start))
                   .dump();
  }
  out << "\n]}\n";
}

}  // namespace spikeloop::report
