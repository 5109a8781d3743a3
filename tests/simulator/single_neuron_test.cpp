// SPDX-License-Identifier: Apache-2.0
// One neuron against closed forms: every inter-spike interval within one tick of the analytic one. Lazy updates at 1 ns; dense ones, which
// visit every tick, at 1 us, and those that need only few milliseconds at 1 ns too.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

using Real = long double;

/// How neurons are updated, and how long a tick is.
struct Way {
  engine::Update update;
  Time resolution;
};

class SingleNeuron : public ::testing::TestWithParam<Way> {
 protected:
  NetworkDescription one(const NeuronModel& model) const {
    NetworkDescription d;
    d.resolution = GetParam().resolution;
    d.populations = {neurons("n", 1, model)};
    d.probes = {spikes_of("n")};
    return d;
  }
  /// One neuron and an input train that reaches it, through a delay of one tick, at the given times.
  NetworkDescription driven(const NeuronModel& model, const std::vector<double>& arrivals_ms, double weight,
                            Port port = Port::kBasal) const {
    NetworkDescription d = one(model);
    std::vector<double> emitted = arrivals_ms;
    for (double& t : emitted) t -= tick();
    d.populations.push_back(source("in", 1, spike_list(emitted)));
    d.projections = {connect("in", "n", AllToAll{}, weight, tick(), port)};
    return d;
  }
  Recording run(const NetworkDescription& d, double until_ms) const { return testing::run(d, until_ms, {}, 1, GetParam().update); }
  /// Of v, however many ticks it took: the decay of one tick is rounded once, and what is left of v after n ticks n times as much.
  double rounding() const {
    return GetParam().update != engine::Update::kDense ? 1e-11 : GetParam().resolution == kNanosecond ? 1e-7 : 1e-10;
  }
  /// In ms.
  double tick() const { return to_ms(GetParam().resolution); }
  void expect_intervals_within_a_tick(const std::vector<Time>& got, const std::vector<Real>& expected) const;
  void expect_at(Time got, Real expected) const;
};
/// For what takes too long at 1 ns when every tick is visited.
class SingleNeuronForLong : public SingleNeuron {};

/// Intervals between the spikes, the first counted from time 0, in ms.
std::vector<Real> intervals(const std::vector<Time>& times) {
  std::vector<Real> gaps;
  Time before = 0;
  for (const Time t : times) {
    gaps.push_back(static_cast<Real>(t - before) * 1e-6L);
    before = t;
  }
  return gaps;
}

/// The first zero of f after `from`: f must be negative just after `from` and change sign once within steps of 1 us.
Real first_zero(const std::function<Real(Real)>& f, Real from, Real until) {
  const Real step = 1e-3L;
  Real a = from;
  while (a < until && f(a + step) < 0) a += step;
  Real b = a + step;
  for (int i = 0; i < 80; ++i) {
    const Real middle = (a + b) / 2;
    (f(middle) < 0 ? a : b) = middle;
  }
  return b;
}

constexpr Real kNs = 1e-6L;  // in ms
constexpr Real kRounding = 1e-9L;

/// At the first tick after `expected`.
void SingleNeuron::expect_at(Time got, Real expected) const {
  EXPECT_GE(static_cast<Real>(got) * kNs, expected - kRounding);
  EXPECT_LE(static_cast<Real>(got) * kNs, expected + static_cast<Real>(tick()) + kRounding);
}

TEST_P(SingleNeuronForLong, BiasCurrentGivesTheAnalyticIntervals) {
  Lif lif;
  lif.tau_m_ms = 17, lif.bias_mv = 1.3, lif.v_rest_mv = -0.1, lif.v_reset_mv = -0.4, lif.refractory_ms = 2.5;
  const auto gaps = intervals(times_of(run(one(lif), 2000), 0, 0));
  const Real v_inf = 1.2L;
  const Real first = 17 * std::log((v_inf + 0.1L) / (v_inf - 1)), later = 17 * std::log((v_inf + 0.4L) / (v_inf - 1)) + 2.5L;
  ASSERT_EQ(gaps.size(), static_cast<std::size_t>(1 + (2000 - first) / later));
  for (std::size_t k = 0; k < gaps.size(); ++k) {
    const Real expected = k == 0 ? first : later;
    EXPECT_GE(gaps[k], expected - kRounding) << k;
    EXPECT_LE(gaps[k], expected + static_cast<Real>(tick()) + kRounding) << k;
  }
}

TEST_P(SingleNeuronForLong, SubtractiveResetKeepsTheSameIntervals) {
  Lif lif;
  lif.tau_m_ms = 10, lif.bias_mv = 5, lif.v_reset_mv = 0.25, lif.reset = Reset::kSubtract, lif.refractory_ms = 1;
  const auto gaps = intervals(times_of(run(one(lif), 500), 0, 0));
  const Real first = 10 * std::log(5.0L / 4), later = 10 * std::log(4.75L / 4) + 1;
  ASSERT_EQ(gaps.size(), static_cast<std::size_t>(1 + (500 - first) / later));
  for (std::size_t k = 0; k < gaps.size(); ++k)
    EXPECT_NEAR(static_cast<double>(gaps[k]), static_cast<double>(k == 0 ? first : later), 1.001 * tick()) << k;
}

TEST_P(SingleNeuron, SubtractiveResetAboveThresholdSpikesAtTheNextTick) {
  Lif lif;
  lif.reset = Reset::kSubtract;
  const auto times = times_of(run(driven(lif, {1.0}, 3.5), 5), 0, 0);
  EXPECT_EQ(times, (std::vector<Time>{kMillisecond, kMillisecond + GetParam().resolution, kMillisecond + 2 * GetParam().resolution}));
}

TEST_P(SingleNeuronForLong, ABiasThatJustFailsNeverSpikes) {
  Lif lif;
  lif.bias_mv = 1;  // v approaches the threshold for ever
  EXPECT_TRUE(run(one(lif), 400).spikes.empty());
  lif.bias_mv = 1 + 1e-9;
  const auto gaps = intervals(times_of(run(one(lif), 1000), 0, 0));
  ASSERT_EQ(gaps.size(), 2u);
  const double tolerance = GetParam().update == engine::Update::kDense
                               ? 1e-2
                               : std::max(1e-4, 1.01 * tick());  // 1e-9 is rounded in double, when dense at every tick
  for (const Real gap : gaps) EXPECT_NEAR(static_cast<double>(gap), static_cast<double>(20 * std::log((1 + 1e-9L) / 1e-9L)), tolerance);
}

TEST_P(SingleNeuronForLong, DeltaInputMovesThePotentialAtItsOwnTick) {
  // w = 0.3 every 4 ms: v just after input k is w (1 - q^k) / (1 - q) with q = exp(-4 / 20); the fifth is the first at or above 1.
  const Real q = std::exp(-0.2L);
  std::vector<double> input;
  for (int k = 1; k <= 40; ++k) input.push_back(4.0 * k);
  std::vector<Time> expected;
  Real v = 0;
  for (int k = 1; k <= 40; ++k) {
    v = v * q + 0.3L;
    if (v < 1) continue;
    expected.push_back(k * 4'000'000);
    v = 0;
  }
  ASSERT_EQ(expected.front(), 20'000'000);
  EXPECT_EQ(times_of(run(driven(Lif{}, input, 0.3), 170), 0, 0), expected);
}

TEST_P(SingleNeuron, DeltaInputBringsABiasedNeuronForward) {
  Lif lif;
  lif.bias_mv = 1.5;
  // one input of 0.2 at 5 ms, then free: v = 1.5 + (v(5) - 1.5) exp(-t / 20)
  const Real after = 1.5L - 1.5L * std::exp(-0.25L) + 0.2L;
  const auto times = times_of(run(driven(lif, {5.0}, 0.2), 20), 0, 0);
  ASSERT_EQ(times.size(), 1u);
  const Real expected = 5 + 20 * std::log((1.5L - after) / 0.5L);
  expect_at(times[0], expected);
}

/// v at `t` after a current i with time constant tau_s has begun to flow into a membrane at v0.
Real membrane_under_current(Real t, Real v0, Real i, Real tau_s, Real tau_m, Real v_inf) {
  const Real kernel =
      tau_s == tau_m ? t / tau_m * std::exp(-t / tau_m) : tau_s / (tau_s - tau_m) * (std::exp(-t / tau_s) - std::exp(-t / tau_m));
  return v_inf + (v0 - v_inf) * std::exp(-t / tau_m) + i * kernel;
}

/// Spikes after one current pulse i at `start`, reset to 0, refractory as given: each crossing searched on the closed form.
std::vector<Real> spikes_after_pulse(Real start, Real i, Real tau_s, Real tau_m, Real v_inf, Real refractory, Real until) {
  std::vector<Real> spikes;
  Real from = start, v0 = v_inf - v_inf * std::exp(-start / tau_m);
  for (;;) {
    const Real current = i * std::exp(-(from - start) / tau_s);
    const auto above = [&](Real t) { return membrane_under_current(t - from, v0, current, tau_s, tau_m, v_inf) - 1; };
    const Real t = first_zero(above, from, until);
    if (t >= until) return spikes;
    spikes.push_back(t);
    from = t + refractory;
    v0 = 0;
  }
}

void SingleNeuron::expect_intervals_within_a_tick(const std::vector<Time>& got, const std::vector<Real>& expected) const {
  ASSERT_EQ(got.size(), expected.size());
  ASSERT_FALSE(expected.empty());
  for (std::size_t k = 0; k < got.size(); ++k) {
    const Real late = static_cast<Real>(got[k]) * kNs - expected[k];  // each spike may wait up to one tick for its reset
    EXPECT_GE(late, -kRounding) << k;
    EXPECT_LE(late, static_cast<Real>(tick()) * static_cast<Real>(k + 1) * 2.5L + kRounding) << k;
  }
}

TEST_P(SingleNeuronForLong, ExponentialSynapseWithAQuadraticClosedForm) {
  // tau_m = 2 tau_syn: v = w (x - x^2), x = exp(-t / tau_m); first at threshold where x = (1 + sqrt(1 - 4 / w)) / 2
  LifExp n;
  n.tau_m_ms = 20, n.tau_syn_ms = 10, n.refractory_ms = 1000;
  const auto times = times_of(run(driven(n, {3.0}, 4.5), 60), 0, 0);
  ASSERT_EQ(times.size(), 1u);
  const Real expected = 3 - 20 * std::log((1 + std::sqrt(1 - 4 / 4.5L)) / 2);
  expect_at(times[0], expected);
  EXPECT_TRUE(run(driven(n, {3.0}, 3.999), 60).spikes.empty()) << "its maximum is 3.999 / 4";
}

TEST_P(SingleNeuronForLong, ExponentialSynapseGoesOnDrivingAfterASpike) {
  for (const double tau_s : {2.0, 5.0, 20.0, 20.001, 60.0}) {
    LifExp n;
    n.tau_m_ms = 20, n.tau_syn_ms = tau_s, n.refractory_ms = 2, n.bias_mv = 0.3;
    const double w = static_cast<float>(std::max(2.0, 60 / tau_s));  // the engine's weights are float32
    SCOPED_TRACE(tau_s);
    expect_intervals_within_a_tick(times_of(run(driven(n, {1.0}, w), 150), 0, 0), spikes_after_pulse(1, w, tau_s, 20, 0.3L, 2, 150));
  }
}

TEST_P(SingleNeuronForLong, ApicalCurrentDrivesEveryModel) {
  const auto check = [&](auto n) {
    n.tau_m_ms = 15, n.tau_apical_ms = 7;
    expect_intervals_within_a_tick(times_of(run(driven(n, {2.0}, 9, Port::kApical), 100), 0, 0),
                                   spikes_after_pulse(2, 9, 7, 15, 0, 0, 100));
  };
  check(Lif{});
  check(LifExp{});
  Alif alif;
  alif.adaptation_mv = 0;
  check(alif);
}

TEST_P(SingleNeuronForLong, ModulatorTeachesButDoesNotDrive) {
  EXPECT_TRUE(run(driven(Lif{}, {2.0}, 1000, Port::kModulator), 100).spikes.empty());
}

TEST_P(SingleNeuron, TwoSynapticTimeConstantsDecayOnTheirOwn) {
  LifExp n;
  n.tau_syn_ms = 4, n.tau_syn_inhibitory_ms = 12, n.v_threshold_mv = 100;
  NetworkDescription d = one(n);
  d.populations.push_back(source("in", 2, spike_list({1.0 - tick()})));
  std::get<SpikeListSource>(std::get<SourceModel>(d.populations[1].kind)).events.push_back({from_ms(2.0 - tick()), 1});
  Projection p = connect("in", "n", AllToAll{}, 0, tick());
  p.weight = listed({6, -3});
  d.projections = {p};
  d.probes = {probe_of("n", Probe::Variable::kPotential, 7, 1), probe_of("n", Probe::Variable::kBasalCurrent, 7, 1)};
  const Recording r = run(d, 8);
  const Real v = membrane_under_current(6, 0, 6, 4, 20, 0) + membrane_under_current(5, 0, -3, 12, 20, 0);
  EXPECT_NEAR(samples_of(r, 0).at(0).at(0), static_cast<double>(v), rounding());
  EXPECT_NEAR(samples_of(r, 1).at(0).at(0), 6 * std::exp(-6.0 / 4) - 3 * std::exp(-5.0 / 12), rounding());
}

TEST_P(SingleNeuronForLong, NonLeakyIntegratesItsBias) {
  If n;
  n.tau_m_ms = 20, n.bias_mv = 0.7, n.v_reset_mv = -0.2, n.refractory_ms = 3;
  const auto gaps = intervals(times_of(run(one(n), 400), 0, 0));
  ASSERT_EQ(gaps.size(), 1u + static_cast<std::size_t>((400 - 20 / 0.7) / (20 * 1.2 / 0.7 + 3)));
  for (std::size_t k = 0; k < gaps.size(); ++k)
    EXPECT_NEAR(static_cast<double>(gaps[k]), k == 0 ? 20 / 0.7 : 20 * 1.2 / 0.7 + 3, 1.01 * tick()) << k;
}

TEST_P(SingleNeuronForLong, NonLeakyKeepsWhatItGot) {
  const std::vector<Time> expected = {from_ms(5000)};
  EXPECT_EQ(times_of(run(driven(If{}, {1.0, 2500.0, 5000.0}, 0.34), 6000), 0, 0), expected);
}

TEST_P(SingleNeuronForLong, NonLeakyUnderAnApicalCurrent) {
  // v = i tau_a / tau_m (1 - exp(-t / tau_a)): threshold at t = -tau_a ln(1 - tau_m / (i tau_a))
  If n;
  n.tau_m_ms = 10, n.tau_apical_ms = 30, n.refractory_ms = 1000;
  const auto times = times_of(run(driven(n, {1.0}, 0.5, Port::kApical), 200), 0, 0);
  ASSERT_EQ(times.size(), 1u);
  EXPECT_NEAR(static_cast<double>(times[0]) * 1e-6, 1 - 30 * std::log(1 - 10 / 15.0), 1.01 * tick());
  EXPECT_TRUE(run(driven(n, {1.0}, 0.333, Port::kApical), 1000).spikes.empty()) << "0.333 x 3 never reaches 1";
}

/// Runge-Kutta of fourth order in steps of 1 us, crossings by interpolation: knows nothing of propagators.
std::vector<Real> adaptive_neuron_by_integration(const Alif& n, Real until) {
  const Real h = 1e-3L;
  std::vector<Real> spikes;
  Real v = n.v_rest_mv, b = 0, hold = 0, t = 0;
  const auto dv = [&](Real x) { return (n.v_rest_mv + n.bias_mv - x) / static_cast<Real>(n.tau_m_ms); };
  const auto db = [&](Real x) { return -x / static_cast<Real>(n.tau_adaptation_ms); };
  const auto step = [](auto f, Real x, Real dt) {
    const Real k1 = f(x), k2 = f(x + dt / 2 * k1), k3 = f(x + dt / 2 * k2), k4 = f(x + dt * k3);
    return x + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
  };
  while (t < until) {
    if (hold > 0) {
      b = step(db, b, hold), t += hold, hold = 0;
      continue;
    }
    const Real next_v = step(dv, v, h), next_b = step(db, b, h);
    const Real before = v - b - n.v_threshold_mv, after = next_v - next_b - n.v_threshold_mv;
    if (after < 0) {
      v = next_v, b = next_b, t += h;
      continue;
    }
    const Real part = h * before / (before - after);
    b = step(db, b, part), t += part;
    spikes.push_back(t);
    v = n.reset == Reset::kToValue ? n.v_reset_mv : n.v_reset_mv;  // exactly at threshold both resets agree
    b += n.adaptation_mv;
    hold = n.refractory_ms;
  }
  return spikes;
}

TEST_P(SingleNeuronForLong, AdaptiveThresholdAgreesWithNumericalIntegration) {
  for (const Reset reset : {Reset::kToValue, Reset::kSubtract}) {
    Alif n;
    n.bias_mv = 2, n.tau_adaptation_ms = 70, n.adaptation_mv = 0.15, n.refractory_ms = 1.5, n.reset = reset;
    const std::vector<Real> expected = adaptive_neuron_by_integration(n, 400);
    const std::vector<Time> got = times_of(run(one(n), 400), 0, 0);
    ASSERT_EQ(got.size(), expected.size());
    ASSERT_GT(got.size(), 8u);
    EXPECT_GT(expected[7] - expected[6], 1.3L * (expected[1] - expected[0])) << "it adapts";
    for (std::size_t k = 0; k < got.size(); ++k)
      EXPECT_NEAR(static_cast<double>(got[k]) * 1e-6, static_cast<double>(expected[k]), tick() * (static_cast<double>(k) + 2)) << k;
  }
}

TEST_P(SingleNeuron, LeakyReadoutFollowsItsClosedFormAndNeverSpikes) {
  Li li;
  li.tau_m_ms = 30, li.v_rest_mv = 2, li.bias_mv = 1, li.tau_apical_ms = 12;
  NetworkDescription d = driven(li, {1.0, 3.0}, 50);
  d.projections.push_back(connect("in", "n", AllToAll{}, 4, tick(), Port::kApical));
  d.probes = {spikes_of("n"), probe_of("n", Probe::Variable::kPotential, 0.5, 1)};
  const Recording r = run(d, 10);
  EXPECT_TRUE(r.spikes.empty());
  ASSERT_EQ(r.samples.size(), 10u);
  for (const Sample& s : r.samples) {
    const Real t = static_cast<Real>(s.time) * kNs;
    Real v = 3 - std::exp(-t / 30);
    for (const Real arrival : {1.0L, 3.0L})
      if (t >= arrival) v += 50 * std::exp(-(t - arrival) / 30) + membrane_under_current(t - arrival, 0, 4, 12, 30, 0);
    EXPECT_NEAR(s.values[0], static_cast<double>(v), rounding()) << s.time;
  }
}

TEST_P(SingleNeuron, AFloorHoldsThePotentialUpWhereInputArrives) {
  Lif n;
  n.v_floor_mv = -0.5;
  NetworkDescription d = driven(n, {1.0}, -3);
  d.probes = {probe_of("n", Probe::Variable::kPotential, 1, 1)};
  EXPECT_EQ(samples_of(run(d, 1.5), 0).at(0).at(0), -0.5);
}

/// As core/models.hpp says: neither ticks without input nor inputs that sum to exactly 0 raise v.
TEST_P(SingleNeuron, AFloorDoesNothingWhereNoInputArrivesOrInputsSumToZero) {
  Lif n;
  n.v_floor_mv = -0.5;
  NetworkDescription d = driven(n, {1.0, 2.0}, 0.5);
  d.populations[0].v_initial_mv = Value{Constant{-3}, {}};
  d.populations.push_back(source("against", 1, spike_list({1.0 - tick()})));
  d.projections.push_back(connect("against", "n", AllToAll{}, -0.5, tick()));
  d.probes = {probe_of("n", Probe::Variable::kPotential, 0.5, 0.5)};
  const Recording r = run(d, 2.25);
  for (std::size_t k = 0; k < 3; ++k)
    EXPECT_NEAR(samples_of(r, 0).at(k).at(0), -3 * std::exp(-0.5 * static_cast<double>(k + 1) / 20), rounding()) << k;
  EXPECT_EQ(samples_of(r, 0).at(3).at(0), -0.5);
}

TEST_P(SingleNeuron, InitialPotentialAboveThresholdSpikesAtTickZero) {
  NetworkDescription d = one(Lif{});
  d.populations[0].v_initial_mv = Value{Constant{1}, {}};
  EXPECT_EQ(times_of(run(d, 1), 0, 0), std::vector<Time>{0});
}

using engine::Update;
constexpr Way kLong[] = {
    {Update::kLazy, kNanosecond}, {Update::kAuto, kNanosecond}, {Update::kLazy, kMicrosecond}, {Update::kDense, kMicrosecond}};
constexpr Way kShort[] = {{Update::kLazy, kNanosecond},
                          {Update::kAuto, kNanosecond},
                          {Update::kDense, kNanosecond},
                          {Update::kLazy, kMicrosecond},
                          {Update::kDense, kMicrosecond}};
std::string name_of_way(const ::testing::TestParamInfo<Way>& way) {
  return std::string(name_of(way.param.update)) + (way.param.resolution == kNanosecond ? "_1_ns" : "_1_us");
}
INSTANTIATE_TEST_SUITE_P(Ways, SingleNeuron, ::testing::ValuesIn(kShort), name_of_way);
INSTANTIATE_TEST_SUITE_P(Ways, SingleNeuronForLong, ::testing::ValuesIn(kLong), name_of_way);

}  // namespace
}  // namespace spikeloop::testing
