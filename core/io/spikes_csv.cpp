// SPDX-License-Identifier: Apache-2.0
#include "core/io/spikes_csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "core/errors.hpp"
#include "core/io/csv.hpp"
#include "core/io/files.hpp"
#include "core/io/lines.hpp"

namespace spikeloop::io {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{4} << 30;
constexpr std::size_t kBufferBytes = std::size_t{1} << 16;

/// Populations by name, with their sizes.
struct Names {
  struct Entry {
    std::uint32_t index = 0;
    std::uint64_t size = 0;
  };
  std::map<std::string, Entry, std::less<>> entries;
  std::vector<std::string> all;

  explicit Names(std::span<const Population> populations) {
    for (const Population& population : populations) {
      entries[population.name] = {static_cast<std::uint32_t>(all.size()), population.size()};
      all.push_back(population.name);
    }
  }
};

/// Adds the spike of a line, or its fault.
void parse_line(const Lines& lines, const Names& names, std::vector<Spike>& spikes, Faults& faults) {
  std::string time_text, population, neuron_text;
  std::string_view rest = lines.line();
  const auto commas = std::count(rest.begin(), rest.end(), ',');
  if (commas < 2 || !take_field(rest, time_text) || !take_field(rest, population) || !take_field(rest, neuron_text) || !rest.empty()) {
    faults.add(lines.number(), fmt::format("{} is not a spike", in_quotes(lines.line())),
               "write time_ms,population,neuron, as in 12.5,in,3");
    return;
  }
  const auto time = parse_time(time_text, kMillisecond);
  if (!time) {
    faults.add(lines.number(), fmt::format("the time {} is not a number of milliseconds below 9e12", in_quotes(time_text)));
    return;
  }
  const auto entry = names.entries.find(population);
  if (entry == names.entries.end()) {
    const std::string near = did_you_mean(population, names.all);
    faults.add(lines.number(), fmt::format("the network has no population {}", in_quotes(population)),
               near.empty() ? std::string{} : fmt::format("did you mean \"{}\"?", near));
    return;
  }
  std::uint32_t neuron = 0;
  const auto [end, error] = std::from_chars(neuron_text.data(), neuron_text.data() + neuron_text.size(), neuron);
  if (error != std::errc() || end != neuron_text.data() + neuron_text.size() || neuron >= entry->second.size) {
    faults.add(lines.number(), fmt::format("neuron {} is not a whole number below {}, the size of population {}", in_quotes(neuron_text),
                                           entry->second.size, in_quotes(population)));
    return;
  }
  spikes.push_back({*time, entry->second.index, neuron});
}

}  // namespace

void append_spike_csv(std::string& out, const Spike& spike, std::string_view name) {
  append_ms(out, spike.time);
  fmt::format_to(std::back_inserter(out), ",{},{}\n", csv_field(name), spike.neuron);
}

SpikesCsvWriter::SpikesCsvWriter(const std::filesystem::path& path, std::span<const Population> populations) : path_(path.string()) {
  for (const Population& population : populations) {
    if (population.name.find_first_of("\r\n") != std::string::npos) {
      throw DescriptionError(
          fmt::format("population {} has a line break in its name: spikes cannot be written as CSV", in_quotes(population.name)));
    }
    names_.push_back(population.name);
  }
  file_ = std::fopen(path_.c_str(), "wb");
  if (file_ == nullptr) throw DeviceError(fmt::format("{}: cannot be written: {} (check the folder)", path_, std::strerror(errno)));
  buffer_ = fmt::format("{}\n", kSpikesCsvHeader);
}

SpikesCsvWriter::~SpikesCsvWriter() {
  if (file_ == nullptr) return;
  std::fwrite(buffer_.data(), 1, buffer_.size(), file_);
  std::fclose(file_);
}

void SpikesCsvWriter::spike(const Spike& spike) {
  append_spike_csv(buffer_, spike, names_.at(spike.population));
  if (buffer_.size() >= kBufferBytes) flush();
}

void SpikesCsvWriter::flush() {
  const std::size_t written = std::fwrite(buffer_.data(), 1, buffer_.size(), file_);
  if (written != buffer_.size()) throw DeviceError(fmt::format("{}: writing failed: {} (is the disk full?)", path_, std::strerror(errno)));
  buffer_.clear();
}

void SpikesCsvWriter::close() {
  if (file_ == nullptr) return;
  flush();
  if (std::fclose(std::exchange(file_, nullptr)) != 0) {
    throw DeviceError(fmt::format("{}: writing failed: {} (is the disk full?)", path_, std::strerror(errno)));
  }
}

void write_spikes_csv(const std::filesystem::path& path, std::span<const Population> populations, std::span<const Spike> spikes) {
  SpikesCsvWriter writer(path, populations);
  for (const Spike& spike : spikes) writer.spike(spike);
  writer.close();
}

std::vector<Spike> read_spikes_csv(const std::filesystem::path& path, std::span<const Population> populations) {
  return parse_spikes_csv(read_file(path, kMaxFileBytes), path.string(), populations);
}

std::vector<Spike> parse_spikes_csv(std::string_view bytes, const std::string& name, std::span<const Population> populations) {
  std::string unpacked;
  if (is_gzip(bytes)) {
    unpacked = gunzip(bytes, kMaxFileBytes, name);
    bytes = unpacked;
  }
  Faults faults(name);
  Lines lines(bytes);
  if (!lines.next() || lines.line() != kSpikesCsvHeader) {
    faults.add(1, fmt::format("the first line is not {}", kSpikesCsvHeader), "put that line in front");
    faults.throw_if_any();
  }
  const Names names(populations);
  std::vector<Spike> spikes;
  while (lines.next()) parse_line(lines, names, spikes, faults);
  faults.throw_if_any();
  return spikes;
}

}  // namespace spikeloop::io
