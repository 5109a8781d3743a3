// SPDX-License-Identifier: Apache-2.0
// What the claim says does not hold of networks that are broken. Each is trained; that it does hold is among the short tests.
#include <gtest/gtest.h>

#include "tests/cli/claim_support.hpp"
#include "tests/cli/support.hpp"

namespace spikeloop::cli {
namespace {

using test::broken;
using test::ClaimStream;
using test::stream_as_described;

void expect_nothing_learned(const ClaimResult& result) {
  const std::string names = broken(result);
  for (const char* part : {"correlation with the target", "D² from the target", "help left"}) EXPECT_TRUE(test::contains(names, part));
}

FeedbackCurrent& rule(NetworkDescription& d) { return std::get<FeedbackCurrent>(d.rules.at(0).kind); }
Feedback& feedback(NetworkDescription& d) { return d.controllers.at(0).feedback.at(0); }

TEST_F(ClaimStream, nothing_is_learned_with_a_rate_of_zero) {
  NetworkDescription d = stream_as_described();
  rule(d).eta = 0;
  expect_nothing_learned(run(d));
}

TEST_F(ClaimStream, nothing_is_learned_without_feedback) {
  NetworkDescription d = stream_as_described();
  feedback(d).amplitude = 0;
  expect_nothing_learned(run(d));
}

TEST_F(ClaimStream, nothing_is_learned_from_feedback_of_the_opposite_sign) {
  NetworkDescription d = stream_as_described();
  feedback(d).amplitude *= -1;
  expect_nothing_learned(run(d));
}

TEST_F(ClaimStream, nothing_is_learned_from_the_feedback_of_others) {
  NetworkDescription d = stream_as_described();
  auto shuffled = std::make_shared<std::vector<double>>(200 * 200, 0.0);
  for (std::size_t k = 0; k < 200; ++k) (*shuffled)[k * 200 + (k + 67) % 200] = 1;
  feedback(d).weights.kind = Listed{shuffled};
  expect_nothing_learned(run(d));
}

// Help comes after what it corrects; without the relay's burst a synapse has forgotten its spike by then.
TEST_F(ClaimStream, a_relay_that_answers_without_lasting_is_not_enough) {
  NetworkDescription d = stream_as_described();
  for (Population& p : d.populations)
    if (p.name == "relay") std::get<LifExp>(std::get<NeuronModel>(p.kind)).tau_syn_ms = 2;
  for (Projection& p : d.projections)
    if (p.target == "relay") p.weight.kind = Constant{15};
  EXPECT_TRUE(test::contains(broken(run(d)), "correlation with the target"));
}

TEST_F(ClaimStream, equal_seeds_give_equal_results) {
  const ClaimResult a = run(stream_as_described()), b = run(stream_as_described());
  ASSERT_EQ(a.findings.size(), b.findings.size());
  for (std::size_t i = 0; i < a.findings.size(); ++i) EXPECT_EQ(a.findings[i].value, b.findings[i].value) << a.findings[i].name;
}

}  // namespace
}  // namespace spikeloop::cli
