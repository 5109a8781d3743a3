// SPDX-License-Identifier: Apache-2.0
#include "cli/directory_sink.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "cli/run_directory.hpp"
#include "core/errors.hpp"

namespace spikeloop::cli {
namespace {

[[noreturn]] void fail(const std::filesystem::path& file) {
  throw DeviceError(fmt::format("{}: writing failed: {} (is the disk full?)", file.string(), std::strerror(errno)));
}

}  // namespace

DirectorySink::DirectorySink(const std::filesystem::path& dir, const Network& network)
    : dir_(dir), network_(&network), spikes_(dir / "spikes.csv", network.populations()) {}

void DirectorySink::spike(const Spike& s) {
  spikes_.spike(s);
  hash_ = hash_bytes(hash_bytes(hash_bytes(hash_, &s.time, sizeof s.time), &s.population, sizeof s.population), &s.neuron, sizeof s.neuron);
}

void DirectorySink::sample(Time time, std::uint32_t probe, std::span<const double> values) {
  hash_ = hash_bytes(hash_bytes(hash_bytes(hash_, &time, sizeof time), &probe, sizeof probe), values.data(), values.size_bytes());
  File& file = file_of(probe, values.size());
  std::string line = fmt::format("{:.6f}", to_ms(time));
  for (const double v : values) line += fmt::format(",{}", v);
  if (!(file.stream << line << '\n')) fail(file.path);
}

void DirectorySink::close() {
  spikes_.close();
  for (auto& [probe, file] : samples_) {
    file.stream.close();
    if (!file.stream) fail(file.path);
  }
}

DirectorySink::File& DirectorySink::file_of(std::uint32_t probe, std::size_t width) {
  const auto [it, fresh] = samples_.try_emplace(probe);
  File& file = it->second;
  if (!fresh) return file;
  std::filesystem::create_directories(dir_ / "samples");
  file.path = dir_ / "samples" / (file_name(network_->probes()[probe].name) + ".csv");
  file.stream.open(file.path);
  file.stream << "time_ms";
  for (std::size_t i = 0; i < width; ++i) file.stream << ',' << i;
  if (!(file.stream << '\n')) fail(file.path);
  return file;
}

}  // namespace spikeloop::cli
