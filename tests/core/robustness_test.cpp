// SPDX-License-Identifier: Apache-2.0
#include "core/robustness.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/over_time.hpp"

namespace spikeloop {
namespace {

double squared_error(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

/// Rounded to the grid over the whole range.
std::vector<float> rounded(std::vector<float> w, float most, int bits) {
  const float step = most / (std::ldexp(1.0f, bits - 1) - 1);
  for (float& x : w) x = std::round(x / step) * step;
  return w;
}

TEST(Quantised, WhatLiesOnAGridThatIsSymmetricAboutZeroStays) {
  const std::vector<float> w = {-3, -2, 0, 1, 1, 2, 3};
  EXPECT_EQ(quantised(w, 3), w);  // 3 levels on each side
  const std::vector<float> up = {-3.0f, -0.4f, 0.0f, 0.6f, 1.4f, 2.0f};
  std::vector<float> down = up;
  for (float& x : down) x = -x;
  std::vector<float> mirrored = quantised(down, 2);
  for (float& x : mirrored) x = -x;
  EXPECT_EQ(mirrored, quantised(up, 2));
}

TEST(Quantised, HasAtMostSoManyValuesAndIsNoWorseThanTheWholeRange) {
  std::vector<float> w;
  for (int i = 0; i < 5000; ++i) w.push_back(std::sin(0.37f * static_cast<float>(i)) * 2.5f);
  for (const int bits : {2, 3, 4, 6, 8}) {
    std::vector<float> q = quantised(w, static_cast<std::uint32_t>(bits));
    EXPECT_LE(squared_error(q, w), squared_error(rounded(w, 2.5f, bits), w) * 1.0001);
    std::sort(q.begin(), q.end());
    const auto values = std::unique(q.begin(), q.end()) - q.begin();
    EXPECT_LE(values, (1 << bits) - 1) << bits;
    EXPECT_GE(values, (1 << bits) - 3) << bits;
  }
}

/// One weight far out does not take the levels away from all the others.
TEST(Quantised, SpendsItsLevelsWhereTheWeightsAre) {
  std::vector<float> w = {4.0f};
  for (int i = 0; i < 5000; ++i) w.push_back(std::sin(0.37f * static_cast<float>(i)) * 0.2f);
  const std::vector<float> q = quantised(w, 4), whole = rounded(w, 4.0f, 4);
  EXPECT_LT(squared_error(q, w), 0.2 * squared_error(whole, w));
}

/// A neuron with small weights keeps them apart beside one with large weights; projections onto the same neuron share its range.
TEST(Quantised, EveryNeuronHasARangeOfItsOwnForAllItsProjections) {
  std::vector<WeightsOnto> p = {{{3, 0.01f, -2, 0.03f}, {0, 1, 0, 1}}, {{-1, -0.02f}, {0, 1}}};
  const auto exact = p;
  quantise_by_neuron(p, 2, 3);  // three levels on each side: 1, 2, 3 times a step of 1 and of 0.01
  for (std::size_t k = 0; k < 2; ++k)
    for (std::size_t i = 0; i < p[k].weights.size(); ++i) EXPECT_NEAR(p[k].weights[i], exact[k].weights[i], 1e-6) << k << " " << i;
  std::vector<WeightsOnto> coarse = {{{3, 0.9f}, {0, 0}}, {{-2.9f}, {0}}};
  quantise_by_neuron(coarse, 1, 2);  // one level: what is small beside the other projection's weights goes to 0
  EXPECT_EQ(coarse[0].weights[1], 0);
  EXPECT_EQ(coarse[0].weights[0], -coarse[1].weights[0]);
}

TEST(Quantised, FullPrecisionLeavesEveryBitAndZerosStayZeros) {
  const std::vector<float> w = {0.1f, -1e-20f, 3.14159f}, zeros(4, 0.0f);
  EXPECT_EQ(quantised(w, 32), w);
  EXPECT_EQ(quantised(zeros, 4), zeros);
  EXPECT_TRUE(quantised({}, 4).empty());
  const std::vector<float> fine = quantised(w, 24);
  for (std::size_t i = 0; i < w.size(); ++i) EXPECT_NEAR(fine[i], w[i], 3.14159 / (1 << 23));
}

Population population(std::uint64_t n, const NeuronModel& model = Lif{}) {
  Population p;
  p.name = "hidden";
  p.shape = {n};
  p.kind = model;
  return p;
}

std::vector<double> taus(const std::vector<NeuronModel>& neurons, std::size_t which) {
  std::vector<double> values;
  for (NeuronModel n : neurons) values.push_back(*time_constants(n).at(which));
  return values;
}

double mean(const std::vector<double>& x) { return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size()); }

double variation(const std::vector<double>& x) {
  const double m = mean(x);
  double squares = 0;
  for (const double y : x) squares += (y - m) * (y - m);
  return std::sqrt(squares / static_cast<double>(x.size())) / m;
}

TEST(Mismatch, KeepsTheMeanAndHasTheStatedCoefficientOfVariation) {
  const Population p = population(20'000);
  for (const double level : {0.05, 0.2, 0.3}) {
    const Mismatch m{level, 1, 0};
    const std::vector<double> thresholds = m.thresholds(p, std::vector<double>(p.size(), 2.0));
    for (const std::vector<double>& x : {thresholds, taus(m.neurons(p), 0), taus(m.neurons(p), 1)}) {
      EXPECT_NEAR(variation(x), level, 0.02 * level);
      EXPECT_GT(*std::min_element(x.begin(), x.end()), 0);
    }
    EXPECT_NEAR(mean(thresholds), 2, 0.02);
    EXPECT_NEAR(mean(taus(m.neurons(p), 0)), 20, 0.2);
  }
}

TEST(Mismatch, ReachesEveryTimeConstantOfEveryModelByItself) {
  LifExp synaptic;
  synaptic.tau_syn_inhibitory_ms = 7;
  for (const auto& [model, count] : {std::pair<NeuronModel, std::size_t>{Lif{}, 2}, {If{}, 2}, {Li{}, 2}, {Alif{}, 3}, {synaptic, 4}}) {
    const std::vector<NeuronModel> neurons = Mismatch{0.2, 1, 0}.neurons(population(3, model));
    NeuronModel nominal = model;
    ASSERT_EQ(time_constants(nominal).size(), count);
    std::vector<double> factors;
    for (std::size_t k = 0; k < count; ++k)
      for (const double tau : taus(neurons, k)) factors.push_back(tau / *time_constants(nominal)[k]);
    std::sort(factors.begin(), factors.end());
    EXPECT_EQ(std::adjacent_find(factors.begin(), factors.end()), factors.end()) << model_name(model);
  }
}

TEST(Mismatch, DrawsDifferAndAreReproducible) {
  const Population p = population(8);
  const auto first = taus(Mismatch{0.2, 1, 0}.neurons(p), 0);
  EXPECT_EQ(taus(Mismatch{0.2, 1, 0}.neurons(p), 0), first);
  EXPECT_NE(taus(Mismatch{0.2, 1, 1}.neurons(p), 0), first);
  EXPECT_NE(taus(Mismatch{0.2, 2, 0}.neurons(p), 0), first);
}

TEST(Mismatch, OfNothingChangesNoBit) {
  const Population p = population(5);
  EXPECT_EQ(taus(Mismatch{0, 1, 0}.neurons(p), 0), std::vector<double>(5, 20.0));
  const std::vector<double> odd = {0.1, 0.3, 1.0 / 3, 2, 5};
  EXPECT_EQ((Mismatch{0, 1, 0}.thresholds(p, odd)), odd);
}

TEST(Mismatch, OfThresholdsIsOfTheirDistanceFromRest) {
  Lif model;
  model.v_rest_mv = -65;
  const Population p = population(2000, model);
  const std::vector<double> thresholds = Mismatch{0.2, 1, 0}.thresholds(p, std::vector<double>(p.size(), -50.0));
  EXPECT_NEAR(mean(thresholds), -50, 0.3);
  EXPECT_GT(*std::min_element(thresholds.begin(), thresholds.end()), -65);
}

TEST(SpreadEvenly, TakesItemsFromTheWholeList) {
  const std::vector<std::size_t> items = {10, 11, 12, 13, 14, 15, 16, 17, 18, 19};
  EXPECT_EQ(spread_evenly(items, 0), items);
  EXPECT_EQ(spread_evenly(items, 11), items);
  EXPECT_EQ(spread_evenly(items, 3), (std::vector<std::size_t>{10, 13, 16}));
}

TEST(PresentationTimes, EndWithTheTest) {
  const auto ms = [](double test) {
    std::vector<double> times;
    for (const Time t : presentation_times(from_ms(test))) times.push_back(to_ms(t));
    return times;
  };
  EXPECT_EQ(ms(40), (std::vector<double>{1, 2, 3, 5, 8, 10, 15, 20, 30, 40}));
  EXPECT_EQ(ms(41.5), (std::vector<double>{1, 2, 3, 5, 8, 10, 15, 20, 30, 40, 41.5}));
  EXPECT_EQ(ms(0.5), std::vector<double>{0.5});
  EXPECT_EQ(ms(150).back(), 150);
  EXPECT_EQ(ms(151).at(13), 150);
}

}  // namespace
}  // namespace spikeloop
