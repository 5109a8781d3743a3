// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/virtual_board/dynapse1_neuron.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/firmware/random_words.hpp"

namespace spikeloop::firmware {
namespace {

NeuronParameters usual() {
  NeuronParameters p;
  p.tau_s = {50e-3, 2e-3, 50e-3, 2e-3, 100e-3};
  p.jump_a = {1e-10, 1e-10, 1e-10, 1e-10, 2e-11};
  p.tau_membrane_s = 20e-3;
  p.gain = 4;
  p.drive_a = -5e-12;
  p.threshold_a = 2e-10;
  p.refractory_ns = 1'000'000;
  return p;
}

/// Small steps of the equations as they are written.
struct Euler {
  const NeuronParameters& p;
  NeuronState s;
  void step(std::int64_t ns) {
    const double dt = static_cast<double>(ns) * 1e-9;
    const auto& y = s.current_a;
    const double drive = p.gain * (y[2] + y[3] - y[0] - y[1] - y[4] + p.drive_a);
    if (s.time_ns >= s.held_until_ns) s.membrane_a = std::max(kFloorA, s.membrane_a + (drive - s.membrane_a) * dt / p.tau_membrane_s);
    for (std::size_t k = 0; k < kCurrents; ++k) s.current_a[k] *= std::exp(-dt / p.tau_s[k]);
    s.time_ns += ns;
  }
};

TEST(DynapSe1Neuron, GoesAsItsEquationsDoInSmallSteps) {
  RandomBits random(7);
  for (int round = 0; round < 40; ++round) {
    NeuronParameters p = usual();
    p.threshold_a = 1;  // none
    p.drive_a = (random.below(3) - 1.0) * 2e-11;
    if (round % 3 == 0) p.tau_s[3] = p.tau_membrane_s;  // where the usual formula divides by 0
    NeuronState exact;
    Euler euler{p, {}};
    for (int event = 0; event < 10; ++event) {
      const std::size_t type = random.below(4);
      const double jump = 1e-12 * random.below(200);
      exact.current_a[type] += jump;
      euler.s.current_a[type] += jump;
      const std::int64_t steps = 500 + random.below(20'000);
      for (std::int64_t i = 0; i < steps; ++i) euler.step(1000);
      advance_neuron(p, exact, euler.s.time_ns);
      ASSERT_NEAR(exact.membrane_a, euler.s.membrane_a, 3e-14 + 1e-4 * exact.membrane_a) << round << ' ' << event;
    }
  }
}

TEST(DynapSe1Neuron, SpikesWhereSmallStepsCrossTheThreshold) {
  RandomBits random(8);
  int spikes = 0;
  for (int round = 0; round < 200; ++round) {
    NeuronParameters p = usual();
    p.drive_a = (random.below(5) - 2.0) * 2e-11;
    NeuronState start;
    for (double& y : start.current_a) y = random.below(3) == 0 ? 0 : 1e-12 * random.below(2000);
    const std::int64_t due = next_spike_ns(p, start);
    Euler euler{p, start};
    const std::int64_t end = 150'000'000;
    while (euler.s.time_ns < end && euler.s.membrane_a < p.threshold_a) euler.step(1000);
    if (euler.s.membrane_a >= p.threshold_a) {
      ++spikes;
      ASSERT_NEAR(static_cast<double>(due), static_cast<double>(euler.s.time_ns), 2000 + 1e-3 * static_cast<double>(due)) << round;
    } else {
      ASSERT_GT(due, end - end / 100) << round;
    }
  }
  EXPECT_GT(spikes, 50);
  EXPECT_LT(spikes, 190);
}

TEST(DynapSe1Neuron, TheCheaperOutlookFindsTheSameSpike) {
  RandomBits random(9);
  int spikes = 0, looks = 0;
  for (int round = 0; round < 2000; ++round) {
    NeuronParameters p = usual();
    p.drive_a = (random.below(5) - 2.0) * 2e-11;
    NeuronState s;
    for (double& y : s.current_a) y = random.below(3) == 0 ? 0 : 1e-12 * random.below(2000);
    if (random.below(2) == 0) s.held_until_ns = 1'000'000;
    const std::int64_t due = next_spike_ns(p, s);
    NeuronOutlook next = outlook(p, s);
    for (; next.time_ns != kNever && !next.spikes && next.time_ns < 2'000'000'000; next = outlook(p, s), ++looks) {
      ASSERT_GT(next.time_ns, s.time_ns);
      advance_neuron(p, s, next.time_ns);
    }
    if (due < 2'000'000'000) {
      ASSERT_TRUE(next.spikes);
      ASSERT_NEAR(static_cast<double>(next.time_ns), static_cast<double>(due), 1 + 1e-9 * static_cast<double>(due)) << round;
      ++spikes;
    } else {
      ASSERT_GE(next.time_ns, 2'000'000'000);
    }
  }
  EXPECT_GT(spikes, 500);
  EXPECT_LT(looks, 40'000);
}

TEST(DynapSe1Neuron, DoesNotDependOnHowOftenItIsLookedAt) {
  const NeuronParameters p = usual();
  NeuronState once, often;
  once.current_a = often.current_a = {3e-11, 2e-10, 1e-10, 1e-10, 4e-11};
  advance_neuron(p, once, 30'000'000);
  for (std::int64_t t = 0; t <= 30'000'000; t += 10'000) advance_neuron(p, often, t);
  EXPECT_NEAR(once.membrane_a, often.membrane_a, 1e-19);
}

TEST(DynapSe1Neuron, WithoutInputNothingIsDueAndItComesToRest) {
  const NeuronParameters p = usual();
  NeuronState s;
  EXPECT_EQ(next_spike_ns(p, s), kNever);
  s.current_a[3] = 1e-10;
  advance_neuron(p, s, 10'000'000'000);
  EXPECT_EQ(s.current_a[3], 0);
  EXPECT_EQ(s.membrane_a, kFloorA);
}

TEST(DynapSe1Neuron, IsHeldWhileRefractoryAndAdapts) {
  const NeuronParameters p = usual();
  NeuronState s;
  s.current_a[3] = 1e-6;
  const std::int64_t first = next_spike_ns(p, s);
  spike_neuron(p, s, first);
  EXPECT_EQ(s.current_a[kAdaptation], p.jump_a[kAdaptation]);
  EXPECT_EQ(s.membrane_a, kFloorA);
  EXPECT_GT(next_spike_ns(p, s), first + p.refractory_ns);
  advance_neuron(p, s, first + p.refractory_ns / 2);
  EXPECT_EQ(s.membrane_a, kFloorA);
}

TEST(DynapSe1Neuron, AConstantDriveFiresAtTheRateOfItsFormula) {
  NeuronParameters p = usual();
  p.drive_a = 1e-10;
  const double end = p.gain * p.drive_a;
  const double period = p.tau_membrane_s * std::log((end - kFloorA) / (end - p.threshold_a)) + 1e-3;
  NeuronState s;
  for (int i = 0; i < 100; ++i) spike_neuron(p, s, next_spike_ns(p, s));
  p.jump_a[kAdaptation] = 0;
  s = {};
  for (int i = 0; i < 100; ++i) spike_neuron(p, s, next_spike_ns(p, s));
  EXPECT_NEAR(static_cast<double>(s.time_ns), 1e9 * (100 * period - 1e-3), 200);
}

}  // namespace
}  // namespace spikeloop::firmware
