// SPDX-License-Identifier: Apache-2.0
#include "cli/claims/stream.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "cli/claims/trains.hpp"
#include "cli/inputs.hpp"
#include "tests/cli/claim_support.hpp"
#include "tests/cli/support.hpp"

namespace spikeloop::cli {
namespace {

using test::broken;

NetworkDescription as_described() { return load_network_of(std::string(SPIKELOOP_SOURCE_DIR) + "/examples/claims/stream_network.txtpb"); }

/// Skips, and says so, where the data are not.
class ClaimStream : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("SPIKELOOP_DATA_DIR");
    data_ = folder ? folder : "";
    for (const char* file : {"oxford_input.bs1", "oxford_output.bs1"})
      if (!folder || !std::filesystem::exists(data_ / "events" / file))
        GTEST_SKIP() << "SKIPPED: events/" << file << " is not in SPIKELOOP_DATA_DIR";
  }
  ClaimResult run(const NetworkDescription& network) const { return stream(network, {1, true, data_}); }

  std::filesystem::path data_;
};

void expect_nothing_learned(const ClaimResult& result) {
  const std::string names = broken(result);
  for (const char* part : {"correlation with the target", "D² from the target", "help left"}) EXPECT_TRUE(test::contains(names, part));
}

FeedbackCurrent& rule(NetworkDescription& d) { return std::get<FeedbackCurrent>(d.rules.at(0).kind); }
Feedback& feedback(NetworkDescription& d) { return d.controllers.at(0).feedback.at(0); }

TEST_F(ClaimStream, holds) {
  const ClaimResult result = run(as_described());
  EXPECT_EQ(broken(result), "");
  EXPECT_TRUE(result.holds());
  EXPECT_EQ(result.plots.size(), 3u);
}

TEST_F(ClaimStream, nothing_is_learned_with_a_rate_of_zero) {
  NetworkDescription d = as_described();
  rule(d).eta = 0;
  expect_nothing_learned(run(d));
}

TEST_F(ClaimStream, nothing_is_learned_without_feedback) {
  NetworkDescription d = as_described();
  feedback(d).amplitude = 0;
  expect_nothing_learned(run(d));
}

TEST_F(ClaimStream, nothing_is_learned_from_feedback_of_the_opposite_sign) {
  NetworkDescription d = as_described();
  feedback(d).amplitude *= -1;
  expect_nothing_learned(run(d));
}

TEST_F(ClaimStream, nothing_is_learned_from_the_feedback_of_others) {
  NetworkDescription d = as_described();
  auto shuffled = std::make_shared<std::vector<double>>(200 * 200, 0.0);
  for (std::size_t k = 0; k < 200; ++k) (*shuffled)[k * 200 + (k + 67) % 200] = 1;
  feedback(d).weights.kind = Listed{shuffled};
  expect_nothing_learned(run(d));
}

// Help comes after what it corrects; without the relay's burst a synapse has forgotten its spike by then.
TEST_F(ClaimStream, a_relay_that_answers_without_lasting_is_not_enough) {
  NetworkDescription d = as_described();
  for (Population& p : d.populations)
    if (p.name == "relay") std::get<LifExp>(std::get<NeuronModel>(p.kind)).tau_syn_ms = 2;
  for (Projection& p : d.projections)
    if (p.target == "relay") p.weight.kind = Constant{15};
  EXPECT_TRUE(test::contains(broken(run(d)), "correlation with the target"));
}

TEST_F(ClaimStream, equal_seeds_give_equal_results) {
  const ClaimResult a = run(as_described()), b = run(as_described());
  ASSERT_EQ(a.findings.size(), b.findings.size());
  for (std::size_t i = 0; i < a.findings.size(); ++i) EXPECT_EQ(a.findings[i].value, b.findings[i].value) << a.findings[i].name;
}

TEST_F(ClaimStream, a_population_that_is_too_small_is_named_with_the_file) {
  NetworkDescription d = as_described();
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
    stream(as_described(), {1, true, empty.path()});
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
