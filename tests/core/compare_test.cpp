// SPDX-License-Identifier: Apache-2.0
#include "core/compare.hpp"

#include <gtest/gtest.h>

namespace spikeloop {
namespace {

const NamedSpikes kReference{{"in", "out"}, {{10, 0, 0}, {20, 1, 0}, {30, 1, 0}, {30, 0, 1}}};

TEST(Compare, EqualRecordingsDoNotPart) {
  const SpikeComparison same = compare_spikes(kReference, kReference);
  EXPECT_TRUE(same.equal());
  ASSERT_EQ(same.populations.size(), 2u);
  EXPECT_EQ(same.populations[1].name, "out");
  EXPECT_EQ(same.populations[1].a, 2u);
  EXPECT_EQ(same.populations[1].shared, 2u);
}

TEST(Compare, PopulationsAreTheSameByNameWhateverTheirOrder) {
  const NamedSpikes turned{{"out", "in"}, {{30, 1, 1}, {10, 1, 0}, {30, 0, 0}, {20, 0, 0}}};
  EXPECT_TRUE(compare_spikes(kReference, turned).equal());
}

TEST(Compare, ALateSpikeIsTheFirstDivergenceAndSaysWhenItCameInBoth) {
  NamedSpikes later = kReference;
  later.spikes[1].time = 25;
  const auto first = compare_spikes(kReference, later).first;
  ASSERT_TRUE(first);
  EXPECT_EQ(first->time, 20);
  EXPECT_EQ(first->population, "out");
  EXPECT_EQ(first->neuron, 0u);
  EXPECT_EQ(first->a, 20);
  EXPECT_EQ(first->b, 25);
  EXPECT_TRUE(first->of_a());
  EXPECT_FALSE(compare_spikes(later, kReference).first->of_a());
  EXPECT_TRUE(compare_spikes(kReference, later, 5).equal());
  EXPECT_FALSE(compare_spikes(kReference, later, 4).equal());
}

TEST(Compare, AMissingSpikeIsTold) {
  NamedSpikes fewer = kReference;
  fewer.spikes.erase(fewer.spikes.begin() + 2);
  const SpikeComparison parted = compare_spikes(kReference, fewer);
  ASSERT_TRUE(parted.first);
  EXPECT_EQ(parted.first->time, 30);
  EXPECT_EQ(parted.first->a, 30);
  EXPECT_FALSE(parted.first->b);
  EXPECT_EQ(parted.populations[1].shared, 1u);
}

TEST(Compare, TheEarliestOfAllNeuronsIsFirst) {
  NamedSpikes other = kReference;
  other.spikes[2].time = 31, other.spikes[3].time = 29;
  const auto first = compare_spikes(kReference, other).first;
  ASSERT_TRUE(first);
  EXPECT_EQ(first->time, 29);
  EXPECT_EQ(first->population, "in");
  EXPECT_EQ(first->neuron, 1u);
}

TEST(Compare, APopulationThatOneAloneHasCountsWhereItSpikes) {
  NamedSpikes more = kReference;
  more.populations.push_back("more");
  EXPECT_TRUE(compare_spikes(kReference, more).equal());
  more.spikes.push_back({5, 2, 7});
  const auto first = compare_spikes(kReference, more).first;
  ASSERT_TRUE(first);
  EXPECT_EQ(first->population, "more");
  EXPECT_FALSE(first->a);
  EXPECT_EQ(first->b, 5);
}

}  // namespace
}  // namespace spikeloop
