// SPDX-License-Identifier: Apache-2.0
// Where feedback weights come from: the product of the initial forward weights, or learned from apical noise.
#include <gtest/gtest.h>

#include <cmath>

#include "backends/simulator/simulator.hpp"
#include "core/controller.hpp"
#include "tests/experiment/digits.hpp"

namespace spikeloop {
namespace {

/// Correlation of the feedback weights of plus (or minus) with the transposed forward weights hidden -> out.
double alignment(const Network& network, Session& session, const std::string& controller = controller_plus("out")) {
  const std::vector<float> forward = session.weights(network.projection_index("hidden->out")),
                           feedback = session.weights(network.projection_index(controller + "->hidden.apical"));
  constexpr std::size_t kHidden = 128, kOutputs = 10;
  double fq = 0, ff = 0, qq = 0;
  for (std::size_t j = 0; j < kHidden; ++j)
    for (std::size_t k = 0; k < kOutputs; ++k) {
      const double f = forward[j * kOutputs + k], q = feedback[k * kHidden + j];
      fq += f * q, ff += f * f, qq += q * q;
    }
  return fq / std::sqrt(ff * qq + 1e-300);
}

struct SmallLearned : testing::Shipped {
  explicit SmallLearned(const char* name) : Shipped(name) {
    data.train.resize(200), data.validation.resize(10), data.test.resize(10);
    experiment.dataset.train.reset(), experiment.dataset.test.reset();
    experiment.epochs = 1;
  }
  Trainer trainer() const { return Trainer(experiment, Network(network), *make_simulator(), data, 1); }
};

/// Runs everything that comes before the first epoch.
void prelude(Trainer& trainer, const Experiment& e) {
  std::atomic<bool> stop{false};
  trainer.run(stop, [&](const Progress& p) { stop = p.samples_done == e.warm_up_samples + e.feedback_learning->samples; });
}

double learned_alignment(SmallLearned small, double noise_hz, const std::string& controller = controller_plus("out")) {
  small.experiment.feedback_learning->noise_hz = noise_hz;
  Trainer trainer = small.trainer();
  prelude(trainer, small.experiment);
  return alignment(trainer.network(), trainer.session(), controller);
}

TEST(FeedbackWeights, NoiseTeachesThemTheTransposedForwardWeights) {
  SmallLearned small("digits_feedback_learned");
  EXPECT_GT(learned_alignment(small, 100), 0.5);
  EXPECT_LT(learned_alignment(small, 100, controller_minus("out")), -0.5) << "minus sends the opposite";
  EXPECT_LT(std::abs(learned_alignment(small, 1e-6)), 0.3) << "without noise there is nothing to learn from";
}

TEST(FeedbackWeights, AreFixedOnceTheyAreLearned) {
  SmallLearned small("digits_feedback_learned");
  small.experiment.feedback_learning->samples = 50;
  Trainer trainer = small.trainer();
  const std::size_t plus = trainer.network().projection_index(controller_plus("out") + "->hidden.apical"),
                    in = trainer.network().projection_index("in->hidden");
  const auto initial = trainer.session().weights(in);
  prelude(trainer, small.experiment);
  const auto learned = trainer.session().weights(plus);
  EXPECT_NE(learned, std::vector<float>(learned.size(), 0.0f));
  EXPECT_EQ(trainer.session().weights(in), initial) << "forward weights wait";
  trainer.run(testing::kGoOn, nullptr);
  EXPECT_EQ(trainer.session().weights(plus), learned);
  EXPECT_NE(trainer.session().weights(in), initial);
}

TEST(FeedbackWeights, LearningThemCanBeStoppedAndResumedToTheBit) {
  SmallLearned small("digits_feedback_learned");
  small.experiment.warm_up_samples = 20, small.experiment.feedback_learning->samples = 30;
  Trainer whole = small.trainer();
  whole.run(testing::kGoOn, nullptr);
  const std::uint64_t expected = whole.finish(false).weights_hash;
  const std::size_t plus = whole.network().projection_index(controller_plus("out") + "->hidden.apical");
  const auto learned = whole.session().weights(plus);
  EXPECT_NE(learned, std::vector<float>(learned.size(), 0.0f));
  for (const std::size_t stop_after : {20u, 21u, 49u, 50u, 51u}) {
    Trainer first = small.trainer(), second = small.trainer();
    std::atomic<bool> stop{false};
    first.run(stop, [&](const Progress& p) { stop = p.samples_done == stop_after; });
    second.restore(first.save());
    second.run(testing::kGoOn, nullptr);
    EXPECT_EQ(second.finish(false).weights_hash, expected) << "stopped after " << stop_after;
    EXPECT_EQ(second.session().weights(plus), learned) << "stopped after " << stop_after;
  }
}

TEST(FeedbackWeights, TheProductIsAlignedFromTheStart) {
  SmallLearned small("digits_feedback_product");
  Trainer trainer = small.trainer();
  EXPECT_NEAR(alignment(trainer.network(), trainer.session()), 1, 1e-6);
}

TEST(FeedbackWeights, SayWhatIsMissingToLearnThem) {
  SmallLearned small("digits_feedback_learned");
  const auto faults = [&](auto&& change) {
    Experiment e = small.experiment;
    NetworkDescription d = small.network;
    change(e, d);
    std::string all;
    for (const Diagnostic& x : validate(e, Network(d), nullptr)) all += x.path + " " + x.what + "\n";
    return all;
  };
  EXPECT_EQ(faults([](Experiment&, NetworkDescription&) {}), "");
  EXPECT_NE(faults([](Experiment& e, NetworkDescription&) { e.feedback_learning->noise = {"hidden"}; }).find("not an external source"),
            std::string::npos);
  EXPECT_NE(faults([](Experiment& e, NetworkDescription&) { e.feedback_learning->noise = {"nose_up"}; }).find("does not have"),
            std::string::npos);
  EXPECT_NE(faults([](Experiment& e, NetworkDescription&) {
              e.feedback_learning->noise = {"noise_up", "noise_up"};
            }).find("twice"),
            std::string::npos);
  EXPECT_NE(faults([](Experiment& e, NetworkDescription&) { e.feedback_learning->noise = {"in"}; }).find("no apical port"),
            std::string::npos);
  EXPECT_NE(faults([](Experiment& e, NetworkDescription&) { e.feedback_learning->noise_hz = 1001; }).find("a spike a tick"),
            std::string::npos);
  EXPECT_NE(faults([](Experiment& e, NetworkDescription&) { e.feedback_learning->noise = {}; }).find("names no source"), std::string::npos);
  EXPECT_NE(faults([](Experiment&, NetworkDescription& d) { d.controllers[0].feedback[0].rule.clear(); }).find("nothing to learn"),
            std::string::npos);
}

}  // namespace
}  // namespace spikeloop
