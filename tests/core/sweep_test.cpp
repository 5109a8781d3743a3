// SPDX-License-Identifier: Apache-2.0
#include "core/sweep.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace spikeloop {
namespace {

const std::vector<SweepAxis> kAxes = {{"a", {"1", "2"}}, {"b", {"x", "y", "z"}}};

TEST(Sweep, GridHasEveryCombinationOnceAndItsLastFieldChangesFastest) {
  ASSERT_EQ(grid_size(kAxes), 6u);
  std::vector<std::string> all;
  for (std::uint64_t i = 0; i < 6; ++i) all.push_back(grid_values(kAxes, i)[0] + grid_values(kAxes, i)[1]);
  EXPECT_EQ(all, (std::vector<std::string>{"1x", "1y", "1z", "2x", "2y", "2z"}));
}

TEST(Sweep, NoFieldsAreOneCombinationAndTooManyDoNotOverflow) {
  EXPECT_EQ(grid_size({}), 1u);
  EXPECT_EQ(grid_size({{"a", {}}}), 0u);
  const SweepAxis wide{"a", std::vector<std::string>(1u << 16, "1")};
  EXPECT_EQ(grid_size({wide, wide, wide, wide}), UINT64_MAX);
  EXPECT_EQ(grid_size({wide, wide, wide}), std::uint64_t{1} << 48);
}

TEST(Sweep, RandomCombinationsAreDifferentOnesAndDependOnTheSeedAlone) {
  const auto drawn = random_combinations(1000, 50, 7);
  EXPECT_EQ(std::set<std::uint64_t>(drawn.begin(), drawn.end()).size(), 50u);
  EXPECT_LT(*std::max_element(drawn.begin(), drawn.end()), 1000u);
  EXPECT_EQ(random_combinations(1000, 50, 7), drawn);
  EXPECT_NE(random_combinations(1000, 50, 8), drawn);
  EXPECT_EQ(random_combinations(UINT64_MAX, 3, 1).size(), 3u);
}

TEST(Sweep, FewerRandomCombinationsAreTheBeginningOfMore) {
  const auto few = random_combinations(100, 5, 3), all = random_combinations(100, 200, 3);
  EXPECT_TRUE(std::equal(few.begin(), few.end(), all.begin()));
  EXPECT_EQ(std::set<std::uint64_t>(all.begin(), all.end()).size(), 100u);
}

TEST(Sweep, EveryCombinationIsDrawnAboutAsOften) {
  std::vector<int> first(10, 0);
  for (std::uint64_t seed = 0; seed < 2000; ++seed) ++first[random_combinations(10, 1, seed)[0]];
  for (const int n : first) EXPECT_NEAR(n, 200, 5 * std::sqrt(180.0));
}

SweepPoint point(std::size_t index, std::vector<double> accuracies) {
  SweepPoint p;
  p.index = index;
  for (const double accuracy : accuracies) p.runs.push_back({1, {0, 0, accuracy, 0, 0, 0}, 0});
  return p;
}

TEST(Sweep, BestMeanOverSeedsComesFirstAndUnfinishedPointsDoNotCount) {
  SweepResult result;
  result.points = {point(0, {0.5, 0.7}), point(1, {}), point(2, {0.9, 0.1}), point(3, {0.6, 0.6}), point(4, {0.8, 0.8})};
  std::vector<std::size_t> order;
  for (const SweepPoint* p : ranked(result)) order.push_back(p->index);
  EXPECT_EQ(order, (std::vector<std::size_t>{4, 0, 3, 2}));
  const MeanSpread m = over_seeds(result.points[0], &EpochResult::validation_accuracy);
  EXPECT_DOUBLE_EQ(m.mean, 0.6);
  EXPECT_DOUBLE_EQ(m.spread, std::sqrt(0.02));
  EXPECT_EQ(over_seeds(result.points[1], &EpochResult::help).mean, 0);
}

}  // namespace
}  // namespace spikeloop
