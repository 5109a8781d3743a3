// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/feed_forward.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>

#include "tests/bench/build.hpp"

namespace spikeloop::bench {
namespace {

constexpr std::array<std::uint32_t, 4> kLayers = {784, 512, 256, 10};

/// Number m of the sequence of a seed, in [0, 1): splitmix64 (Steele, Lea, Flood 2014, DOI 10.1145/2660193.2660195), any member at once.
double uniform(std::uint64_t seed, std::uint64_t m) {
  std::uint64_t z = seed + (m + 1) * 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-53;
}

Tensor weights(std::size_t layer) {
  constexpr std::array<double, 3> kAmplitude = {0.15, 0.26, 0.7};
  const std::size_t n = std::size_t{kLayers[layer]} * kLayers[layer + 1];
  auto values = std::make_shared<std::vector<float>>(n);
  for (std::size_t k = 0; k < n; ++k) (*values)[k] = static_cast<float>((2 * uniform(1000 + layer, k) - 1) * kAmplitude[layer]);
  return {values, ""};
}

}  // namespace

NetworkDescription feed_forward() {
  Lif lif;
  lif.tau_m_ms = 20;
  lif.v_threshold_mv = 1;
  lif.refractory_ms = 2;
  NetworkDescription d;
  d.name = "feed_forward";
  d.populations = {source("layer0", kLayers[0], ExternalSource{})};
  for (std::size_t k = 0; k + 1 < kLayers.size(); ++k) {
    const std::string from = "layer" + std::to_string(k), to = "layer" + std::to_string(k + 1);
    d.populations.push_back(neurons(to, kLayers[k + 1], lif));
    d.projections.push_back(connect(from, to, weights(k), constant(1), constant(1)));
    Probe probe;
    probe.population = to;
    d.probes.push_back(probe);
  }
  return d;
}

std::vector<Spike> feed_forward_input(std::uint32_t presentation) {
  constexpr std::uint32_t kFrames = 10;
  std::vector<Spike> spikes;
  for (std::uint32_t frame = 0; frame < kFrames; ++frame)
    for (std::uint32_t i = 0; i < kLayers[0]; ++i)
      if (uniform(5'000'000 + presentation, std::uint64_t{kLayers[0]} * frame + i) < 0.03)
        spikes.push_back({presentation * kPresentation + (10 * frame + 1) * kMillisecond, 0, i});
  return spikes;
}

std::vector<Spike> read_layer_spikes(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::vector<Spike> spikes;
  std::string line;
  std::getline(stream, line);  // the header
  while (std::getline(stream, line)) {
    const std::size_t first = line.find(','), second = line.find(',', first + 1);
    if (second == std::string::npos) throw std::runtime_error(file.string() + ": not layer,neuron,time_ms: " + line);
    spikes.push_back({from_ms(std::stod(line.substr(second + 1))), static_cast<std::uint32_t>(std::stoul(line)),
                      static_cast<std::uint32_t>(std::stoul(line.substr(first + 1)))});
  }
  std::sort(spikes.begin(), spikes.end(), [](const Spike& a, const Spike& b) {
    return std::tie(a.time, a.population, a.neuron) < std::tie(b.time, b.population, b.neuron);
  });
  return spikes;
}

}  // namespace spikeloop::bench
