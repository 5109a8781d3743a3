// SPDX-License-Identifier: Apache-2.0
#include "cli/convert.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <ostream>

#include "cli/convert_nir.hpp"
#include "cli/options.hpp"
#include "cli/recordings.hpp"
#include "core/io/event_writer.hpp"
#include "core/io/events.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;
namespace {

struct ConvertOptions {
  std::string from, to, unit;
  bool force = false, old_layout = false;
  NirOptions nir;
};

/// A file that takes its place only when it is complete.
class Part {
 public:
  explicit Part(const std::string& target) : target_(target), part_(fmt::format("{}.{}.part", target, ::getpid())) {}
  ~Part() {
    if (!moved_) std::remove(part_.c_str());
  }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  const std::string& path() const { return part_; }
  void move() {
    fs::rename(part_, target_);
    moved_ = true;
  }

 private:
  std::string target_, part_;
  bool moved_ = false;
};

io::EventFormat format_of(const ConvertOptions& o) {
  try {
    const io::EventFormat format = io::event_format(o.to);
    if (!o.old_layout) return format;
    if (format != io::EventFormat::kSonata) throw UsageError("--old-layout is for SONATA spikes: name a file .h5");
    return io::EventFormat::kSonataOld;
  } catch (const DescriptionError& error) {
    throw UsageError(error.what());
  }
}

/// What is taken from every time. An absolute clock counts in ns what float64 and 32 bits of us do not hold, so that it is kept only by the
/// formats that have all digits.
Time origin_of(const io::EventSummary& summary, io::EventFormat format) {
  const bool has_all_digits = format == io::EventFormat::kCsv || format == io::EventFormat::kNpy;
  return summary.info.clock_is_absolute && !has_all_digits ? summary.first : 0;
}

/// Writes the first `events` of a recording.
std::map<std::string, std::uint64_t> copy(io::EventReader& reader, io::EventWriter& writer, std::uint64_t events, Time origin) {
  std::vector<io::AddressEvent> chunk(4096);
  while (events > 0) {
    if (interrupted()) throw InterruptedError("interrupted; nothing was written");
    const std::size_t n = reader.read(std::span(chunk).first(std::min<std::uint64_t>(chunk.size(), events)));
    if (n == 0) throw DescriptionError("the recording became shorter while it was read; convert it when it is complete");
    for (io::AddressEvent& event : std::span(chunk).first(n)) {
      event.time -= origin;
      writer.write(event);
    }
    events -= n;
  }
  writer.close();
  return writer.changed();
}

/// Writes the recording to `part`; faults name the file that is wanted.
std::map<std::string, std::uint64_t> write_all(const ConvertOptions& o, const std::string& part, io::EventFormat format,
                                               const io::EventSummary& summary, Time origin) {
  try {
    const auto writer = io::make_event_writer(part, format, summary);
    return copy(*io::open_events(o.from, {time_unit(o.unit)}), *writer, summary.events, origin);
  } catch (const DescriptionError& error) {
    std::vector<Diagnostic> faults = error.diagnostics();
    for (Diagnostic& d : faults)
      if (d.file == part) d.file = o.to;
    throw DescriptionError(std::move(faults));
  }
}

int convert(const ConvertOptions& o, Terminal& t) {
  if (is_nir_conversion(o.from, o.to)) return convert_nir(o.from, o.to, o.force, o.nir, t);
  const io::EventFormat format = format_of(o);
  std::error_code ignored;
  if (fs::exists(o.to, ignored) && !o.force)
    throw DescriptionError({Diagnostic{"", "exists already", "name another file, or give --force to replace it", o.to, 0, 0}});
  const io::EventOptions options{time_unit(o.unit)};
  const io::EventSummary summary = io::summarise(*io::open_events(o.from, options));
  if (summary.fault && summary.events == 0) throw *summary.fault;
  const Time origin = origin_of(summary, format);
  Part part(o.to);
  const auto changed = write_all(o, part.path(), format, summary, origin);
  part.move();
  for (const auto& [what, n] : summary.info.left_out) t.err << fmt::format("spikeloop: left out: {} {}\n", n, what);
  for (const auto& [what, n] : changed) t.err << fmt::format("spikeloop: {} {}\n", n, what);
  if (origin != 0)
    t.err << fmt::format("spikeloop: times count from the first event, which is at {} ns of the clock of {}\n", origin, o.from);
  if (summary.fault) {
    std::vector<Diagnostic> faults = summary.fault->diagnostics();
    faults.front().what += fmt::format("; the {} events before are in {}", summary.events, o.to);
    throw DescriptionError(std::move(faults));
  }
  if (t.json)
    t.print({{"from", o.from},
             {"format", summary.info.format},
             {"recognised_by", summary.info.recognised_by},
             {"to", o.to},
             {"events", summary.events},
             {"origin_ns", origin},
             {"left_out", summary.info.left_out},
             {"changed", changed}});
  else
    t.out << fmt::format("{}: {} events of {}, written to {}\n", o.from, summary.events, summary.info.format, o.to);
  return kOk;
}

}  // namespace

Verb convert_verb() {
  return {
      "convert", "write a recording, or a network from or to NIR, in another format",
      "Examples:\n  spikeloop convert sample.aedat4 sample.csv\n  spikeloop convert runs/trial/spikes.csv spikes.h5     SONATA; .nwb "
      "is NWB\n"
      "  spikeloop convert gesture.npy gesture.es --time-unit ms\n  spikeloop convert net.nir net.txtpb --pulse dirac-1 --reset value     "
      "and back: "
      "net.txtpb net.nir",
      [](CLI::App& app) -> std::function<int(Terminal&)> {
        auto o = std::make_shared<ConvertOptions>();
        add_text(app, "A", o->from, "", "a recording or a network; its format is recognised by its content")->required();
        add_text(app, "B", o->to, "", ".csv, .npy, .h5, .nwb, .bin, .bs1, .es or .dat; .txtpb or .nir")->required();
        app.add_flag("--force", o->force, "replace B if it exists");
        add_text(app, "--time-unit", o->unit, "UNIT", "of the times of a .npy file that does not tell it: ns, us, ms or s");
        add_conventions(app, o->nir);
        app.add_flag("--old-layout", o->old_layout, "SONATA without populations");
        return [o](Terminal& t) { return convert(*o, t); };
      }};
}

}  // namespace spikeloop::cli
