// SPDX-License-Identifier: Apache-2.0
// What the claim says does not hold of networks that are broken. Each trains; that it does hold is among the short tests.
#include <gtest/gtest.h>

#include "tests/cli/claim_support.hpp"

namespace spikeloop::cli {
namespace {

using test::angles_as_described;
using test::broken;
using test::run_angles;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Feedback& feedback_to(NetworkDescription& d, const std::string& population) {
  for (Feedback& f : d.controllers.at(0).feedback)
    if (f.to == population) return f;
  throw BugError("no feedback to " + population);
}

void flip_stdp(NetworkDescription& d, const std::string& rule) {
  for (Rule& r : d.rules)
    if (r.name == rule) std::get<StdpFeedback>(r.kind).a_plus *= -1, std::get<StdpFeedback>(r.kind).a_minus *= -1;
}

TEST(ClaimAngles, stdp_of_the_opposite_sign_climbs_the_error) {
  for (const std::string layer : {"hidden", "out"}) {
    NetworkDescription d = angles_as_described();
    flip_stdp(d, layer);
    const std::string names = broken(run_angles(d)), where = layer == "out" ? "output" : "hidden";
    EXPECT_TRUE(has(names, where + ", STDP and differential Hebbian")) << names;
    EXPECT_TRUE(has(names, where + ", STDP and error: ")) << names;
  }
}

TEST(ClaimAngles, feedback_of_the_opposite_sign_breaks_both_layers) {
  NetworkDescription d = angles_as_described();
  for (Feedback& f : d.controllers.at(0).feedback) f.amplitude *= -1;
  const std::string names = broken(run_angles(d));
  EXPECT_TRUE(has(names, "hidden, STDP and error: ")) << names;
  EXPECT_TRUE(has(names, "output, STDP and error: ")) << names;
}

TEST(ClaimAngles, outputs_that_get_the_feedback_of_others_do_not_descend) {
  NetworkDescription d = angles_as_described();
  auto shuffled = std::make_shared<std::vector<double>>(100, 0.0);
  for (std::size_t k = 0; k < 10; ++k) (*shuffled)[k * 10 + (k + 3) % 10] = 1;
  feedback_to(d, "out").weights.kind = Listed{shuffled};
  const std::string names = broken(run_angles(d));
  EXPECT_TRUE(has(names, "output, STDP and error: ")) << names;
}

// Its sign alone would not matter: the forward weights align with whatever is fixed while the network is trained.
TEST(ClaimAngles, a_hidden_layer_without_feedback_does_not_descend) {
  NetworkDescription d = angles_as_described();
  feedback_to(d, "hidden").amplitude = 0;
  const std::string names = broken(run_angles(d));
  EXPECT_TRUE(has(names, "hidden, STDP and error: ")) << names;
  EXPECT_FALSE(has(names, "output, STDP and error: ")) << names;
}

// A pair in one tick only potentiates, so that equal amplitudes do not cancel at constant rates.
TEST(ClaimAngles, stdp_whose_areas_differ_learns_without_the_feedback_driving) {
  NetworkDescription d = angles_as_described();
  for (Rule& r : d.rules)
    if (r.name == "hidden") std::get<StdpFeedback>(r.kind).a_minus = std::get<StdpFeedback>(r.kind).a_plus;
  const std::string names = broken(run_angles(d));
  EXPECT_TRUE(has(names, "hidden, STDP along the error: left")) << names;
}

}  // namespace
}  // namespace spikeloop::cli
