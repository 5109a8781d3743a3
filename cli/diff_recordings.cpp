// SPDX-License-Identifier: Apache-2.0
#include "cli/diff_recordings.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "cli/cli.hpp"
#include "cli/recordings.hpp"
#include "cli/run_directory.hpp"
#include "core/io/csv.hpp"
#include "core/io/events.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostEvents = std::size_t{1} << 27;
constexpr std::size_t kChunkEvents = 4096;

/// The file that has the spikes.
fs::path spikes_of_path(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored) ? fs::path(path) / "spikes.csv" : fs::path(path);
}

}  // namespace

bool is_run_or_recording(const std::string& path, const std::string& time_unit) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return is_recording(path, time_unit);
  if (fs::exists(spikes_of_path(path), ignored)) return true;
  throw DescriptionError(fmt::format("{} is a folder without spikes.csv; name a run directory, a recording or a network", path));
}

NamedSpikes read_recording(const std::string& path, const std::string& unit) {
  const auto reader = io::open_events(spikes_of_path(path), {time_unit(unit)});
  NamedSpikes out;
  std::vector<io::AddressEvent> chunk(kChunkEvents);
  std::vector<std::uint32_t> index;  // of the file's populations
  const bool pixels = reader->info().addresses == io::Addresses::kPixels;
  if (pixels) index = {out.index_of("off"), out.index_of("on")};
  while (const std::size_t n = reader->read(chunk)) {
    if (interrupted()) throw InterruptedError("interrupted; nothing was written");
    if (out.spikes.size() + n > kMostEvents)
      throw DescriptionError(fmt::format("{} has more than {} events; compare parts of it", path, kMostEvents));
    for (std::size_t i = 0; i < n; ++i) {
      const io::AddressEvent& e = chunk[i];
      const std::uint32_t population = pixels ? (e.on ? 1 : 0) : e.population;
      while (index.size() <= population)
        index.push_back(out.index_of(index.size() < reader->info().populations.size() ? reader->info().populations[index.size()] : ""));
      out.spikes.push_back({e.time, index[population], pixels ? e.y << 16 | e.x : e.x});
    }
  }
  return out;
}

std::optional<std::pair<Time, double>> sampled_before(const std::string& path, const Divergence& d) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) return {};
  std::ifstream file(fs::path(path) / "samples" / (file_name(d.population + ".potential") + ".csv"));
  std::optional<std::pair<Time, double>> last;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::string_view rest = line;
    std::string field;
    if (!io::take_field(rest, field)) return last;
    const auto time = io::parse_time(field, kMillisecond);
    if (!time || *time >= d.time) return last;
    for (std::uint32_t i = 0; i <= d.neuron; ++i)
      if (!io::take_field(rest, field)) return last;
    last = {*time, std::strtod(field.c_str(), nullptr)};
  }
  return last;
}

}  // namespace spikeloop::cli
