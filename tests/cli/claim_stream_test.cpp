// SPDX-License-Identifier: Apache-2.0
#include "cli/claims/stream.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "cli/claims/trains.hpp"
#include "tests/cli/claim_support.hpp"
#include "tests/cli/support.hpp"

namespace spikeloop::cli {
namespace {

using test::broken;
using test::ClaimStream;
using test::stream_as_described;

TEST_F(ClaimStream, holds) {
  const ClaimResult result = run(stream_as_described());
  EXPECT_EQ(broken(result), "");
  EXPECT_TRUE(result.holds());
  EXPECT_EQ(result.plots.size(), 3u);
}

TEST_F(ClaimStream, a_population_that_is_too_small_is_named_with_the_file) {
  NetworkDescription d = stream_as_described();
  for (Population& p : d.populations) p.shape = {100};
  try {
    run(d);
    ADD_FAILURE() << "no DescriptionError";
  } catch (const DescriptionError& error) {
    EXPECT_TRUE(test::contains(error.what(), "oxford_input.bs1"));
    EXPECT_TRUE(test::contains(error.what(), "but there are only 100"));
  }
}

TEST(ClaimStreamWithoutData, says_what_is_missing_and_where_to_get_it) {
  const char* folder = std::getenv("SPIKELOOP_DATA_DIR");
  const std::string kept = folder ? folder : "";
  const test::Folder empty;
  ::setenv("SPIKELOOP_DATA_DIR", empty.path().c_str(), 1);
  std::string text;
  try {
    stream(stream_as_described(), {1, true, empty.path()});
  } catch (const DescriptionError& error) {
    text = error.what();
  }
  ::setenv("SPIKELOOP_DATA_DIR", kept.c_str(), 1);
  EXPECT_TRUE(test::contains(text, "events/oxford_input.bs1"));
  EXPECT_TRUE(test::contains(text, "Oxford spike-train pair"));
}

// --- what it measures with ---

TEST(Trains, distance_is_that_of_the_formula) {
  const Trains one = {{100}}, other = {{120}}, silent = {{}}, two = {{100, 120}};
  EXPECT_NEAR(van_rossum(one, one, 20), 0, 1e-12);
  EXPECT_NEAR(van_rossum(silent, one, 20), 1, 1e-12);
  EXPECT_NEAR(van_rossum(other, one, 20), 2 * (1 - std::exp(-1)), 1e-12);    // 1 + 1 - 2 exp(-1), each half
  EXPECT_NEAR(van_rossum(one, two, 20), 1 / (2 + 2 * std::exp(-1)), 1e-12);  // one spike is missing
}

TEST(Trains, correlation_is_one_for_equal_trains_and_nothing_for_silence) {
  const Trains a = {{100, 300, 310}, {700}}, silent = {{}, {}}, elsewhere = {{700}, {100}};
  EXPECT_NEAR(correlation(a, a, 20, 1000), 1, 1e-12);
  EXPECT_EQ(correlation(silent, a, 20, 1000), 0);
  EXPECT_LT(correlation(elsewhere, a, 20, 1000), 0);
}

TEST(Trains, are_sorted_and_counted_from_the_start) {
  const std::vector<Spike> spikes = {{from_ms(30), 2, 1}, {from_ms(20), 2, 1}, {from_ms(5), 2, 1}, {from_ms(25), 1, 1}};
  EXPECT_EQ(trains_of(spikes, 2, 2, from_ms(10)), (Trains{{}, {10, 20}}));
}

}  // namespace
}  // namespace spikeloop::cli
