// SPDX-License-Identifier: Apache-2.0
#include "core/robustness.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "backends/simulator/simulator.hpp"
#include "core/trial.hpp"
#include "tests/experiment/digits.hpp"

namespace spikeloop {
namespace {

/// The shipped experiment, trained for a moment and tested.
class Robustness : public ::testing::Test {
 protected:
  Robustness() {
    shipped_.data.train.resize(300);
    shipped_.data.validation.clear();
    shipped_.data.test.resize(40);
    shipped_.experiment.epochs = 1;
    shipped_.experiment.warm_up_samples = 100;
    shipped_.experiment.robustness = RobustnessPlan{{32, 4}, {0, 0.3}, 2, 0};
    trainer_.emplace(shipped_.experiment, Network(shipped_.network), *make_simulator(), shipped_.data, 1);
    trainer_->run(testing::kGoOn, nullptr);
    reported_ = test();
  }
  Evaluation test() {
    return evaluate(shipped_.experiment, trainer_->network(), trainer_->session(), shipped_.data, shipped_.data.test, 1);
  }
  RobustnessResult probe(const RobustnessPlan& plan) {
    const TestedNetwork tested{
        &shipped_.experiment, &trainer_->network(), &trainer_->session(), &shipped_.data, shipped_.data.test, reported_.accuracy, 1};
    return probe_robustness(plan, tested, testing::kGoOn).value();
  }

  testing::Shipped shipped_{"digits"};
  std::optional<Trainer> trainer_;
  Evaluation reported_;
};

TEST_F(Robustness, FullPrecisionAndNoMismatchAreThePlainTest) {
  const RobustnessResult r = probe({{32}, {0}, 2, 0});
  EXPECT_EQ(r.samples, 40u);
  EXPECT_EQ(r.as_trained, reported_.accuracy);
  EXPECT_EQ(r.bits.at(0).accuracies, std::vector<double>{reported_.accuracy});
  EXPECT_EQ(r.mismatch.at(0).accuracies, std::vector<double>(2, reported_.accuracy));
}

TEST_F(Robustness, CoarseWeightsAndMismatchDoHarm) {
  ASSERT_GT(reported_.accuracy, 0.5);
  const RobustnessResult r = probe({{2}, {0.9}, 2, 0});
  EXPECT_LT(r.bits.at(0).accuracies.at(0), reported_.accuracy);
  for (const double accuracy : r.mismatch.at(0).accuracies) EXPECT_LT(accuracy, reported_.accuracy);
}

/// What is probed is what `quantise_by_neuron` makes of all plastic weights onto a population, and not of each projection by itself.
TEST_F(Robustness, PlasticWeightsOntoANeuronShareARange) {
  Session& session = trainer_->session();
  const auto accuracies = [&](bool together) {
    std::vector<double> all;
    for (const std::uint32_t bits : {2u, 3u, 4u}) {
      std::vector<std::pair<std::size_t, std::vector<float>>> kept;
      for (const std::vector<const char*>& names :
           {std::vector{"in->hidden", "bias->hidden", "pool->hidden"}, std::vector{"hidden->out"}}) {
        std::vector<WeightsOnto> onto;
        for (const char* name : names) {
          const std::size_t k = trainer_->network().projection_index(name);
          kept.emplace_back(k, session.weights(k));
          onto.push_back({session.weights(k), session.connectivity(k).targets});
        }
        if (together) quantise_by_neuron(onto, 128, bits);
        for (WeightsOnto& p : onto)
          if (!together) quantise_by_neuron(std::span(&p, 1), 128, bits);
        for (std::size_t i = 0; i < names.size(); ++i) session.set_weights(trainer_->network().projection_index(names[i]), onto[i].weights);
      }
      all.push_back(test().accuracy);
      for (const auto& [k, weights] : kept) session.set_weights(k, weights);
    }
    return all;
  };
  std::vector<double> probed;
  for (const RobustnessPoint& p : probe({{2, 3, 4}, {}, 1, 0}).bits) probed.push_back(p.accuracies.at(0));
  EXPECT_EQ(probed, accuracies(true));
  EXPECT_NE(probed, accuracies(false)) << "or the test would not tell them apart";
}

TEST_F(Robustness, IsReproducibleAndRestoresEverything) {
  const Session& session = trainer_->session();
  const Network& network = trainer_->network();
  const auto state = session.save();
  const auto weights = [&] { return session.weights(network.projection_index("hidden->out")); };
  const auto thresholds = [&] { return session.thresholds(network.population_index("hidden")); };
  const auto weights_before = weights();
  const auto thresholds_before = thresholds();
  const RobustnessResult first = probe({{4}, {0.3}, 3, 20});
  EXPECT_EQ(weights(), weights_before);
  EXPECT_EQ(thresholds(), thresholds_before);
  const Evaluation again = test();
  EXPECT_EQ(again.confusion, reported_.confusion);
  EXPECT_EQ(again.latency_ms, reported_.latency_ms);
  EXPECT_EQ(session.save().size(), state.size());
  const RobustnessResult second = probe({{4}, {0.3}, 3, 20});
  EXPECT_EQ(second.samples, 20u);
  EXPECT_EQ(second.as_trained, first.as_trained);
  EXPECT_EQ(second.bits[0].accuracies, first.bits[0].accuracies);
  EXPECT_EQ(second.mismatch[0].accuracies, first.mismatch[0].accuracies);
}

TEST_F(Robustness, StopsWhenToldToAndRestoresEverything) {
  const std::atomic<bool> stop{true};
  EXPECT_FALSE(trainer_->probe(reported_, stop));
  EXPECT_EQ(test().confusion, reported_.confusion);
  EXPECT_TRUE(trainer_->probe(reported_, testing::kGoOn));
}

TEST_F(Robustness, IsProbedOnlyWhereTheExperimentAsksForIt) {
  shipped_.experiment.robustness.reset();
  Trainer plain(shipped_.experiment, Network(shipped_.network), *make_simulator(), shipped_.data, 1);
  EXPECT_FALSE(plain.probe(reported_, testing::kGoOn));
}

TEST_F(Robustness, EveryFaultOfAPlanIsReported) {
  const auto faults_of = [&](RobustnessPlan plan) {
    shipped_.experiment.robustness = std::move(plan);
    std::vector<std::string> paths;
    for (const Diagnostic& d : validate(shipped_.experiment)) paths.push_back(d.path);
    return paths;
  };
  EXPECT_EQ(faults_of({}), std::vector<std::string>{});
  EXPECT_EQ(
      faults_of({{8, 1, 33}, {0.1, -0.1, 1.5}, 0, 0}),
      (std::vector<std::string>{"robustness.bits", "robustness.bits", "robustness.mismatch", "robustness.mismatch", "robustness.draws"}));
  EXPECT_EQ(faults_of({std::vector<std::uint32_t>(101, 8), {}, 1, 0}), std::vector<std::string>{"robustness"});
}

TEST_F(Robustness, TheLastPointOfTheTimeCurveIsTheReportedAccuracy) {
  const auto& curve = reported_.over_time;
  ASSERT_EQ(curve.size(), 10u);
  EXPECT_EQ(curve.back().ms, 40);
  EXPECT_EQ(curve.back().accuracy, reported_.accuracy);
  const auto spikes = [&](const char* name) {
    return static_cast<double>(reported_.counts.populations[trainer_->network().population_index(name)].spikes) / 40;
  };
  EXPECT_DOUBLE_EQ(curve.back().spikes, spikes("hidden") + spikes("pool") + spikes("out"));
  EXPECT_DOUBLE_EQ(curve.back().input_spikes, spikes("in"));
  for (std::size_t i = 1; i < curve.size(); ++i) EXPECT_GE(curve[i].spikes, curve[i - 1].spikes);
}

TEST_F(Robustness, TheTimeCurveIsWhatAShorterTestGives) {
  Experiment shorter = shipped_.experiment;
  shorter.test_ms = 30;  // where potentials are sampled, so that ties are decided as at an end
  const Evaluation e = evaluate(shorter, trainer_->network(), trainer_->session(), shipped_.data, shipped_.data.test, 1);
  EXPECT_EQ(reported_.over_time.at(8).ms, 30);
  EXPECT_EQ(reported_.over_time[8].accuracy, e.accuracy);
}

TEST(OverTime, TheRunningAnswerHasMostSpikesBeforeATime) {
  const testing::Shipped shipped{"digits"};
  const Network network(with_probes(shipped.network, shipped.experiment));
  const TrialPlan plan(shipped.experiment, network);
  TrialSink sink(plan);
  OverTime over_time(plan);
  EXPECT_TRUE(over_time.points().empty());
  sink.spike({0, plan.input, 3});
  sink.spike({2 * kMillisecond, plan.readout, 4});
  sink.spike({4 * kMillisecond, plan.readout, 2});
  sink.spike({4 * kMillisecond, static_cast<std::uint32_t>(network.population_index("hidden")), 0});
  std::vector<double> potentials(10, 0.0);
  potentials[4] = 0.5;
  const auto probe = std::find(plan.potential.begin(), plan.potential.end(), true) - plan.potential.begin();
  sink.sample(29 * kMillisecond, static_cast<std::uint32_t>(probe), potentials);
  sink.spike({35 * kMillisecond, plan.readout, 2});
  over_time.add(sink, 4);
  std::vector<double> accuracies;
  for (const TimePoint& p : over_time.points()) accuracies.push_back(p.accuracy);
  // 1 ms: nobody; 2 ms: the spike at 2 ms is not before it; 3 ms: 4; from 5 ms on a tie, to 2 but for 30 ms, where potentials are known.
  EXPECT_EQ(accuracies, (std::vector<double>{0, 0, 1, 0, 0, 0, 0, 0, 1, 0}));
  EXPECT_EQ(over_time.points().at(3).spikes, 3);
  EXPECT_EQ(over_time.points().at(0).input_spikes, 1);
}

}  // namespace
}  // namespace spikeloop
