// SPDX-License-Identifier: Apache-2.0
#include "core/experiment.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "backends/simulator/simulator.hpp"
#include "core/baseline.hpp"
#include "core/trial_runner.hpp"
#include "tests/experiment/digits.hpp"

namespace spikeloop {
namespace {

/// The shipped experiment, cut so that a test takes a moment.
struct Small : testing::Shipped {
  Small() : Shipped("digits") {
    data.train.resize(60);
    data.validation.resize(20);
    data.test.resize(20);
    experiment.dataset.train.reset(), experiment.dataset.test.reset();
    experiment.epochs = 2;
    experiment.warm_up_samples = 30;
  }
  Trainer trainer(std::uint64_t seed = 1) const { return Trainer(experiment, Network(network), *make_simulator(), data, seed); }
};

bool same(const EpochResult& a, const EpochResult& b) {
  return a.train_accuracy == b.train_accuracy && a.validation_accuracy == b.validation_accuracy && a.help == b.help &&
         a.hidden_spikes == b.hidden_spikes;
}

TEST(Trainer, ResumedAtAnyTrialItEndsBitIdentical) {
  const Small small;
  Trainer whole = small.trainer();
  ASSERT_TRUE(whole.run(testing::kGoOn, nullptr));
  const TrainingResult expected = whole.finish();
  for (const std::size_t stop_after : {1u, 30u, 31u, 89u, 90u, 149u}) {
    State state;
    {
      Trainer first = small.trainer();
      std::atomic<bool> stop{false};
      first.run(stop, [&](const Progress& p) { stop = p.samples_done == stop_after; });
      ASSERT_FALSE(first.done());
      state = first.save();
    }
    Trainer second = small.trainer();
    second.restore(state);
    ASSERT_TRUE(second.run(testing::kGoOn, nullptr));
    const TrainingResult resumed = second.finish();
    EXPECT_EQ(resumed.weights_hash, expected.weights_hash) << "stopped after " << stop_after;
    EXPECT_EQ(resumed.test.accuracy, expected.test.accuracy);
    EXPECT_TRUE(std::equal(resumed.epochs.begin(), resumed.epochs.end(), expected.epochs.begin(), expected.epochs.end(), same));
  }
}

TEST(Trainer, SeedsDiffer) {
  const Small small;
  Trainer one = small.trainer(1), two = small.trainer(2);
  one.run(testing::kGoOn, nullptr), two.run(testing::kGoOn, nullptr);
  EXPECT_NE(one.finish().weights_hash, two.finish().weights_hash);
}

TEST(Trainer, RefusesAForeignOrDamagedState) {
  const Small small;
  const State state = small.trainer().save();
  Small other;
  other.experiment.encode.max_hz = 200;
  Trainer foreign = other.trainer();
  EXPECT_THROW(foreign.restore(state), DescriptionError);
  Trainer good = small.trainer();
  for (const std::size_t size : {std::size_t{0}, std::size_t{7}, state.size() / 2, state.size() - 1})
    EXPECT_THROW(good.restore(State(state.begin(), state.begin() + static_cast<std::ptrdiff_t>(size))), DescriptionError) << size;
}

TEST(Trainer, WarmUpMovesThresholdsAndNotWeights) {
  Small small;
  Trainer trainer = small.trainer();
  Session& session = trainer.session();
  const std::size_t hidden = trainer.network().population_index("hidden"), weights = trainer.network().projection_index("in->hidden");
  const auto thresholds_before = session.thresholds(hidden);
  const auto weights_before = session.weights(weights);
  std::atomic<bool> stop{false};
  trainer.run(stop, [&](const Progress& p) { stop = p.samples_done == 30; });
  EXPECT_NE(session.thresholds(hidden), thresholds_before);
  EXPECT_EQ(session.weights(weights), weights_before);
}

TEST(Trainer, AControlWithFrozenHiddenLayersLearnsOnlyTheReadout) {
  Small small;
  small.network = frozen_hidden(small.network, "out");
  small.experiment.thresholds_learn = false;
  Trainer trainer = small.trainer();
  const auto weights = [&](const char* name) { return trainer.session().weights(trainer.network().projection_index(name)); };
  const auto hidden = weights("in->hidden"), pool = weights("pool->hidden"), out = weights("hidden->out");
  trainer.run(testing::kGoOn, nullptr);
  EXPECT_EQ(weights("in->hidden"), hidden);
  EXPECT_EQ(weights("pool->hidden"), pool);
  EXPECT_NE(weights("hidden->out"), out);
  for (const Projection& p : trainer.network().projections())
    EXPECT_FALSE(p.target == "hidden" && p.port != Port::kBasal) << "feedback drives the frozen layer";
}

/// Early stop ends the training where validation no longer gets better, and keeps the weights of where it was best.
class EarlyStop : public ::testing::Test {
 protected:
  EarlyStop() {
    small_.experiment.epochs = 40;
    small_.experiment.anneal_to = 1;  // so that an epoch does not depend on how many follow
    small_.experiment.patience = 2;
    trainer_.emplace(small_.trainer());
    trainer_->run(testing::kGoOn, nullptr);
    for (std::size_t k = 1; k < epochs().size(); ++k)
      if (epochs()[k].validation_accuracy > epochs()[best_].validation_accuracy) best_ = k;
  }
  const std::vector<EpochResult>& epochs() const { return trainer_->epochs(); }
  static std::size_t trials_of(std::size_t epochs) { return 30 + 60 * epochs; }
  Trainer stopped_after(const Small& small, std::size_t trials) const {
    Trainer trainer = small.trainer();
    std::atomic<bool> stop{false};
    trainer.run(stop, [&](const Progress& p) { stop = p.samples_done == trials; });
    return trainer;
  }
  /// Everything that was learned.
  static std::pair<std::vector<std::vector<float>>, std::vector<double>> learned(Trainer& trainer) {
    std::vector<std::vector<float>> weights;
    for (std::size_t k = 0; k < trainer.network().projections().size(); ++k) weights.push_back(trainer.session().weights(k));
    return {weights, trainer.session().thresholds(trainer.network().population_index("hidden"))};
  }
  /// The same training without early stop, as it was after so many epochs.
  auto learned_after(std::size_t epochs) const {
    Small plain = small_;
    plain.experiment.patience.reset();
    Trainer trainer = stopped_after(plain, trials_of(epochs));
    return learned(trainer);
  }

  Small small_;
  std::optional<Trainer> trainer_;
  std::size_t best_ = 0;
};

TEST_F(EarlyStop, EndsAfterPatienceAndKeepsTheBestWeights) {
  ASSERT_TRUE(trainer_->done());
  ASSERT_LT(epochs().size(), 40u);
  EXPECT_EQ(epochs().size() - 1 - best_, 2u);
  EXPECT_EQ(learned(*trainer_), learned_after(best_ + 1));
  EXPECT_NE(learned(*trainer_), learned_after(epochs().size())) << "the last are others";
  const Evaluation again = evaluate(small_.experiment, trainer_->network(), trainer_->session(), small_.data, small_.data.validation, 1);
  EXPECT_EQ(again.accuracy, epochs()[best_].validation_accuracy);
  EXPECT_EQ(trainer_->finish(false).kept_epoch, best_);
}

TEST_F(EarlyStop, KeepsTheBestWeightsTooWhereTheEpochsRunOutBeforePatience) {
  small_.experiment.epochs = best_ + 2;
  Trainer trainer = small_.trainer();
  ASSERT_TRUE(trainer.run(testing::kGoOn, nullptr));
  EXPECT_EQ(trainer.epochs().size(), best_ + 2);
  EXPECT_EQ(learned(trainer), learned(*trainer_));
  EXPECT_EQ(trainer.finish(false).kept_epoch, best_);
}

/// Patience is not renewed by epochs that answer as many samples: one sample is right early, and stays right.
TEST_F(EarlyStop, AnEpochThatIsAsGoodAsTheBestIsNotBetter) {
  small_.data.validation.resize(1);
  Trainer trainer = small_.trainer();
  trainer.run(testing::kGoOn, nullptr);
  std::size_t first = 0;
  while (first < trainer.epochs().size() && trainer.epochs()[first].validation_accuracy < 1) ++first;
  ASSERT_LT(first, trainer.epochs().size());
  EXPECT_EQ(trainer.epochs().back().validation_accuracy, 1);
  EXPECT_EQ(trainer.epochs().size(), first + 3);
  EXPECT_EQ(trainer.finish(false).kept_epoch, first);
}

TEST_F(EarlyStop, GoesOnWhereItWasWithTheBestBehindIt) {
  const std::uint64_t hash = trainer_->finish(false).weights_hash;
  Trainer half = stopped_after(small_, trials_of(best_ + 2) - 5), rest = small_.trainer(), finished = small_.trainer();
  rest.restore(half.save());
  EXPECT_FALSE(rest.done());
  rest.run(testing::kGoOn, nullptr);
  EXPECT_EQ(rest.epochs().size(), epochs().size());
  finished.restore(trainer_->save());
  EXPECT_TRUE(finished.done()) << "it stopped, though epochs were left";
  for (Trainer* trainer : {&rest, &finished}) {
    EXPECT_EQ(learned(*trainer), learned(*trainer_));
    const TrainingResult r = trainer->finish(false);
    EXPECT_EQ(r.weights_hash, hash);
    EXPECT_EQ(r.kept_epoch, best_);
  }
}

TEST(Trainer, CannotStopEarlyWithoutAValidationPart) {
  Small small;
  small.experiment.patience = 2;
  small.data.validation.clear();
  const auto faults = validate(small.experiment, Network(small.network), &small.data);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].path, "early_stop");
}

TEST(Evaluation, ChangesNothingAndCountsEveryAnswerOnce) {
  const Small small;
  Trainer trainer = small.trainer();
  trainer.run(testing::kGoOn, nullptr);
  const auto before = trainer.session().weights(trainer.network().projection_index("in->hidden"));
  const Evaluation a = evaluate(small.experiment, trainer.network(), trainer.session(), small.data, small.data.test, 1);
  const Evaluation b = evaluate(small.experiment, trainer.network(), trainer.session(), small.data, small.data.test, 1);
  EXPECT_EQ(a.confusion, b.confusion);
  EXPECT_EQ(trainer.session().weights(trainer.network().projection_index("in->hidden")), before);
  std::uint32_t answers = 0, right = 0;
  for (std::size_t i = 0; i < a.confusion.size(); ++i)
    for (std::size_t j = 0; j < a.confusion[i].size(); ++j) answers += a.confusion[i][j], right += i == j ? a.confusion[i][j] : 0;
  EXPECT_EQ(answers, small.data.test.size());
  EXPECT_DOUBLE_EQ(a.accuracy, right / static_cast<double>(answers));
  EXPECT_EQ(a.counts.simulated, static_cast<Time>(small.data.test.size()) * from_ms(small.experiment.test_ms));
}

TEST(Evaluation, TheControllerIsSilentAtInference) {
  const Small small;
  Trainer trainer = small.trainer();
  trainer.run(testing::kGoOn, nullptr);
  const Evaluation e = evaluate(small.experiment, trainer.network(), trainer.session(), small.data, small.data.test, 1);
  EXPECT_GT(e.counts.populations[trainer.network().population_index("out")].spikes, 0u);
  for (const std::string& name : {controller_plus("out"), controller_minus("out"), controller_target("out")})
    EXPECT_EQ(e.counts.populations[trainer.network().population_index(name)].spikes, 0u) << name;
}

TEST(Experiment, EveryFaultIsReportedAtOnce) {
  Small small;
  small.experiment.encode.population = "inn";
  small.experiment.readout.population = "pool";
  small.experiment.free_ms = -1;
  small.experiment.epochs = 0;
  const auto faults = validate(small.experiment, Network(small.network), &small.data);
  ASSERT_EQ(faults.size(), 4u);
  EXPECT_EQ(faults[0].path, "trial.free_ms");
  EXPECT_EQ(faults[1].path, "epochs");
  EXPECT_EQ(faults[2].path, "encode.rate.population");
  EXPECT_NE(faults[2].suggestion.find("\"in\""), std::string::npos);
  EXPECT_EQ(faults[3].path, "readout.population");
}

TEST(Experiment, PhasesAreWholeTicksAndASplitHasTheStatedSizes) {
  Small small;
  small.experiment.free_ms = 30.5;
  small.experiment.dataset.test = 21;
  const auto faults = validate(small.experiment, Network(small.network), &small.data);
  ASSERT_EQ(faults.size(), 2u);
  EXPECT_EQ(faults[0].path, "trial.free_ms");
  EXPECT_EQ(faults[1].path, "dataset.split.test");
}

/// What is owed is asked for as soon as teaching begins.
TEST(Trainer, WithALeadTheControllerIsThereWhenTheFeedbackPhaseBegins) {
  Small small;
  const Network network(with_probes(small.network, small.experiment));
  const auto first_help = [&] {
    const TrialPlan plan(small.experiment, network);
    TrialRunner runner(plan, make_simulator()->compile(network)->start(), small.data, 1);
    Time first = plan.free + plan.feedback;
    for (const Spike& s : runner.show(1, 0))
      if (plan.controller[s.population]) first = std::min(first, s.time);
    return to_ms(first - plan.free);
  };
  EXPECT_GT(first_help(), 4) << "a second target spike is waited for, after 5 ms";
  small.experiment.lead_ms = small.experiment.free_ms;
  EXPECT_LT(first_help(), 2) << "the spike that switches teaching on is under way for 1 ms";
  Trainer trainer = small.trainer();
  trainer.run(testing::kGoOn, nullptr);
  EXPECT_EQ(trainer.session().counts().late, 0u);
}

TEST(Experiment, ALeadIsInsideTheFreePhase) {
  Small small;
  small.experiment.lead_ms = small.experiment.free_ms + 1;
  const auto faults = validate(small.experiment, Network(small.network), &small.data);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_EQ(faults[0].path, "trial.lead_ms");
  small.experiment.lead_ms = small.experiment.free_ms;
  EXPECT_TRUE(validate(small.experiment, Network(small.network), &small.data).empty());
}

/// The paths and texts of the faults, a line each.
std::string faults_of(const Experiment& e, const NetworkDescription& network) {
  std::string all;
  for (const Diagnostic& d : validate(e, Network(network), nullptr)) all += d.path + " " + d.what + " -> " + d.suggestion + "\n";
  return all;
}

/// Rules that wait for feedback which never comes would train for hours and change no weight.
TEST(Experiment, RulesThatWaitForFeedbackWhichNeverComesAreOneFault) {
  const Small small;
  const auto faults = [&](auto&& change) {
    Experiment e = small.experiment;
    NetworkDescription d = small.network;
    change(e, d);
    return faults_of(e, d);
  };
  using E = Experiment;
  using D = NetworkDescription;
  EXPECT_EQ(faults([](E&, D&) {}), "");
  const std::string open = faults([](E&, D& d) { d.controllers.clear(); });
  EXPECT_EQ(
      open,
      "network can learn nothing: rule \"out\" of hidden->out changes weights only while feedback is active, but in training no spike "
      "reaches an apical or modulator port of \"out\", and no other rule could change a weight either -> add `controllers { "
      "population: \"out\" ... feedback { to: \"out\" ... } }`\n");
  const std::string elsewhere = faults([](E&, D& d) { d.controllers[0].population = "pool", d.controllers[0].feedback.pop_back(); });
  EXPECT_NE(elsewhere.find("; in training only the controller of the readout gets a target"), std::string::npos) << elsewhere;
  const std::string to_others = faults([](E&, D& d) {
    d.controllers[0].feedback.pop_back();
    d.controllers[0].feedback[0].to = "pool", d.controllers[0].feedback[0].weights.kind = Constant{1};
  });
  EXPECT_NE(to_others.find("add `feedback { to: \"out\" ... }` to the controller of \"out\""), std::string::npos) << to_others;
  const std::string no_time = faults([](E& e, D&) { e.feedback_ms = 0; });
  EXPECT_NE(no_time.find("trial.feedback_ms is 0"), std::string::npos) << no_time;
  for (const std::string& text : {open, elsewhere, to_others, no_time}) EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
}

/// What is found to learn nothing learns nothing, and what is not, learns.
TEST(Experiment, AFaultOfTeachingIsFoundWhereNoWeightChangesAndOnlyThere) {
  Small small;
  small.experiment.epochs = 1, small.experiment.warm_up_samples = 0;
  const auto learns = [&](const NetworkDescription& d) {
    Trainer trainer(small.experiment, Network(d), *make_simulator(), small.data, 1);
    const Network& network = trainer.network();
    std::vector<std::vector<float>> before, after;
    for (auto* weights : {&before, &after}) {
      for (std::size_t k = 0; k < network.projections().size(); ++k) weights->push_back(trainer.session().weights(k));
      trainer.run(testing::kGoOn, nullptr);
    }
    return before != after;
  };
  const auto expect = [&](bool learned, const char* what, auto&& change) {
    NetworkDescription d = small.network;
    d.controllers.clear();
    change(d);
    EXPECT_EQ(faults_of(small.experiment, d).empty(), learned) << what;
    EXPECT_EQ(learns(d), learned) << what;
  };
  const auto teach_by = [](NetworkDescription& d, const SourceModel& source, Port port) {
    Population teacher;
    teacher.name = "teacher", teacher.shape = {1}, teacher.kind = source;
    d.populations.push_back(teacher);
    Projection p;
    p.source = "teacher", p.target = "hidden", p.port = port, p.weight.kind = Constant{1}, p.delay_ms.kind = Constant{1};
    d.projections.push_back(p);
  };
  expect(false, "nobody teaches", [](NetworkDescription&) {});
  expect(true, "a source of spikes", [&](NetworkDescription& d) { teach_by(d, PoissonSource{200}, Port::kModulator); });
  expect(false, "on the basal port", [&](NetworkDescription& d) { teach_by(d, PoissonSource{200}, Port::kBasal); });
  expect(false, "an external source, silent", [&](NetworkDescription& d) { teach_by(d, ExternalSource{}, Port::kApical); });
  expect(false, "a current has no spikes", [&](NetworkDescription& d) { teach_by(d, CurrentSource{{{0, 1}}}, Port::kApical); });
  expect(true, "the network itself", [](NetworkDescription& d) {
    Projection p;
    p.source = "in", p.target = "out", p.port = Port::kApical, p.weight.kind = Constant{0.01}, p.delay_ms.kind = Constant{1};
    p.name = "in->out.apical";
    d.projections.push_back(p);
  });
  expect(true, "a rule that does not wait", [](NetworkDescription& d) { d.rules[0].kind = Stdp{}; });
}

TEST(LinearBaseline, SeparatesWhatIsLinearlySeparable) {
  Dataset d;
  d.features = 2, d.classes = 2;
  for (int i = 0; i < 40; ++i) {
    const float x = static_cast<float>(i % 8) / 8, y = static_cast<float>(i / 8) / 5;
    d.samples.insert(d.samples.end(), {x, y});
    d.labels.push_back(x + y > 0.8f);
    (i % 4 == 0 ? d.test : i % 4 == 1 ? d.validation : d.train).push_back(static_cast<std::size_t>(i));
  }
  EXPECT_GE(linear_baseline(d), 0.9);
}

}  // namespace
}  // namespace spikeloop
