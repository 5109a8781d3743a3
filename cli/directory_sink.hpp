// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>

#include "core/io/spikes_csv.hpp"
#include "core/network.hpp"
#include "core/recording.hpp"

namespace spikeloop::cli {

/// Spikes to spikes.csv, samples to samples/<probe>.csv (a line a sample), as they come; and a hash of all of it.
/// Throws DeviceError where the disk fails.
class DirectorySink final : public Sink {
 public:
  /// `network` must outlive the sink.
  DirectorySink(const std::filesystem::path& dir, const Network& network);

  void spike(const Spike& spike) override;
  void sample(Time time, std::uint32_t probe, std::span<const double> values) override;
  /// Ends the files.
  void close();
  std::uint64_t hash() const { return hash_; }

 private:
  struct File {
    std::filesystem::path path;
    std::ofstream stream;
  };
  File& file_of(std::uint32_t probe, std::size_t width);

  std::filesystem::path dir_;
  const Network* network_;
  io::SpikesCsvWriter spikes_;
  std::map<std::uint32_t, File> samples_;
  std::uint64_t hash_ = kHashStart;
};

}  // namespace spikeloop::cli
