// SPDX-License-Identifier: Apache-2.0
#include "cli/recordings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/tables.hpp"
#include "core/io/byte_source.hpp"
#include "core/io/csv.hpp"
#include "core/io/files.hpp"
#include "report/table.hpp"
#include "report/text.hpp"

namespace spikeloop::cli {
namespace {

std::string population_name(const std::string& name) { return name.empty() ? "(no name)" : name; }

nlohmann::ordered_json summary_json(const io::EventSummary& s, const std::string& file) {
  nlohmann::ordered_json object = {{"file", file},
                                   {"kind", "recording"},
                                   {"valid", !s.fault.has_value()},
                                   {"format", s.info.format},
                                   {"recognised_by", s.info.recognised_by},
                                   {"events", s.events},
                                   {"first_ns", s.first},
                                   {"last_ns", s.last},
                                   {"duration_ns", s.last - s.first},
                                   {"backwards", s.backwards},
                                   {"clock_is_absolute", s.info.clock_is_absolute},
                                   {"left_out", s.info.left_out}};
  if (s.info.addresses == io::Addresses::kPixels) {
    object["sensor"] = {{"width", s.width()}, {"height", s.height()}, {"told_by_file", s.info.width != 0}};
    object["on"] = s.on;
    object["off"] = s.events - s.on;
  }
  if (s.info.addresses == io::Addresses::kNeurons) {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < s.populations.size(); ++i)
      all.push_back({{"name", i < s.info.populations.size() ? s.info.populations[i] : ""},
                     {"spikes", s.populations[i].events},
                     {"neurons_at_least", s.populations[i].neurons}});
    object["populations"] = all;
  }
  if (s.fault) object["fault"] = s.fault->what();
  return object;
}

std::string exact_ms(Time time) {
  std::string text;
  io::append_ms(text, time);
  return text;
}

std::string count(std::uint64_t n) { return report::count_text(static_cast<double>(n)); }

void add_addresses(report::Table& table, const io::EventSummary& s) {
  const auto row = [&](std::string what, std::string value) { table.rows.push_back({std::move(what), std::move(value)}); };
  if (s.info.addresses == io::Addresses::kNone) row("addresses", "none: times only");
  if (s.info.addresses == io::Addresses::kPixels) {
    row("sensor", fmt::format("{} x {} pixels{}", s.width(), s.height(), s.info.width != 0 ? "" : ", the least that has all events"));
    row("on, off", fmt::format("{}, {}", count(s.on), count(s.events - s.on)));
  }
  if (s.info.addresses != io::Addresses::kNeurons) return;
  for (std::size_t i = 0; i < s.populations.size(); ++i)
    row(i < s.info.populations.size() ? "population " + population_name(s.info.populations[i]) : "neurons",
        fmt::format("{} spikes, the last neuron is {}", count(s.populations[i].events),
                    static_cast<std::int64_t>(s.populations[i].neurons) - 1));
}

report::Table table_of(const io::EventSummary& s) {
  report::Table table{{{"recording", report::Align::kLeft}, {"", report::Align::kLeft}}, {}, ""};
  const auto row = [&](std::string what, std::string value) { table.rows.push_back({std::move(what), std::move(value)}); };
  row("format", s.info.format);
  row("recognised by", s.info.recognised_by);
  row("events", count(s.events));
  row("duration", exact_ms(s.last - s.first) + " ms");
  row("first, last",
      fmt::format("{} ms, {} ms{}", exact_ms(s.first), exact_ms(s.last), s.info.clock_is_absolute ? " of an absolute clock" : ""));
  add_addresses(table, s);
  for (const auto& [what, n] : s.info.left_out) row("left out", fmt::format("{} {}", count(n), what));
  if (s.backwards > 0) table.note = fmt::format("not in the order of time: {} events are earlier than the one before", count(s.backwards));
  return table;
}

/// What is added to the error of a damaged file.
std::vector<Diagnostic> faults_of(const io::EventSummary& s) {
  std::vector<Diagnostic> faults = s.fault->diagnostics();
  faults.front().what += fmt::format("; the {} events before are whole", s.events);
  return faults;
}

/// A recording that is whole.
io::EventSummary whole_recording(const std::string& file, const io::EventOptions& options) {
  io::EventSummary s;
  try {
    s = io::summarise(*io::open_events(file, options));
  } catch (const DescriptionError& error) {
    throw DamagedRecording(error.diagnostics());
  }
  if (!s.fault) return s;
  std::vector<Diagnostic> faults = faults_of(s);
  if (s.events > 0) faults.front().suggestion += fmt::format("; or save them with `spikeloop convert {} NEW`", file);
  throw DamagedRecording(std::move(faults));
}

/// Which spikes the events of a recording are.
class Placement {
 public:
  Placement(const std::string& file, const io::EventSummary& s, const Network& network) : file_(file), summary_(s), network_(network) {
    if (s.info.addresses == io::Addresses::kNone) fail("has times only, no addresses, so that no neuron can be told");
    if (s.info.addresses == io::Addresses::kNeurons && !s.info.populations.empty() &&
        !(s.info.populations.size() == 1 && s.info.populations[0].empty()))
      by_name();
    else
      by_shape();
  }

  Spike spike(const io::AddressEvent& e) const {
    const std::uint32_t p = populations_[e.population];
    const std::vector<std::uint32_t>& shape = shapes_[e.population];
    std::uint32_t neuron = e.x;
    if (shape.size() == 2) neuron = e.y * shape[1] + e.x;
    if (shape.size() == 3) neuron = (std::uint32_t{e.on} * shape[1] + e.y) * shape[2] + e.x;
    return {e.time, p, neuron};
  }
  bool drops_polarity() const { return summary_.info.addresses == io::Addresses::kPixels && shapes_[0].size() == 2; }
  const std::string& name() const { return network_.populations()[populations_[0]].name; }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw DescriptionError({Diagnostic{"", what, externals(), file_, 0, 0}}); }

  static bool is_external(const Population& p) { return p.is_source() && std::holds_alternative<ExternalSource>(p.source()); }

  std::string externals() const {
    std::string list;
    for (const Population& p : network_.populations())
      if (is_external(p)) list += fmt::format("{}\"{}\" [{}]", list.empty() ? "" : ", ", p.name, fmt::join(p.shape, ", "));
    if (list.empty()) return "the network has no external population; declare one with `source { external {} }`";
    return "the external populations are " + list + "; declare one with the shape that the recording has";
  }

  void use(std::size_t population, const std::vector<std::uint32_t>& shape) {
    populations_.push_back(static_cast<std::uint32_t>(population));
    shapes_.push_back(shape);
  }

  void by_name() {
    for (std::size_t i = 0; i < summary_.info.populations.size(); ++i) {
      const std::string& name = summary_.info.populations[i];
      const auto& all = network_.populations();
      const auto found = std::find_if(all.begin(), all.end(), [&](const Population& p) { return p.name == name && is_external(p); });
      if (found == all.end()) fail(fmt::format("has spikes of \"{}\", which is no external population of the network", name));
      const std::uint32_t neurons = i < summary_.populations.size() ? summary_.populations[i].neurons : 0;
      if (neurons > found->size())
        fail(fmt::format("has spikes of neuron {} of \"{}\", which has only {}", neurons - 1, name, found->size()));
      use(static_cast<std::size_t>(found - all.begin()), {});
    }
  }

  void by_shape() {
    std::vector<std::size_t> fitting;
    for (std::size_t i = 0; i < network_.populations().size(); ++i)
      if (is_external(network_.populations()[i]) && fits(network_.populations()[i])) fitting.push_back(i);
    if (fitting.empty()) fail(fmt::format("{}; no external population has that shape", wanted()));
    if (fitting.size() > 1)
      fail(fmt::format("{}; {} external populations fit, so that it is not clear which is meant", wanted(), fitting.size()));
    std::vector<std::uint32_t> shape;
    for (const auto extent : network_.populations()[fitting[0]].shape) shape.push_back(static_cast<std::uint32_t>(extent));
    use(fitting[0], shape);
  }

  std::string wanted() const {
    if (summary_.info.addresses == io::Addresses::kNeurons) return fmt::format("has neurons below {}", summary_.columns);
    return fmt::format("has {} [2, {}, {}] or [{}, {}]", summary_.info.width != 0 ? "the shape" : "events that need at least the shape",
                       summary_.height(), summary_.width(), summary_.height(), summary_.width());
  }

  /// A sensor whose size the file tells must have that size; else all events must have their place.
  bool fits(const Population& p) const {
    const auto& shape = p.shape;
    if (summary_.info.addresses == io::Addresses::kNeurons) return shape.size() == 1 && p.size() >= summary_.columns;
    if (shape.size() != 2 && !(shape.size() == 3 && shape[0] == 2)) return false;
    const std::uint64_t height = shape[shape.size() - 2], width = shape[shape.size() - 1];
    const auto holds = [](std::uint64_t extent, std::uint32_t told, std::uint32_t needed) {
      return told != 0 ? extent == told : extent >= needed;
    };
    return holds(height, summary_.info.height, summary_.rows) && holds(width, summary_.info.width, summary_.columns);
  }

  const std::string& file_;
  const io::EventSummary& summary_;
  const Network& network_;
  std::vector<std::uint32_t> populations_;  ///< of the network, for each of the recording
  std::vector<std::vector<std::uint32_t>> shapes_;
};

}  // namespace

Time time_unit(const std::string& text) {
  if (text.empty()) return 0;
  if (text == "ns") return kNanosecond;
  if (text == "us") return kMicrosecond;
  if (text == "ms") return kMillisecond;
  if (text == "s") return kSecond;
  throw UsageError(fmt::format("\"{}\" is no unit of time; there are ns, us, ms and s", text));
}

bool is_recording(const std::string& file, const std::string& unit) {
  std::error_code ignored;
  if (std::filesystem::path(file).extension() == ".txtpb" || !std::filesystem::is_regular_file(file, ignored)) return false;
  if (io::is_gzip(io::ByteSource(file).peek(2))) return true;  // opening it tells what to do
  return io::try_open_events(file, {time_unit(unit)}) != nullptr;
}

int check_recording(const std::string& file, const std::string& unit, Terminal& t) {
  const auto reader = io::open_events(file, {time_unit(unit)});
  const io::EventSummary s = io::summarise(*reader);
  if (t.json && !s.fault) t.print(summary_json(s, file));
  if (!t.json) t.out << fitted(table_of(s), t.out_width, t.colour);
  if (s.fault) throw DescriptionError(faults_of(s));
  return kOk;
}

int check_classes(const std::string& folder, const std::string& unit, Terminal& t) {
  using report::Align;
  report::Table table{{{"class", Align::kLeft},
                       {"recordings", Align::kRight},
                       {"events", Align::kRight},
                       {"longest (ms)", Align::kRight},
                       {"pixels", Align::kRight}},
                      {},
                      ""};
  nlohmann::ordered_json classes = nlohmann::ordered_json::array();
  std::vector<Diagnostic> faults;
  std::uint64_t all_files = 0, all_events = 0;
  for (const io::EventClass& c : io::event_classes(folder)) {
    std::uint64_t events = 0;
    Time longest = 0;
    std::uint32_t width = 0, height = 0;
    for (const auto& file : c.files) {
      if (interrupted()) throw InterruptedError("interrupted; nothing is lost, for check writes nothing");
      const io::EventSummary s = io::summarise(*io::open_events(file, {time_unit(unit)}));
      if (s.fault && faults.size() < 10) faults.push_back(s.fault->diagnostics().front());
      events += s.events;
      longest = std::max(longest, s.last - s.first);
      width = std::max(width, s.width());
      height = std::max(height, s.height());
    }
    all_files += c.files.size();
    all_events += events;
    table.rows.push_back(
        {c.label, count(c.files.size()), count(events), fmt::format("{:.3f}", to_ms(longest)), fmt::format("{} x {}", width, height)});
    classes.push_back({{"label", c.label},
                       {"recordings", c.files.size()},
                       {"events", events},
                       {"longest_ns", longest},
                       {"width", width},
                       {"height", height}});
  }
  table.rows.push_back({"all", count(all_files), count(all_events), "", ""});
  if (!t.json) t.out << fitted(table, t.out_width, t.colour);
  if (!faults.empty()) throw DescriptionError(std::move(faults));
  if (t.json)
    t.print({{"file", folder},
             {"kind", "folder of classes"},
             {"valid", true},
             {"recordings", all_files},
             {"events", all_events},
             {"classes", classes}});
  return kOk;
}

std::vector<Spike> spikes_of_recording(const std::string& file, const std::string& unit, const Network& network, Time until, Terminal& t) {
  const io::EventOptions options{time_unit(unit)};
  const io::EventSummary s = whole_recording(file, options);
  const Placement placement(file, s, network);
  const Time origin = s.info.clock_is_absolute ? s.first : 0;
  t.err << fmt::format("spikeloop: {} is {} ({} events){}{}\n", file, s.info.format, s.events,
                       s.info.populations.empty() ? fmt::format("; they are spikes of \"{}\"", placement.name()) : "",
                       origin != 0 ? ", counted from its first event" : "");
  if (placement.drops_polarity()) t.err << "spikeloop: the population has no polarity, so that on and off events are the same\n";
  std::vector<Spike> spikes;
  std::uint64_t beyond = 0;
  const auto reader = io::open_events(file, options);
  std::vector<io::AddressEvent> chunk(4096);
  while (const std::size_t n = reader->read(chunk)) {
    for (std::size_t i = 0; i < n; ++i) {
      Spike spike = placement.spike(chunk[i]);
      spike.time -= origin;
      if (spike.time < until)
        spikes.push_back(spike);
      else
        ++beyond;
    }
  }
  std::stable_sort(spikes.begin(), spikes.end(), [](const Spike& a, const Spike& b) { return a.time < b.time; });
  if (beyond > 0)
    t.err << fmt::format(
        "spikeloop: {} of {} events of {} come after the end at {:.6g} ms and are left out; give a longer --duration for them\n", beyond,
        s.events, file, to_ms(until));
  return spikes;
}

}  // namespace spikeloop::cli
