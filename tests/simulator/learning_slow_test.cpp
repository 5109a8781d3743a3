// SPDX-License-Identifier: Apache-2.0
// STDP is differential-Hebbian in expectation: with a constant pre rate p inside a trial of length T and a post rate r(t),
//   E[dw] = p a tau integral r(t) (exp(-(T - t) / tau) - exp(-t / tau)) dt  ~  p a tau^2 (r(T) - r(0)),   a+ tau+ = a- tau- = a tau.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <random>

#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

constexpr double kTrialMs = 200, kTauMs = 20, kAmplitude = 0.01, kPreHz = 50;
constexpr std::uint32_t kPre = 10, kPost = 20;

NetworkDescription driven() {
  Lif lif;
  lif.v_threshold_mv = 1e6;
  StdpFeedback s;
  s.a_plus = s.a_minus = kAmplitude, s.tau_plus_ms = s.tau_minus_ms = kTauMs;
  NetworkDescription d;
  d.populations = {source("pre", kPre, PoissonSource{kPreHz}), neurons("post", kPost, lif), source("force", kPost), source("teach", 1)};
  d.rules = {{"rule", s, Commit::kTrial, {}, {}}};
  d.projections = {plastic(connect("pre", "post", AllToAll{}, 0), "rule"), connect("force", "post", OneToOne{}, 2e6),
                   connect("teach", "post", AllToAll{}, 1e-6, 0.1, Port::kModulator)};
  return d;
}

/// Rate at time t in Hz, linear from `first` to `last`.
double rate(double first, double last, double t_ms) { return first + (last - first) * t_ms / kTrialMs; }

/// The expectation above as sums over ticks: a post spike at tick n meets pre arrivals at 1 .. n (dt = 0 potentiates) and at n + 1 .. N
/// - 1.
double expected_change(double first, double last) {
  const double tick = 0.1, q = std::exp(-tick / kTauMs);
  const int n_ticks = static_cast<int>(kTrialMs / tick);
  double sum = 0;
  for (int n = 1; n < n_ticks; ++n)
    sum += rate(first, last, (n - 1) * tick) * ((1 - std::pow(q, n)) - (q - std::pow(q, n_ticks - n))) / (1 - q);
  return kAmplitude * kPreHz * 1e-3 * tick * sum * 1e-3 * tick;
}

struct Estimate {
  double mean = 0, error = 0;  ///< standard error of the mean
};

/// Mean weight change of a trial over 1,000 trials; post spikes are an inhomogeneous Poisson process of the ramp, independent of pre.
Estimate measured_change(double first, double last) {
  constexpr int kTrials = 1000;
  const auto session = start(driven());
  std::mt19937 random(5);
  std::uniform_real_distribution<double> unit(0, 1);
  double before = 0, sum = 0, squares = 0;
  for (std::uint64_t trial = 0; trial < kTrials; ++trial) {
    session->reset(trial);
    std::vector<Spike> in = {at_ms(0, 3, 0)};
    for (int tick = 0; tick < static_cast<int>(kTrialMs * 10) - 1; ++tick)
      for (std::uint32_t j = 0; j < kPost; ++j)
        if (unit(random) < rate(first, last, tick * 0.1) * 1e-4) in.push_back(at_ms(tick * 0.1, 2, j));
    NullSink nobody;
    session->advance(from_ms(kTrialMs), in, nobody);
    session->commit();
    double now = 0;
    for (const float w : session->weights(0)) now += static_cast<double>(w) / (kPre * kPost);
    sum += now - before, squares += (now - before) * (now - before);
    before = now;
  }
  const double mean = sum / kTrials;
  return {mean, std::sqrt((squares / kTrials - mean * mean) / kTrials)};
}

TEST(StdpFeedbackExpectation, FollowsThePreRateTimesTheChangeOfThePostRate) {
  double xy = 0, xx = 0, slope_error = 0;
  for (const auto& [first, last] : {std::pair{5.0, 60.0}, {60.0, 5.0}, {20.0, 40.0}, {30.0, 30.0}, {80.0, 50.0}}) {
    const Estimate got = measured_change(first, last);
    const double exact = expected_change(first, last), simple = kPreHz * 1e-3 * kAmplitude * kTauMs * kTauMs * (last - first) * 1e-3;
    std::printf("%2.0f -> %2.0f Hz: dw %+.5f +- %.5f, expected %+.5f, p a tau^2 dr %+.5f\n", first, last, got.mean, got.error, exact,
                simple);
    EXPECT_NEAR(got.mean, exact, 4 * got.error);
    EXPECT_LT(got.error, 0.0012);
    if (first != last) {
      EXPECT_GT(got.mean * (last - first), 0) << "the sign is that of the change";
    }
    xy += got.mean * simple, xx += simple * simple, slope_error += got.error * got.error * simple * simple;
  }
  const double slope = xy / xx;
  std::printf("slope against p a tau^2 (r(T) - r(0)): %.3f +- %.3f\n", slope, std::sqrt(slope_error) / xx);
  EXPECT_NEAR(slope, 1 - 2 * kTauMs / kTrialMs,
              4 * std::sqrt(slope_error) / xx + 0.01);  // a linear ramp: the edges see it a time constant inside
}

}  // namespace
}  // namespace spikeloop::testing
