// SPDX-License-Identifier: Apache-2.0
#include "core/dataset.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "core/trial.hpp"

namespace spikeloop {
namespace {

/// 60 samples of three classes (30, 20, 10) with one feature that is the sample's number.
Dataset numbered() {
  Dataset data;
  data.features = 1, data.shape = {1}, data.classes = 3, data.folds = 10, data.validation_from_train = 0.1;
  for (std::uint32_t i = 0; i < 60; ++i) data.samples.push_back(static_cast<float>(i)), data.labels.push_back(i < 30 ? 0 : i < 50 ? 1 : 2);
  return data;
}

TEST(Folds, EverySampleIsTestedOnceInTenSeeds) {
  const Dataset data = numbered();
  std::multiset<std::size_t> tested;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Dataset part = part_of_seed(data, seed);
    tested.insert(part.test.begin(), part.test.end());
    EXPECT_EQ(part.test.size(), 6u);
    EXPECT_EQ(part.validation.size(), 5u);
    std::set<std::size_t> all(part.test.begin(), part.test.end());
    all.insert(part.train.begin(), part.train.end()), all.insert(part.validation.begin(), part.validation.end());
    EXPECT_EQ(all.size(), 60u);
    std::array<int, 3> classes{};
    for (const std::size_t i : part.test) ++classes[data.labels[i]];
    EXPECT_EQ(classes, (std::array<int, 3>{3, 2, 1})) << "stratified";
  }
  for (std::size_t i = 0; i < 60; ++i) EXPECT_EQ(tested.count(i), 1u);
}

TEST(Folds, TheDivisionChangesAfterAllFoldsAndIsReproducible) {
  const Dataset data = numbered();
  EXPECT_EQ(part_of_seed(data, 3).test, part_of_seed(data, 3).test);
  EXPECT_NE(part_of_seed(data, 3).test, part_of_seed(data, 13).test);
}

TEST(Folds, FeaturesAreScaledByWhatIsTrainedOn) {
  const Dataset data = numbered(), part = part_of_seed(data, 1);
  const auto [least, most] = std::minmax_element(part.train.begin(), part.train.end());
  for (std::size_t i = 0; i < 60; ++i) {
    const float x = (static_cast<float>(i) - static_cast<float>(*least)) / static_cast<float>(*most - *least);
    EXPECT_FLOAT_EQ(part.samples[i], std::clamp(x, 0.0f, 1.0f));
  }
}

TEST(YinYang, HasThePublishedClassCounts) {
  const Dataset data = make_yin_yang({});
  EXPECT_EQ(data.train.size(), 5000u);
  EXPECT_EQ(data.validation.size(), 1000u);
  EXPECT_EQ(data.test.size(), 1000u);
  std::array<int, 3> train{}, validation{};
  for (const std::size_t i : data.train) ++train[data.labels[i]];
  for (const std::size_t i : data.validation) ++validation[data.labels[i]];
  EXPECT_EQ(train, (std::array<int, 3>{1681, 1702, 1617}));
  EXPECT_EQ(validation, (std::array<int, 3>{316, 336, 348}));
  for (std::size_t i = 0; i < data.size(); ++i) EXPECT_FLOAT_EQ(data.samples[4 * i] + data.samples[4 * i + 2], 1);
}

TEST(InputValues, PopulationCodeHasEvenlySpacedBells) {
  RateEncoding encode;
  encode.code = PopulationCode{5};
  std::vector<float> values;
  const std::vector<float> sample = {0.25f, 1.0f};
  const std::vector<std::size_t> shape = {2};
  input_values(encode, sample, shape, {0, 0}, values);
  ASSERT_EQ(values.size(), encode.inputs(2));
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_FLOAT_EQ(values[i], std::exp(-0.5f * std::pow(1.0f - static_cast<float>(i), 2.0f)));
    EXPECT_FLOAT_EQ(values[5 + i], std::exp(-0.5f * std::pow(4.0f - static_cast<float>(i), 2.0f)));
  }
}

/// Far from its centre a neuron's rate is as good as nothing: its first spike is later than any time that can be written.
TEST(InputValues, TinyRatesAreSilent) {
  NetworkDescription d;
  Population in, out;
  in.name = "in", in.shape = {2}, in.kind = SourceModel{ExternalSource{}}, out.name = "out", out.kind = NeuronModel{Lif{}};
  d.populations = {in, out};
  Experiment e;
  e.encode.population = "in", e.readout.population = "out";
  const TrialPlan plan(e, Network(d));
  std::vector<Spike> spikes;
  const std::vector<float> values = {1e-30f, 1.0f};
  encode_sample(plan, values, 1, 1, from_ms(100), spikes);
  EXPECT_EQ(spikes.size(), 10u);
  for (const Spike& s : spikes) EXPECT_EQ(s.neuron, 1u);
}

TEST(InputValues, RepeatedTrainsFollowEachOther) {
  RateEncoding encode;
  encode.repeat = 3;
  std::vector<float> values;
  const std::vector<float> sample = {0.5f, 0.75f};
  const std::vector<std::size_t> shape = {2};
  input_values(encode, sample, shape, {0, 0}, values);
  EXPECT_EQ(values, (std::vector<float>{0.5f, 0.5f, 0.5f, 0.75f, 0.75f, 0.75f}));
}

TEST(InputValues, ImagesAreMovedAndWhatLeavesIsLost) {
  std::vector<float> values;
  const std::vector<float> sample = {1, 2, 3, 4, 5, 6};
  const std::vector<std::size_t> shape = {2, 3};
  input_values({}, sample, shape, {1, -1}, values);
  EXPECT_EQ(values, (std::vector<float>{0, 0, 0, 2, 3, 0}));
  input_values({}, sample, shape, {-1, 2}, values);
  EXPECT_EQ(values, (std::vector<float>{0, 0, 4, 0, 0, 0}));
}

TEST(InputValues, ShiftsAreUniformAndPerTrial) {
  RateEncoding encode;
  encode.shift = 1;
  std::map<std::array<int, 2>, int> seen;
  for (std::uint64_t trial = 0; trial < 9000; ++trial) ++seen[drawn_shift(encode, 5, trial)];
  EXPECT_EQ(seen.size(), 9u);
  for (const auto& [shift, n] : seen) EXPECT_NEAR(n, 1000, 140) << shift[0] << ' ' << shift[1];
  EXPECT_EQ(drawn_shift({}, 5, 17), (std::array<int, 2>{0, 0}));
}

}  // namespace
}  // namespace spikeloop
