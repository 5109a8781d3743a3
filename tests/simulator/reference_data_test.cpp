// SPDX-License-Identifier: Apache-2.0
// Spike trains and voltages that others published: one neuron at 1 ns (NIR paper, exact solution), and a feed-forward network spike for
// spike.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

struct Row {
  double input = 0, voltage = 0, spike = 0;
};

std::vector<Row> read_rows(const std::string& path) {
  std::ifstream file(path);
  std::vector<Row> rows;
  std::string line;
  while (std::getline(file, line)) {
    std::replace(line.begin(), line.end(), ',', ' ');
    Row r;
    if (std::istringstream(line) >> r.input >> r.voltage >> r.spike) rows.push_back(r);
  }
  return rows;
}

/// tau 2.5 ms, threshold 0.1, reset to 0; an input of 1 is a current of 1 for one step of 0.1 ms. Row k is the state after step k.
class ReferenceData : public ::testing::TestWithParam<engine::Update> {};

TEST_P(ReferenceData, ExactSpikesAndVoltagesOfTheNirNeuron) {
  std::string missing;
  const auto path = data_file("nir/lif_exact.csv", missing);
  if (!path) GTEST_SKIP() << missing << ": the engine is not compared with the published exact neuron";
  const std::vector<Row> rows = read_rows(*path);
  ASSERT_EQ(rows.size(), 1000u);
  CurrentSource current;
  double before = 0;
  for (std::size_t k = 0; k < rows.size(); ++k) {
    if (rows[k].input != before) current.steps.push_back({static_cast<Time>(k) * 100 * kMicrosecond, rows[k].input});
    before = rows[k].input;
  }
  Lif lif;
  lif.tau_m_ms = 2.5, lif.v_threshold_mv = 0.1;
  NetworkDescription d;
  d.resolution = GetParam() == engine::Update::kDense ? 100 * kNanosecond : kNanosecond;  // 1e8 ticks would be slow when all are visited
  const double tick = to_ms(d.resolution);
  d.populations = {neurons("n", 1, lif), source("in", 1, current)};
  d.projections = {connect("in", "n", AllToAll{}, 1, tick)};
  d.probes = {spikes_of("n"),
              probe_of("n", Probe::Variable::kPotential, 0.1 + tick, 0.1)};  // the delay of one tick shifts everything by one tick
  const Recording r = run(d, 100.001, {}, 1, GetParam());

  const std::vector<Time> times = times_of(r, 0, 0);
  const double expected[] = {46.0844, 51.0898, 71.0920, 76.0909};
  ASSERT_EQ(times.size(), 4u);
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_NEAR(to_ms(times[k]), expected[k], 1e-3);
    EXPECT_EQ(rows[static_cast<std::size_t>(to_ms(times[k]) / 0.1)].spike, 1) << "the published spike lies in the same step";
  }
  const auto samples = samples_of(r, 1);
  ASSERT_EQ(samples.size(), rows.size());
  const double late = tick > 1e-6 ? tick / lif.tau_m_ms : 0;  // a spike that waits for its tick: v has moved on by this
  for (std::size_t k = 0; k < rows.size(); ++k) EXPECT_NEAR(samples[k][0], rows[k].voltage, 2e-6 + late) << k;
}

double splitmix(std::uint64_t seed, std::uint64_t m) {
  std::uint64_t z = seed + (m + 1) * 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-53;
}

constexpr std::uint32_t kLayerSizes[] = {784, 512, 256, 10};

NetworkDescription feed_forward() {
  const double amplitude[] = {0.15, 0.26, 0.7};
  Lif lif;
  lif.refractory_ms = 2;
  NetworkDescription d;
  d.populations = {source("0", kLayerSizes[0])};
  for (std::uint64_t k = 0; k < 3; ++k) {
    const std::uint32_t n = kLayerSizes[k], m = kLayerSizes[k + 1];
    std::vector<float> w(static_cast<std::size_t>(n) * m);
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>((2 * splitmix(1000 + k, i) - 1) * amplitude[k]);
    d.populations.push_back(neurons(std::to_string(k + 1), m, lif));
    d.projections.push_back(connect(std::to_string(k), std::to_string(k + 1),
                                    Tensor{std::make_shared<const std::vector<float>>(std::move(w)), "splitmix"}, 1, 1));
    d.probes.push_back(spikes_of(std::to_string(k + 1)));
  }
  return d;
}

std::vector<Spike> presentations() {
  std::vector<Spike> in;
  for (std::uint64_t p = 0; p < 20; ++p)
    for (std::uint64_t f = 0; f < 10; ++f)
      for (std::uint64_t i = 0; i < 784; ++i)
        if (splitmix(5'000'000 + p, 784 * f + i) < 0.03)
          in.push_back({static_cast<Time>(100 * p + 10 * f + 1) * kMillisecond, 0, static_cast<std::uint32_t>(i)});
  return in;
}

/// Spikes of the layers, in the file's order: layer, time, neuron are compared after sorting.
std::vector<std::vector<double>> read_spikes(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::vector<double>> spikes;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::replace(line.begin(), line.end(), ',', ' ');
    double layer = 0, neuron = 0, ms = 0;
    if (std::istringstream(line) >> layer >> neuron >> ms) spikes.push_back({layer, ms, neuron});
  }
  std::sort(spikes.begin(), spikes.end());
  return spikes;
}

TEST_P(ReferenceData, FeedForwardNetworkSpikeForSpike) {
  std::string missing;
  const auto path = data_file("../bench/ff_spikes.csv", missing);
  if (!path) GTEST_SKIP() << missing << ": the feed-forward network is not compared spike for spike";
  const std::vector<std::vector<double>> expected = read_spikes(*path);
  ASSERT_EQ(expected.size(), 2241u + 1963u + 223u);
  for (const std::size_t threads : {1, 2}) {
    const Recording r = run(feed_forward(), 2010, presentations(), threads, GetParam());
    std::vector<std::vector<double>> got;
    for (const Spike& s : r.spikes) got.push_back({static_cast<double>(s.population), to_ms(s.time), static_cast<double>(s.neuron)});
    std::sort(got.begin(), got.end());
    ASSERT_EQ(got.size(), expected.size());
    std::size_t wrong = 0;
    for (std::size_t k = 0; k < got.size(); ++k)
      wrong += got[k][0] != expected[k][0] || got[k][2] != expected[k][2] || std::abs(got[k][1] - expected[k][1]) > 1e-6;
    EXPECT_EQ(wrong, 0u);
    EXPECT_EQ(r.counts.populations[0].spikes, 4680u);
    const std::uint64_t events =
        r.counts.projections[0].synaptic_events + r.counts.projections[1].synaptic_events + r.counts.projections[2].synaptic_events;
    EXPECT_EQ(events, 4680u * 512 + 2241u * 256 + 1963u * 10);
  }
}

INSTANTIATE_TEST_SUITE_P(Updates, ReferenceData, ::testing::ValuesIn(kEveryUpdate),
                         [](const auto& update) { return name_of(update.param); });

}  // namespace
}  // namespace spikeloop::testing
