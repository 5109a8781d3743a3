// SPDX-License-Identifier: Apache-2.0
#include "core/trial.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "backends/simulator/simulator.hpp"
#include "core/controller.hpp"
#include "core/evaluate_recordings.hpp"
#include "core/trial_runner.hpp"
#include "tests/experiment/digits.hpp"

namespace spikeloop {
namespace {

class TrialTest : public ::testing::Test {
 protected:
  testing::Shipped shipped_{"digits"};
  Network network_{with_probes(shipped_.network, shipped_.experiment)};
  TrialPlan plan_{shipped_.experiment, network_};

  std::vector<Spike> encoded(std::span<const float> sample, std::uint64_t trial, Time until = kSecond) const {
    std::vector<Spike> spikes;
    encode_sample(plan_, sample, 1, trial, until, spikes);
    return spikes;
  }
};

TEST_F(TrialTest, AFeatureBecomesARegularTrainOfItsRate) {
  plan_.encode.mean.reset();
  const std::vector<float> sample = {1.0f, 0.5f, 0.0f};
  std::map<std::uint32_t, std::vector<Time>> trains;
  for (const Spike& s : encoded(sample, 1)) trains[s.neuron].push_back(s.time);
  EXPECT_NEAR(static_cast<double>(trains[0].size()), 300, 1);
  EXPECT_NEAR(static_cast<double>(trains[1].size()), 150, 1);
  EXPECT_EQ(trains.count(2), 0u);
  for (std::size_t k = 1; k < trains[0].size(); ++k) EXPECT_NEAR(to_ms(trains[0][k] - trains[0][k - 1]), 1000.0 / 300, 1.0);
}

TEST_F(TrialTest, PhasesDifferBetweenTrialsAndRepeatWithinOne) {
  const std::vector<float> sample(64, 0.5f);
  EXPECT_EQ(encoded(sample, 7), encoded(sample, 7));
  EXPECT_NE(encoded(sample, 7), encoded(sample, 8));
}

TEST_F(TrialTest, NormalisationMakesTheTotalRateIndependentOfTheInk) {
  const std::vector<float> faint(64, 0.1f), strong(64, 0.8f);
  EXPECT_NEAR(static_cast<double>(encoded(faint, 1).size()), static_cast<double>(encoded(strong, 1).size()), 64);
  plan_.encode.mean.reset();
  EXPECT_GT(encoded(strong, 1).size(), 6 * encoded(faint, 1).size());
}

TEST_F(TrialTest, ControllersThatNeedItAreHeldDownWhileTeachingIsOff) {
  constexpr Time kOff = 20 * kMillisecond, kEnd = 50 * kMillisecond;
  std::vector<Spike> spikes;
  encode_teaching_off(plan_, kOff, kEnd, spikes);
  EXPECT_TRUE(spikes.empty()) << "this one is silent by itself";
  plan_.held_down = true;
  const std::uint32_t another = *plan_.target + 1;  // of a population that nobody teaches
  plan_.hold_downs = {{*plan_.target, 10}, {another, 3}};
  encode_teaching_off(plan_, kOff, kEnd, spikes);
  std::map<std::uint32_t, std::vector<Time>> trains;
  for (const Spike& s : spikes) {
    EXPECT_EQ(s.neuron, s.population == another ? 3u : 10u);
    trains[s.population].push_back(s.time);
  }
  ASSERT_EQ(trains[*plan_.target].size(), 20u);
  EXPECT_EQ(trains[*plan_.target].back(), 19 * kMillisecond);
  EXPECT_EQ(trains[another].size(), 50u);
  spikes.clear();
  encode_target(plan_, 3, spikes);
  for (const Spike& s : spikes) EXPECT_NE(s.neuron, 10u) << "its silence teaches";
}

TEST(Trial, AControllerThatIsHeldDownHelpsInTheFeedbackPhaseAlone) {
  const std::string file = SPIKELOOP_SOURCE_DIR "/examples/chip_controller.txtpb";
  const Experiment experiment = load_experiment(file);
  const Network network(with_probes(load_network(resolve_path(file, experiment.network_file)), experiment));
  Dataset data;
  data.features = 4, data.classes = 2, data.shape = {4};
  data.samples = {0, 0.5f, 1, 0.2f, 1, 0.3f, 0.1f, 0.9f};
  data.labels = {0, 1};
  const TrialPlan plan(experiment, network);
  const auto program = make_simulator()->compile(network);
  TrialRunner runner(plan, program->start(), data, 1);
  std::uint64_t helped = 0;
  for (const std::size_t sample : {0U, 1U})
    for (const Spike& s : runner.show(sample + 1, sample)) {
      if (!plan.controller[s.population]) continue;
      ++helped;
      EXPECT_GE(s.time, plan.free);
    }
  EXPECT_GT(helped, 2u);
  EXPECT_EQ(runner.run({3, 0, TrialKind::kWarmUp, 1, 1, {0, 0}}).help, 0u);
  const auto session = program->start();
  const OperationCounts counts = evaluate(experiment, network, *session, data, {0, 1}, 1).counts;
  for (const char* name : {"ctrl.out.plus", "ctrl.out.minus"}) EXPECT_EQ(counts.populations[network.population_index(name)].spikes, 0u);
  EXPECT_GT(counts.populations[network.population_index("out")].spikes, 2u);

  // Recordings of somebody else have no trains that hold it down.
  const RecordingTest test{"out", 2, 1};
  const Network shown(with_probes(load_network(resolve_path(file, experiment.network_file)), test));
  const auto other = make_simulator()->compile(shown)->start();
  const auto recording = [&](std::size_t) {
    LabelledSpikes sample{0, 100 * kMillisecond, {}};
    const auto in = static_cast<std::uint32_t>(shown.population_index("in"));
    for (Time t = 0; t < sample.duration; t += 2 * kMillisecond) sample.spikes.push_back({t, in, static_cast<std::uint32_t>(t % 7)});
    return sample;
  };
  const Evaluation e =
      evaluate_recordings(test, shown, *other, workload_of(shown, *other, std::vector<bool>(shown.populations().size())), 1, recording);
  EXPECT_GT(e.counts.populations[shown.population_index("out")].spikes, 1u);
  EXPECT_EQ(e.counts.populations[shown.population_index("ctrl.out.minus")].spikes, 0u);
}

TEST_F(TrialTest, TeachingIsSwitchedOnByOneSpikeAtTheStartOfTheFeedbackPhase) {
  std::vector<Spike> spikes;
  encode_target(plan_, 3, spikes);
  std::map<std::uint32_t, std::vector<Time>> trains;
  for (const Spike& s : spikes) trains[s.neuron].push_back(s.time);
  EXPECT_EQ(trains[10], std::vector<Time>{30 * kMillisecond});
  EXPECT_EQ(trains[3].size(), 6u);  // 200 Hz for 30 ms, the first at once
  EXPECT_EQ(trains[3].front(), 30 * kMillisecond);
  EXPECT_EQ(trains.size(), 2u);  // other_hz is 0
}

TEST_F(TrialTest, ALeadBeginsTheTargetTrainAndNotTeachingEarlier) {
  std::vector<Spike> plain, led;
  encode_target(plan_, 3, plain);
  plan_.lead = 12 * kMillisecond;
  encode_target(plan_, 3, led);
  std::vector<Time> before;
  for (const Spike& s : led)
    if (s.time < plan_.free) {
      before.push_back(s.time);
      EXPECT_EQ(s.neuron, 3u);
    }
  EXPECT_EQ(before, (std::vector<Time>{20 * kMillisecond, 25 * kMillisecond}));  // 200 Hz
  EXPECT_EQ(led.size(), plain.size() + 2);
  plan_.target_spikes = 4;
  led.clear();
  encode_target(plan_, 3, led);
  EXPECT_EQ(led.size(), 1u + 4 * 6 + 9) << "800 Hz for 30 ms and for 12 before";
}

TEST_F(TrialTest, MostSpikesWinThenThePotentialThenTheLowerIndex) {
  TrialSink sink(plan_);
  EXPECT_EQ(sink.answer(), 0u);
  sink.spike({1 * kMillisecond, plan_.readout, 4});
  sink.spike({2 * kMillisecond, plan_.readout, 2});
  EXPECT_EQ(sink.answer(), 2u);
  std::vector<double> potentials(10, 0.0);
  potentials[4] = 0.5;
  const auto probe = [&](Probe::Variable variable) {
    const auto& all = network_.probes();
    return static_cast<std::uint32_t>(
        std::find_if(all.begin(), all.end(), [&](const Probe& p) { return p.population == "out" && p.variable == variable; }) -
        all.begin());
  };
  sink.sample(3 * kMillisecond, probe(Probe::Variable::kSpikes), potentials);  // as many values, but no potentials
  EXPECT_EQ(sink.answer(), 2u);
  sink.sample(3 * kMillisecond, probe(Probe::Variable::kPotential), potentials);
  EXPECT_EQ(sink.answer(), 4u);
  sink.spike({4 * kMillisecond, plan_.readout, 2});
  EXPECT_EQ(sink.answer(), 2u);
  EXPECT_EQ(sink.leader(), 2u);
  EXPECT_EQ(sink.decided, 2 * kMillisecond);  // by counts alone 2 leads since then: the lower index of two
}

TEST_F(TrialTest, TheFirstAnswerIsDecidedWhenItIsGivenWhateverItsClass) {
  for (const std::uint32_t answer : {0u, 1u}) {
    TrialSink sink(plan_);
    EXPECT_FALSE(sink.spoke);
    sink.spike({20 * kMillisecond, plan_.readout, answer});
    EXPECT_TRUE(sink.spoke);
    EXPECT_EQ(sink.decided, 20 * kMillisecond);
    sink.spike({25 * kMillisecond, plan_.readout, answer});
    EXPECT_EQ(sink.decided, 20 * kMillisecond);
  }
}

TEST_F(TrialTest, ControllerSpikesAreHelpAndNotHiddenActivity) {
  TrialSink sink(plan_);
  sink.spike({0, static_cast<std::uint32_t>(network_.population_index(controller_plus("out"))), 0});
  sink.spike({0, static_cast<std::uint32_t>(network_.population_index(controller_minus("out"))), 0});
  sink.spike({0, static_cast<std::uint32_t>(network_.population_index("hidden")), 0});
  EXPECT_EQ(sink.help, 2u);
  EXPECT_EQ(sink.hidden, 1u);
  EXPECT_EQ(sink.total, 3u);
}

}  // namespace
}  // namespace spikeloop
