// SPDX-License-Identifier: Apache-2.0
// Trials of a batch run side by side on the same weights; how many threads share them makes no difference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "backends/simulator/simulator.hpp"
#include "core/experiment.hpp"
#include "tests/experiment/digits.hpp"

namespace spikeloop {
namespace {

struct Small : testing::Shipped {
  explicit Small(std::size_t batch) : Shipped("digits") {
    data.train.resize(40);
    data.validation.resize(10);
    data.test.resize(10);
    experiment.dataset.train.reset(), experiment.dataset.test.reset();
    experiment.epochs = 2;
    experiment.warm_up_samples = 17;
    experiment.batch = batch;
  }
  Trainer trainer(std::size_t workers) const { return Trainer(experiment, Network(network), *make_simulator(), data, 1, 0, workers); }
  std::uint64_t hash(std::size_t workers) const {
    Trainer t = trainer(workers);
    EXPECT_TRUE(t.run(testing::kGoOn, nullptr));
    std::uint64_t h = t.finish().weights_hash;
    for (std::size_t p = 0; p < t.network().populations().size(); ++p) {
      if (!t.network().populations()[p].homeostasis) continue;
      const auto theta = t.session().thresholds(p);
      h = hash_bytes(h, theta.data(), theta.size() * sizeof(double));
    }
    return h;
  }
};

TEST(Batch, ResultDoesNotDependOnTheWorkers) {
  const Small small(7);  // neither divides the epoch nor the warm-up
  const std::uint64_t one = small.hash(1);
  for (const std::size_t workers : {2, 3, 8}) EXPECT_EQ(small.hash(workers), one) << workers;
}

TEST(Batch, NorDoesItWhereFeedbackIsLearnedAndTheTrainingStopsEarly) {
  struct Learned : Small {
    Learned() : Small(7) {
      const testing::Shipped shipped("digits_feedback_learned");
      network = shipped.network;
      experiment.feedback_learning = shipped.experiment.feedback_learning;
      experiment.feedback_learning->samples = 20;
      experiment.epochs = 12, experiment.patience = 1;
    }
  };
  const Learned small;
  const std::uint64_t one = small.hash(1);
  for (const std::size_t workers : {2, 3}) EXPECT_EQ(small.hash(workers), one) << workers;
}

TEST(Batch, SizeMatters) { EXPECT_NE(Small(7).hash(1), Small(1).hash(1)); }

/// No trial of an epoch runs beside one of the next, or beside the warm-up: longer than an epoch is as long as an epoch.
TEST(Batch, EndsWithTheWarmUpAndWithEveryEpoch) { EXPECT_EQ(Small(1000).hash(1), Small(40).hash(1)); }

/// Sessions of one network, with the weights of a short training.
class BatchChanges : public ::testing::Test {
 protected:
  BatchChanges() : trained_(small_.trainer(1)) {
    std::atomic<bool> stop{false};
    trained_.run(stop, [&](const Progress& p) { stop = p.samples_done == 30; });
    program_ = make_simulator()->compile(network());
    state_ = trained_.session().save();
  }
  const Network& network() const { return trained_.network(); }
  std::unique_ptr<Session> start() const {
    auto session = program_->start();
    session->restore(state_);
    return session;
  }
  /// A session behind a trial with this label.
  std::unique_ptr<Session> taught(std::uint32_t label) const {
    auto session = start();
    session->reset(99);
    std::vector<Spike> input;
    const auto in = static_cast<std::uint32_t>(network().population_index(small_.experiment.encode.population));
    for (std::uint32_t k = 0; k < 300; ++k) input.push_back({from_ms(k / 8), in, (label + k) % 64});
    const auto target = static_cast<std::uint32_t>(network().population_index("ctrl.out.target"));
    for (const double ms : {10.0, 15.0, 20.0}) input.push_back({from_ms(ms), target, label});
    input.push_back({from_ms(10), target, 10});
    NullSink sink;
    session->advance(from_ms(60), input, sink);
    return session;
  }
  /// Everything that a commit changes.
  std::pair<std::vector<std::vector<float>>, std::vector<double>> learned(const Session& session) const {
    std::vector<std::vector<float>> weights;
    for (std::size_t k = 0; k < network().projections().size(); ++k) weights.push_back(session.weights(k));
    return {weights, session.thresholds(network().population_index("hidden"))};
  }

  Small small_{1};
  Trainer trained_;
  std::shared_ptr<const Program> program_;
  State state_;
};

/// Twice the same network and input, once committed directly, once by way of the changes.
TEST_F(BatchChanges, TakenAndCommittedAreACommit) {
  const auto direct = taught(3), round = taught(3);
  const auto before = learned(*round);
  const std::vector<Changes> changes = {round->take_changes()};
  round->commit(std::span<const Changes>());  // nothing is left to be committed
  EXPECT_EQ(learned(*round), before);
  direct->commit();
  EXPECT_NE(learned(*direct).first, before.first);
  EXPECT_NE(learned(*direct).second, before.second);
  round->commit(changes);
  EXPECT_EQ(learned(*round), learned(*direct));
}

/// Those of every trial count, also in a session that ran none of them.
TEST_F(BatchChanges, OfTwoTrialsAreThoseOfOneAfterThoseOfTheOther) {
  const std::vector<Changes> changes = {taught(3)->take_changes(), taught(7)->take_changes()};
  const auto together = start(), one = start(), by_one = start();
  together->commit(changes);
  one->commit(std::span(changes).first(1));
  by_one->commit(std::span(changes).first(1)), by_one->commit(std::span(changes).last(1));
  const auto [weights, thresholds] = learned(*together);
  const auto [weights_by_one, thresholds_by_one] = learned(*by_one);
  for (std::size_t k = 0; k < weights.size(); ++k)
    for (std::size_t i = 0; i < weights[k].size(); ++i) ASSERT_NEAR(weights[k][i], weights_by_one[k][i], 1e-6) << k << ' ' << i;  // float32
  for (std::size_t j = 0; j < thresholds.size(); ++j) EXPECT_NEAR(thresholds[j], thresholds_by_one[j], 1e-12) << j;
  const std::size_t plastic = network().projection_index("hidden->out");
  double apart = 0;
  for (std::size_t i = 0; i < weights[plastic].size(); ++i)
    apart = std::max(apart, std::abs(double{weights[plastic][i]} - double{one->weights(plastic)[i]}));
  EXPECT_GT(apart, 1e-4) << "the second trial did something";
}

TEST(Batch, ResumesAtTheEndOfABatch) {
  const Small small(7);
  const std::uint64_t whole = small.hash(2);
  Trainer first = small.trainer(2);
  std::atomic<bool> stop{false};
  first.run(stop, [&](const Progress& p) { stop = p.samples_done > 30; });
  ASSERT_FALSE(first.done());
  Trainer second = small.trainer(3);
  second.restore(first.save());
  ASSERT_TRUE(second.run(testing::kGoOn, nullptr));
  std::uint64_t h = second.finish().weights_hash;
  for (std::size_t p = 0; p < second.network().populations().size(); ++p) {
    if (!second.network().populations()[p].homeostasis) continue;
    const auto theta = second.session().thresholds(p);
    h = hash_bytes(h, theta.data(), theta.size() * sizeof(double));
  }
  EXPECT_EQ(h, whole);
}

TEST(Batch, RulesThatChangeWeightsWithinATrialAreRefused) {
  Small small(4);
  small.network.rules.at(0).commit = Commit::kImmediate;
  const auto faults = validate(small.experiment, Network(small.network), &small.data);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].path, "batch");
  EXPECT_NE(faults[0].what.find("changes weights within a trial"), std::string::npos);
}

}  // namespace
}  // namespace spikeloop
