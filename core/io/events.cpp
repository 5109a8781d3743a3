// SPDX-License-Identifier: Apache-2.0
#include "core/io/events.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include "core/io/aedat3.hpp"
#include "core/io/aedat4.hpp"
#include "core/io/byte_source.hpp"
#include "core/io/event_stream.hpp"
#include "core/io/events_csv.hpp"
#include "core/io/events_npy.hpp"
#include "core/io/files.hpp"
#include "core/io/five_byte.hpp"
#include "core/io/lines.hpp"
#include "core/io/prophesee_dat.hpp"
#include "core/io/sonata.hpp"

namespace spikeloop::io {
namespace {

constexpr std::size_t kLooked = 4096;  // bytes

[[noreturn]] void fail(const std::string& name, std::string what, std::string suggestion) {
  throw DescriptionError({Diagnostic{"", std::move(what), std::move(suggestion), name, 0, 0}});
}

/// A recording and why it is taken for what it is.
struct Opened {
  std::unique_ptr<EventReader> reader;
  std::string recognised_by;
};

/// By marks that nothing else has.
Opened open_marked(ByteSource& source, std::string_view start, const EventOptions& options) {
  if (start.starts_with("#!AER-DAT4.0\r\n")) return {open_aedat4(std::move(source)), "its first line, #!AER-DAT4.0"};
  if (start.starts_with("#!AER-DAT3.1")) return {open_aedat3(std::move(source)), "its first line, #!AER-DAT3.1"};
  if (start.starts_with("#!AER-DAT"))
    fail(source.name(),
         fmt::format("is of the format {}; of AEDAT only 3.1 and 4.0 can be read",
                     in_quotes(start.substr(2, start.find_first_of("\r\n") - 2))),
         "convert it to AEDAT 4.0 with the software of the camera");
  if (start.starts_with("Event Stream")) return {open_event_stream(std::move(source)), "its first bytes, Event Stream"};
  if (start.starts_with("\x93NUMPY")) return {open_events_npy(std::move(source), options), "its first bytes, \\x93NUMPY"};
  if (start.starts_with("% evt ") || start.find("\n% evt ") != std::string_view::npos)
    fail(source.name(), "is a raw recording of Prophesee (EVT), which cannot be read", "convert it to DAT with the software of the camera");
  if (start.starts_with("% ")) return {open_prophesee_dat(std::move(source)), "its first lines, which start with %"};
  if (start.starts_with("\x89HDF\r\n\x1a\n") && source.is_file() && is_sonata(source.name()))
    return {open_sonata(source.name()), "HDF5 with a group /spikes"};
  return {};
}

/// By number; what is no number follows by text.
bool before(const EventClass& a, const EventClass& b) {
  const auto number = [](const std::string& text) {
    std::uint64_t value = UINT64_MAX;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() ? value : UINT64_MAX;
  };
  const std::uint64_t x = number(a.label), y = number(b.label);
  return x != y ? x < y : a.label < b.label;
}

}  // namespace

std::size_t EventReader::read(std::span<AddressEvent> out) {
  if (fault_) throw *fault_;
  std::size_t n = 0;
  try {
    while (n < out.size()) {
      AddressEvent event;
      if (!next(event)) break;
      out[n] = event;
      ++n;
    }
  } catch (const DescriptionError& error) {
    fault_ = error;
    if (n == 0) throw;
  }
  return n;
}

std::unique_ptr<EventReader> try_open_events(ByteSource source, const EventOptions& options) {
  const std::string start(source.peek(kLooked));
  Opened opened = open_marked(source, start, options);
  const std::string_view line = std::string_view(start).substr(0, start.find('\n'));
  if (!opened.reader && is_events_csv_header(line)) opened = {open_events_csv(std::move(source)), "the columns that its first line names"};
  if (!opened.reader && !is_gzip(start) && !start.starts_with("\x89HDF")) {
    bool one_dimensional = false;
    std::string why = looks_like_five_byte(source, one_dimensional);
    if (!why.empty()) opened = {open_five_byte(std::move(source), one_dimensional), std::move(why)};
  }
  if (opened.reader) opened.reader->info_.recognised_by = std::move(opened.recognised_by);
  return std::move(opened.reader);
}

std::unique_ptr<EventReader> try_open_events(const std::filesystem::path& path, const EventOptions& options) {
  return try_open_events(ByteSource(path), options);
}

std::unique_ptr<EventReader> open_events(const std::filesystem::path& path, const EventOptions& options) {
  ByteSource source(path);
  const std::string start(source.peek(16));
  if (auto reader = try_open_events(std::move(source), options)) return reader;
  if (start.empty()) fail(path.string(), "is empty", "check that it is the file that you mean");
  if (is_gzip(start)) fail(path.string(), "is packed by gzip", "unpack it: gunzip -k, or tar xzf for an archive");
  fail(path.string(), fmt::format("is no recording of a known format: it starts with {}", in_quotes(start)),
       "name a file of AEDAT 3.1 or 4.0, Event Stream 2, Prophesee DAT 2, SONATA spikes, five-byte events, .npy or CSV");
}

EventSummary summarise(EventReader& reader) {
  EventSummary s;
  std::array<AddressEvent, 1024> chunk;
  Time before_time = INT64_MIN;
  try {
    while (const std::size_t n = reader.read(chunk)) {
      for (const AddressEvent& e : std::span(chunk).first(n)) {
        if (s.events == 0) s.first = s.last = e.time;
        s.first = std::min(s.first, e.time);
        s.last = std::max(s.last, e.time);
        s.backwards += e.time < before_time;
        before_time = e.time;
        ++s.events;
        s.on += e.on;
        s.columns = std::max(s.columns, e.x + 1);
        s.rows = std::max(s.rows, e.y + 1);
        if (e.population >= s.populations.size()) s.populations.resize(e.population + 1);
        ++s.populations[e.population].events;
        s.populations[e.population].neurons = std::max(s.populations[e.population].neurons, e.x + 1);
      }
    }
  } catch (const DescriptionError& error) {
    s.fault = error;
  }
  s.info = reader.info();
  return s;
}

std::vector<EventClass> event_classes(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error))
    fail(folder.string(), "there is no such folder", "name the folder that has a folder for each class");
  const auto visible = [](const std::filesystem::path& path) { return !path.filename().string().starts_with('.'); };
  std::vector<EventClass> classes;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.is_directory() || !visible(entry.path())) continue;
    EventClass c{entry.path().filename().string(), {}};
    for (const auto& file : std::filesystem::directory_iterator(entry.path()))
      if (file.is_regular_file() && visible(file.path())) c.files.push_back(file.path());
    std::sort(c.files.begin(), c.files.end());
    if (!c.files.empty()) classes.push_back(std::move(c));
  }
  if (classes.empty())
    fail(folder.string(), "has no folder with files in it", "name the folder that has a folder for each class, like nmnist/Train");
  std::sort(classes.begin(), classes.end(), before);
  return classes;
}

}  // namespace spikeloop::io
