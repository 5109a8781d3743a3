// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/network.hpp"
#include "core/recording.hpp"

/// Spikes as CSV: a first line `time_ms,population,neuron`, then a line a spike; times have all their nanoseconds, populations their names.
namespace spikeloop::io {

/// The first line of the file, without its end.
inline constexpr std::string_view kSpikesCsvHeader = "time_ms,population,neuron";

/// Appends the line of a spike, its end included; `name` is that of its population, without line breaks.
void append_spike_csv(std::string& out, const Spike& spike, std::string_view name);

/// Writes spikes to a file as they come; as a sink it ignores samples. What a full disk swallows is thrown (DeviceError) by the call that
/// finds out.
class SpikesCsvWriter final : public Sink {
 public:
  /// Starts the file anew; `populations` are those of the network whose spikes come.
  SpikesCsvWriter(const std::filesystem::path& path, std::span<const Population> populations);
  ~SpikesCsvWriter() override;
  SpikesCsvWriter(const SpikesCsvWriter&) = delete;
  SpikesCsvWriter& operator=(const SpikesCsvWriter&) = delete;

  void spike(const Spike& spike) override;
  void sample(Time, std::uint32_t, std::span<const double>) override {}
  /// Ends the file; throws DeviceError if not everything reached it. The destructor closes too, but cannot complain.
  void close();

 private:
  void flush();

  std::string path_;
  std::vector<std::string> names_;
  std::string buffer_;
  std::FILE* file_ = nullptr;
};

/// Writes all spikes; throws DeviceError.
void write_spikes_csv(const std::filesystem::path& path, std::span<const Population> populations, std::span<const Spike> spikes);

/// Reads spikes, plain or gzip, in the order of the file. Throws DescriptionError with every fault (at most ten) and its line: unknown
/// population, neuron outside of it, a time that is no number; DeviceError if the disk fails.
std::vector<Spike> read_spikes_csv(const std::filesystem::path& path, std::span<const Population> populations);

/// The same for the bytes of such a file; `name` stands in errors.
std::vector<Spike> parse_spikes_csv(std::string_view bytes, const std::string& name, std::span<const Population> populations);

}  // namespace spikeloop::io
