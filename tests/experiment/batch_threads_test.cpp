// SPDX-License-Identifier: Apache-2.0
// Trials of a batch run side by side on the same weights; how many threads share them makes no difference.
#include <gtest/gtest.h>

#include "backends/simulator/simulator.hpp"
#include "core/experiment.hpp"
#include "tests/experiment/digits.hpp"

namespace spikeloop {
namespace {

const std::atomic<bool> kGoOn{false};

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
    EXPECT_TRUE(t.run(kGoOn, nullptr));
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

/// Twice the same network and input, once committed directly, once by way of the changes.
TEST(Batch, TakingAndCommittingTheChangesIsCommitting) {
  const Small small(1);
  Trainer trained = small.trainer(1);
  std::atomic<bool> stop{false};
  trained.run(stop, [&](const Progress& p) { stop = p.samples_done == 30; });
  const auto program = make_simulator()->compile(trained.network());
  const State state = trained.session().save();
  const auto direct = program->start(), round = program->start();
  NullSink sink;
  for (Session* s : {direct.get(), round.get()}) {
    s->restore(state);
    s->reset(99);
    std::vector<Spike> input;
    const auto in = static_cast<std::uint32_t>(trained.network().population_index(small.experiment.encode.population));
    for (std::uint32_t k = 0; k < 300; ++k) input.push_back({from_ms(k / 8), in, k % 64});
    const auto target = static_cast<std::uint32_t>(trained.network().population_index("ctrl.out.target"));
    for (const double ms : {10.0, 15.0, 20.0}) input.push_back({from_ms(ms), target, 3});
    input.push_back({from_ms(10), target, 10});
    s->advance(from_ms(60), input, sink);
  }
  std::vector<Changes> changes = {round->take_changes()};
  const std::size_t plastic = trained.network().projection_index("hidden->out");
  const auto before = round->weights(plastic);
  round->commit(std::span<const Changes>());  // nothing is left to be committed
  EXPECT_EQ(round->weights(plastic), before);
  direct->commit();
  EXPECT_NE(direct->weights(plastic), before);
  round->commit(changes);
  for (std::size_t k = 0; k < trained.network().projections().size(); ++k) EXPECT_EQ(direct->weights(k), round->weights(k)) << k;
  for (std::size_t p = 0; p < trained.network().populations().size(); ++p) {
    const bool source = trained.network().populations()[p].is_source();
    if (!source) {
      EXPECT_EQ(direct->thresholds(p), round->thresholds(p)) << p;
    }
  }
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
  ASSERT_TRUE(second.run(kGoOn, nullptr));
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
