// SPDX-License-Identifier: Apache-2.0
// A short version of what examples/ report: enough to fail when the mechanism is broken, not a measurement.
#include <gtest/gtest.h>

#include "backends/simulator/simulator.hpp"
#include "tests/experiment/digits.hpp"

namespace spikeloop {
namespace {

TrainingResult trained(const testing::Shipped& shipped) {
  Trainer trainer(shipped.experiment, Network(shipped.network), *make_simulator(), shipped.data, 1);
  trainer.run(std::atomic<bool>{false}, nullptr);
  return trainer.finish();
}

class Digits : public ::testing::TestWithParam<const char*> {};

TEST_P(Digits, FeedbackTeachesTheHiddenLayerAndIsNeededLessAndLess) {
  testing::Shipped shipped(GetParam());
  shipped.experiment.epochs = 10;
  const TrainingResult whole = trained(shipped);
  shipped.network = frozen_hidden(shipped.network, "out");
  shipped.experiment.thresholds_learn = false;
  const TrainingResult frozen = trained(shipped);
  EXPECT_GT(whole.test.accuracy, 0.93);
  EXPECT_GT(whole.test.accuracy, frozen.test.accuracy + 0.01);
  EXPECT_LT(whole.epochs.back().help, 0.8 * whole.epochs.front().help);  // learning is reducing the help
}

INSTANTIATE_TEST_SUITE_P(, Digits, ::testing::Values("digits", "digits_stdp"));

}  // namespace
}  // namespace spikeloop
