// SPDX-License-Identifier: Apache-2.0
#include "cli/spike_input.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <ostream>

#include "cli/recordings.hpp"
#include "core/io/byte_source.hpp"
#include "core/io/events.hpp"
#include "core/io/files.hpp"
#include "core/io/spikes_csv.hpp"

namespace spikeloop::cli {
namespace fs = std::filesystem;
namespace {

/// Whether a file starts as our spikes do, or may be such spikes packed: these are read whole, so that all of their faults are told.
bool is_spikes_csv(const std::string& file) {
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return true;  // which tells what is wrong with it
  const std::string start(io::ByteSource(file).peek(io::kSpikesCsvHeader.size()));
  return start == io::kSpikesCsvHeader || io::is_gzip(start) || (fs::path(file).extension() == ".csv" && !io::try_open_events(file));
}

}  // namespace

std::vector<Spike> read_input(const std::string& file, const std::string& time_unit, const Network& network, Time until, Terminal& t) {
  if (file.empty()) return {};
  if (!is_spikes_csv(file)) return spikes_of_recording(file, time_unit, network, until, t);
  std::vector<Spike> input = io::read_spikes_csv(file, network.populations());
  for (const Spike& s : input) {
    const Population& p = network.populations()[s.population];
    if (!p.is_source() || !std::holds_alternative<ExternalSource>(p.source()))
      throw DescriptionError(
          fmt::format("{}: has a spike for population \"{}\", which is not an external source; declare it with `source {{ external {{}} "
                      "}}`, or leave its spikes out",
                      file, p.name));
  }
  std::stable_sort(input.begin(), input.end(), [](const Spike& a, const Spike& b) { return a.time < b.time; });
  const auto beyond = std::find_if(input.begin(), input.end(), [&](const Spike& s) { return s.time >= until; });
  if (beyond != input.end())
    t.err << fmt::format(
        "spikeloop: {} of {} spikes of {} come after the end at {:.6g} ms and are left out; give a longer --duration for them\n",
        input.end() - beyond, input.size(), file, to_ms(until));
  input.erase(beyond, input.end());
  return input;
}

}  // namespace spikeloop::cli
