// SPDX-License-Identifier: Apache-2.0
// A host that learns beside a chip, on a chip without imperfections: then it must do what the simulator does.
#include <gtest/gtest.h>

#include <algorithm>

#include "backends/compose/host_learning.hpp"
#include "backends/simulator/simulator.hpp"
#include "core/controller.hpp"
#include "tests/compose/simulated_chip.hpp"

namespace spikeloop::compose {
namespace {

Population lif(const std::string& name, std::uint64_t size) {
  Population p;
  p.name = name, p.shape = {size};
  Lif model;
  model.v_floor_mv = 0;
  p.kind = NeuronModel(model);
  return p;
}

Projection learned(const std::string& source, const std::string& target, double weight) {
  Projection p;
  p.source = source, p.target = target, p.rule = "learn";
  p.weight = {Normal{weight, weight / 2}, {}};
  return p;
}

/// Two layers that learn from feedback that does not drive them.
NetworkDescription taught(bool drives, const Rule& rule) {
  NetworkDescription d;
  Population in;
  in.name = "in", in.shape = {6}, in.kind = SourceModel(ExternalSource{});
  Population noise;
  noise.name = "noise", noise.shape = {3}, noise.kind = SourceModel(PoissonSource{40});
  d.populations = {in, lif("hidden", 8), lif("out", 3), noise};
  d.projections = {learned("in", "hidden", 0.4), learned("hidden", "out", 0.3)};
  Projection extra;
  extra.source = "noise", extra.target = "hidden", extra.weight = {Constant{0.3}, {}};
  d.projections.push_back(extra);
  d.rules = {rule};
  Controller c;
  c.population = "out", c.true_hz = 150, c.other_hz = 10;
  c.feedback = {{"hidden", {Normal{0, 1}, {}}, 0.05, drives, ""}, {"out", {Identity{}, {}}, 0.05, drives, ""}};
  d.controllers = {c};
  for (const char* name : {"in", "hidden", "out", "noise"}) d.probes.push_back({"", name, "", Probe::Variable::kSpikes, 0, 1});
  for (const std::string& name : {controller_plus("out"), controller_minus("out")})
    d.probes.push_back({"", name, "", Probe::Variable::kSpikes, 0, 1});
  d.probes.push_back({"", controller_minus("out"), "", Probe::Variable::kPotential, 5, 10});
  return d;
}

Rule feedback_current() { return {"learn", FeedbackCurrent{0.02, 0, 20, 0}, Commit::kTrial, std::nullopt, 4.0}; }
Rule stdp_feedback() {
  StdpFeedback rule;
  rule.a_plus = 0.02, rule.a_minus = 0.01;
  return {"learn", rule, Commit::kTrial, -4.0, 4.0};
}

std::string text_of(const Network& network, const Spike& s) {
  return network.populations()[s.population].name + " " + std::to_string(s.neuron) + " at " + std::to_string(to_ms(s.time)) + " ms";
}

/// Where two trains part; empty if they do not.
std::string first_difference(const Network& network, const std::vector<Spike>& expected, const std::vector<Spike>& got) {
  const auto [e, g] = std::mismatch(expected.begin(), expected.end(), got.begin(), got.end());
  if (e == expected.end() && g == got.end()) return "";
  return "expected " + (e == expected.end() ? "no more" : text_of(network, *e)) + ", got " +
         (g == got.end() ? "no more" : text_of(network, *g));
}

std::shared_ptr<Backend> beside_a_chip(Time exchange = 5 * kMillisecond, unsigned interval = 1) {
  return make_host_learning(make_simulated_chip(), make_simulator(), {homes_without_controllers, interval, exchange});
}

/// One trial: input, then input and teaching.
Recording trial(Session& session, const Network& network, std::uint64_t number, Time slice) {
  std::vector<Spike> in;
  const auto target = static_cast<std::uint32_t>(network.population_index(controller_target("out")));
  for (std::uint32_t n = 0; n < 6; ++n)
    for (Time t = from_ms(1 + n); t < from_ms(80); t += from_ms(4.0 + static_cast<double>((n * number) % 7))) in.push_back({t, 0, n});
  in.push_back({from_ms(40), target, 3});
  for (Time t = from_ms(40); t < from_ms(80); t += from_ms(6)) in.push_back({t, target, static_cast<std::uint32_t>(number % 3)});
  Recording out;
  session.reset(number);
  for (Time end = slice; end <= from_ms(80); end += slice) {
    std::vector<Spike> now;
    std::copy_if(in.begin(), in.end(), std::back_inserter(now), [&](const Spike& s) { return s.time < end && s.time >= end - slice; });
    session.advance(end, now, out);
  }
  session.commit();
  return out;
}

class Rules : public testing::TestWithParam<bool> {
 protected:
  Rule rule() const { return GetParam() ? stdp_feedback() : feedback_current(); }
};

TEST_P(Rules, LearnBesideAChipWhatTheSimulatorLearns) {
  const Network network(taught(false, rule()));
  const auto alone = make_simulator()->compile(network)->start(), beside = beside_a_chip()->compile(network)->start();
  const std::vector<float> before = alone->weights(0);
  EXPECT_EQ(beside->weights(0), before);
  std::uint64_t helped = 0;
  for (std::uint64_t number = 1; number <= 6; ++number) {
    const Recording expected = trial(*alone, network, number, from_ms(80)), got = trial(*beside, network, number, from_ms(80));
    EXPECT_EQ(first_difference(network, expected.spikes, got.spikes), "") << "trial " << number;
    EXPECT_TRUE(got.samples == expected.samples) << "trial " << number;
    for (const Spike& s : expected.spikes) helped += network.populations()[s.population].name.starts_with("ctrl.");
    for (const std::size_t k : {0U, 1U}) EXPECT_EQ(beside->weights(k), alone->weights(k)) << "projection " << k << ", trial " << number;
  }
  EXPECT_GT(helped, 10U);
  EXPECT_NE(alone->weights(0), before);
  EXPECT_NE(alone->weights(1), make_simulator()->compile(network)->start()->weights(1));
}

INSTANTIATE_TEST_SUITE_P(Both, Rules, testing::Bool(), [](const auto& which) { return which.param ? "StdpFeedback" : "FeedbackCurrent"; });

TEST(HostLearning, GivesTheChipItsWeightsAtTheInterval) {
  const Network network(taught(false, feedback_current()));
  const auto session = beside_a_chip(5 * kMillisecond, 3)->compile(network)->start();
  Session& chip = dynamic_cast<ComposedSession&>(*session).chip();
  const std::vector<float> before = chip.weights(1);
  std::vector<bool> given;
  for (std::uint64_t number = 1; number <= 7; ++number) {
    session->reset(number);
    given.push_back(chip.weights(1) == session->weights(1));
    trial(*session, network, number, from_ms(80));  // resets once more
  }
  EXPECT_NE(session->weights(1), before);
  session->set_learning(0, 0);
  session->reset(99);
  EXPECT_EQ(chip.weights(1), session->weights(1)) << "a test has the weights that were learned";
  EXPECT_NE(std::count(given.begin(), given.end(), false), 0) << "not every trial";
}

TEST(HostLearning, ClosesTheLoopThroughTheHost) {
  const Network network(taught(true, feedback_current()));
  const auto alone = make_simulator()->compile(network)->start();
  const auto beside = beside_a_chip(from_ms(1))->compile(network)->start();
  const auto spikes_of = [&](const Recording& r, const char* name) {
    const auto p = static_cast<std::uint32_t>(network.population_index(name));
    return std::count_if(r.spikes.begin(), r.spikes.end(), [&](const Spike& s) { return s.population == p && s.time >= from_ms(40); });
  };
  const Recording expected = trial(*alone, network, 1, from_ms(80)), got = trial(*beside, network, 1, from_ms(80));
  EXPECT_GT(spikes_of(expected, "out"), 3);
  EXPECT_NEAR(static_cast<double>(spikes_of(got, "out")), static_cast<double>(spikes_of(expected, "out")), 3);
  const Network open(taught(false, feedback_current()));
  const auto without = beside_a_chip(from_ms(1))->compile(open)->start();
  EXPECT_NE(spikes_of(trial(*without, open, 1, from_ms(80)), "out"), spikes_of(got, "out")) << "feedback reaches the chip";
}

TEST(HostLearning, GoesOnFromASavedStateToTheBit) {
  const Network network(taught(true, stdp_feedback()));
  const auto program = beside_a_chip(from_ms(2), 2)->compile(network);
  const auto session = program->start();
  for (std::uint64_t number = 1; number <= 3; ++number) trial(*session, network, number, from_ms(80));
  const State state = session->save();
  const auto other = program->start();
  other->restore(state);
  for (std::uint64_t number = 4; number <= 6; ++number)
    EXPECT_EQ(trial(*other, network, number, from_ms(80)).hash(), trial(*session, network, number, from_ms(80)).hash());
  EXPECT_EQ(other->weights(0), session->weights(0));
  State damaged = state;
  damaged.back() ^= std::byte{1};
  EXPECT_THROW(other->restore(damaged), DescriptionError);
}

TEST(HostLearning, OfANetworkWithoutHostPartIsTheChipAlone) {
  NetworkDescription d = taught(false, feedback_current());
  d.controllers.clear(), d.rules.clear();
  std::erase_if(d.probes, [](const Probe& p) { return p.population.starts_with("ctrl."); });
  for (Projection& p : d.projections) p.rule.clear();
  const Network network(std::move(d));
  const auto alone = make_simulator()->compile(network)->start(), beside = beside_a_chip()->compile(network)->start();
  const std::vector<Spike> in = {{from_ms(1), 0, 1}, {from_ms(2), 0, 2}, {from_ms(2), 0, 3}};
  Recording expected, got;
  alone->reset(4), beside->reset(4);
  alone->advance(from_ms(60), in, expected), beside->advance(from_ms(60), in, got);
  EXPECT_GT(expected.spikes.size(), 5U);
  EXPECT_EQ(first_difference(network, expected.spikes, got.spikes), "");
}

}  // namespace
}  // namespace spikeloop::compose
