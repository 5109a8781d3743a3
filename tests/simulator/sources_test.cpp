// SPDX-License-Identifier: Apache-2.0
// What the sources emit: statistics of Poisson trains in both regimes, regular trains, lists, currents.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

NetworkDescription observed(const SourceModel& model, std::uint64_t n, Time resolution = 100 * kMicrosecond, std::uint64_t seed = 1) {
  NetworkDescription d;
  d.resolution = resolution;
  d.seed = seed;
  d.populations = {source("s", n, model)};
  d.probes = {spikes_of("s")};
  return d;
}

/// Spikes in windows of `window` per neuron.
std::vector<std::vector<double>> counts_in_windows(const Recording& r, std::uint64_t n, Time window, Time duration) {
  std::vector<std::vector<double>> counts(n, std::vector<double>(static_cast<std::size_t>(duration / window)));
  for (const Spike& s : r.spikes) ++counts[s.neuron].at(static_cast<std::size_t>(s.time / window));
  return counts;
}

struct Moments {
  double mean = 0, variance = 0;
};

Moments moments(const std::vector<double>& x) {
  Moments m;
  for (const double v : x) m.mean += v / static_cast<double>(x.size());
  for (const double v : x) m.variance += (v - m.mean) * (v - m.mean) / static_cast<double>(x.size() - 1);
  return m;
}

double correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const Moments a = moments(x), b = moments(y);
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += (x[i] - a.mean) * (y[i] - b.mean);
  return sum / static_cast<double>(x.size() - 1) / std::sqrt(a.variance * b.variance);
}

/// Rates around the border between gaps and counts (1,000 Hz at 0.1 ms), and where a tick holds a thousand spikes.
TEST(PoissonSource, MeanAndVarianceAreThoseOfAPoissonProcess) {
  struct Case {
    double rate_hz;
    Time resolution;
  };
  for (const Case& c :
       {Case{50, 100 * kMicrosecond}, Case{990, 100 * kMicrosecond}, Case{1000, 100 * kMicrosecond}, Case{9000, 100 * kMicrosecond},
        Case{200'000, 10 * kMicrosecond}, Case{90'000, kMicrosecond}, Case{1'000'000, kMillisecond}}) {
    constexpr std::uint64_t kNeurons = 40;
    const Time window = kMillisecond, duration = c.rate_hz > 1e5 ? 20 * kMillisecond : 500 * kMillisecond;
    const Recording r = run(observed(PoissonSource{c.rate_hz}, kNeurons, c.resolution), to_ms(duration));
    std::vector<double> all;
    for (const auto& counts : counts_in_windows(r, kNeurons, window, duration)) all.insert(all.end(), counts.begin(), counts.end());
    const Moments m = moments(all);
    const double lambda = c.rate_hz * 1e-3, samples = static_cast<double>(all.size());
    EXPECT_NEAR(m.mean, lambda, 4.5 * std::sqrt(lambda / samples)) << c.rate_hz;
    EXPECT_NEAR(m.variance, lambda, 4.5 * std::sqrt((lambda + 2 * lambda * lambda) / samples)) << c.rate_hz;
    EXPECT_EQ(r.counts.populations[0].spikes, r.spikes.size());
  }
}

TEST(PoissonSource, NeuronsAndTrialsAndSeedsAreIndependent) {
  for (const double rate : {300.0, 5000.0}) {
    const auto counts = [&](std::uint64_t seed, std::uint64_t trial) {
      const auto session = start(observed(PoissonSource{rate}, 8, 100 * kMicrosecond, seed));
      session->reset(trial);
      Recording r;
      advance(*session, 2000, r);
      return counts_in_windows(r, 8, kMillisecond, 2 * kSecond);
    };
    const auto a = counts(1, 0), trial = counts(1, 1), seed = counts(2, 0), again = counts(1, 0);
    EXPECT_EQ(a, again);
    const double bound = 4.5 / std::sqrt(2000.0);
    for (std::size_t i = 0; i < 8; ++i) {
      EXPECT_LT(std::abs(correlation(a[i], trial[i])), bound) << i;
      EXPECT_LT(std::abs(correlation(a[i], seed[i])), bound) << i;
      for (std::size_t j = 0; j < i; ++j) EXPECT_LT(std::abs(correlation(a[i], a[j])), bound) << i << ' ' << j;
    }
    for (std::size_t lag = 1; lag <= 3; ++lag) {  // a neuron's windows do not know each other
      const std::vector<double> now(a[0].begin(), a[0].end() - static_cast<std::ptrdiff_t>(lag)),
          later(a[0].begin() + static_cast<std::ptrdiff_t>(lag), a[0].end());
      EXPECT_LT(std::abs(correlation(now, later)), bound) << lag;
    }
  }
}

/// Strong Poisson drive into many targets is drawn where it arrives; it must be the train that a probe would have shown.
TEST(PoissonSource, DriveDrawnAtItsTargetIsTheTrainThatAProbeShows) {
  NetworkDescription d;
  If counter;  // integrates what arrives
  counter.v_threshold_mv = 1e9;
  d.populations = {source("s", 200, PoissonSource{20'000}), neurons("n", 200, counter)};
  d.projections = {connect("s", "n", OneToOne{}, 1, 1.5)};
  d.probes = {probe_of("n", Probe::Variable::kPotential, 100, 1)};
  const Recording plain = run(d, 100.1);
  d.probes.push_back(spikes_of("s"));
  const Recording probed = run(d, 100.1);
  std::vector<double> arrived(200);
  for (const Spike& s : probed.spikes)
    if (s.time <= from_ms(98.5)) ++arrived[s.neuron];
  EXPECT_EQ(plain.samples[0].values, arrived);
  EXPECT_EQ(probed.samples[0].values, arrived);
  EXPECT_EQ(probed.counts.populations[0].spikes, plain.counts.populations[0].spikes);
}

TEST(RegularSource, SpikesAtTheFirstTickAtOrAfterEachMultiple) {
  const Recording r = run(observed(RegularSource{300, 0.25, false}, 3), 100);
  std::vector<Time> expected;
  for (int k = 0; k < 30; ++k) expected.push_back(static_cast<Time>(std::ceil((k + 0.25) / 300 * 1e4 - 1e-9)) * 100 * kMicrosecond);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(times_of(r, 0, i), expected);
}

TEST(RegularSource, RandomPhasesAreUniformAndDifferPerNeuronAndTrial) {
  constexpr std::uint64_t kNeurons = 2000;
  const auto session = start(observed(RegularSource{10, 0, true}, kNeurons));
  std::vector<double> first[2];
  for (std::uint64_t trial = 0; trial < 2; ++trial) {
    session->reset(trial);
    Recording r;
    advance(*session, 100, r);
    ASSERT_NEAR(static_cast<double>(r.spikes.size()), kNeurons, 12);  // one spike in a period of 100 ms, but for phases in the last tick
    first[trial].assign(kNeurons, 0);
    for (const Spike& s : r.spikes) first[trial][s.neuron] = to_ms(s.time);
    const Moments m = moments(first[trial]);
    EXPECT_NEAR(m.mean, 50, 4.5 * 100 / std::sqrt(12.0 * kNeurons));
    EXPECT_NEAR(m.variance, 1e4 / 12, 0.1 * 1e4 / 12);
  }
  EXPECT_LT(std::abs(correlation(first[0], first[1])), 4.5 / std::sqrt(kNeurons));
}

TEST(SpikeListSource, NeedNotBeSortedAndRoundsToTheNearestTick) {
  SpikeListSource list;
  list.events = {{from_ms(3.0), 1}, {from_ms(1.04), 0}, {from_ms(1.06), 0}, {from_ms(700), 1}};
  const auto session = start(observed(list, 2));
  for (const std::uint64_t trial : {0, 1}) {
    session->reset(trial);
    Recording r;
    advance(*session, 800, r);
    EXPECT_EQ(times_of(r, 0, 0), (std::vector<Time>{from_ms(1.0), from_ms(1.1)}));
    EXPECT_EQ(times_of(r, 0, 1), (std::vector<Time>{from_ms(3.0), from_ms(700)}));
  }
}

TEST(CurrentSource, DrivesThroughThePortThatItReaches) {
  for (const Port port : {Port::kBasal, Port::kApical, Port::kModulator}) {
    NetworkDescription d;
    d.populations = {neurons("n", 1, Li{}), source("s", 1, CurrentSource{{{from_ms(1.0), 3}, {from_ms(4.0), -1}}})};
    d.projections = {connect("s", "n", AllToAll{}, 2, 0.5, port)};
    d.probes = {probe_of("n", Probe::Variable::kPotential, 3, 10), probe_of("n", Probe::Variable::kBasalCurrent, 3, 3),
                probe_of("n", Probe::Variable::kApicalCurrent, 3, 3)};
    const Recording r = run(d, 10);
    const auto v = samples_of(r, 0), basal = samples_of(r, 1), feedback = samples_of(r, 2);
    const bool drives = port != Port::kModulator;
    EXPECT_NEAR(v[0][0], drives ? 6 * (1 - std::exp(-1.5 / 20)) : 0, 1e-12);
    EXPECT_EQ(basal[0][0], port == Port::kBasal ? 6 : 0);
    EXPECT_EQ(basal[1][0], port == Port::kBasal ? -2 : 0);
    EXPECT_EQ(feedback[0][0], port == Port::kBasal ? 0 : 6);
    EXPECT_EQ(feedback[1][0], port == Port::kBasal ? 0 : -2);
  }
}

TEST(CurrentSource, FindsTheCrossingThatItCauses) {
  NetworkDescription d;
  d.resolution = kNanosecond;
  d.populations = {neurons("n", 1, Lif{}), source("s", 1, CurrentSource{{{from_ms(1.0), 2}, {from_ms(100), 0}}})};
  d.projections = {connect("s", "n", AllToAll{}, 1, 1e-6)};
  d.probes = {spikes_of("n")};
  const auto times = times_of(run(d, 300), 0, 0);
  ASSERT_EQ(times.size(), 7u);
  EXPECT_NEAR(to_ms(times[0]), 1 + 20 * std::log(2.0), 2.01e-6);
}

}  // namespace
}  // namespace spikeloop::testing
