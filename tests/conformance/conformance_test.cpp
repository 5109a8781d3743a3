// SPDX-License-Identifier: Apache-2.0
// The same text networks on every back end, against the simulator, and what every session owes to those who use it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "backends/simulator/simulator.hpp"
#include "cli/inputs.hpp"
#include "core/controller.hpp"
#include "tests/conformance/backends.hpp"

namespace spikeloop::conformance {
namespace {

constexpr Time kLength = kSecond;

/// A network of networks/, and which tolerance holds for it.
struct Case {
  const char* name;
  Tolerance Machine::*tolerance;
  int depth = 1;  ///< synapses between input and the last neuron
  Time length = kLength;
};

constexpr Case kCases[] = {
    {"relay", &Machine::timing, 2, 100 * kMillisecond},
    {"convergence", &Machine::timing, 1, 100 * kMillisecond},
    {"rates", &Machine::delta},
    {"inhibition", &Machine::delta},
    {"refractory", &Machine::delta},
    {"silence", &Machine::delta},
    {"currents", &Machine::current},
};

Network network_of(const std::string& name) {
  return Network(cli::load_network_of(std::string(SPIKELOOP_SOURCE_DIR) + "/tests/conformance/networks/" + name + ".txtpb"));
}

using Trains = std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<Time>>;

Trains trains_of(const Recording& recording) {
  Trains trains;
  for (const Spike& s : recording.spikes) trains[{s.population, s.neuron}].push_back(s.time);
  return trains;
}

Recording run(Session& session, Time length, std::uint64_t trial = 1, Time slice = 0) {
  Recording out;
  session.reset(trial);
  for (Time end = slice == 0 ? length : slice; end <= length; end += slice == 0 ? length : slice) session.advance(end, {}, out);
  return out;
}

void expect_alike(const Network& network, const Trains& expected, const Trains& got, const Tolerance& tolerance, int depth) {
  for (std::uint32_t p = 0; p < network.populations().size(); ++p)
    for (std::uint32_t n = 0; n < network.populations()[p].size(); ++n) {
      const auto e = expected.find({p, n}), g = got.find({p, n});
      const double wanted = e == expected.end() ? 0 : static_cast<double>(e->second.size()),
                   seen = g == got.end() ? 0 : static_cast<double>(g->second.size());
      const std::string who = network.populations()[p].name + " " + std::to_string(n);
      EXPECT_LE(std::abs(seen - wanted), tolerance.count * wanted + (wanted > 0 ? tolerance.count_absolute : 0))
          << who << ": " << seen << " spikes, " << wanted << " in the simulator";
      if (seen == 0 || wanted == 0) continue;
      EXPECT_LE(std::abs(to_ms(g->second.front() - e->second.front())), tolerance.first_ms * depth)
          << who << ": first spike at " << to_ms(g->second.front()) << " ms, " << to_ms(e->second.front()) << " in the simulator";
    }
}

class EveryMachine : public testing::TestWithParam<Machine> {
 protected:
  std::unique_ptr<Session> start(const Network& network) const {
    backend_ = GetParam().make();
    EXPECT_TRUE(backend_->check(network).empty());
    return backend_->compile(network)->start();
  }
  mutable std::shared_ptr<Backend> backend_;
};

TEST_P(EveryMachine, RunsTheNetworksAsTheSimulatorDoes) {
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    const Network network = network_of(c.name);
    const Trains expected = trains_of(run(*make_simulator()->compile(network)->start(), c.length));
    EXPECT_EQ(expected.empty(), std::string(c.name) == "silence");
    expect_alike(network, expected, trains_of(run(*start(network), c.length)), GetParam().*c.tolerance, c.depth);
  }
}

TEST_P(EveryMachine, ControllersTellWhatIsOwedAndWhatIsTooMuchWhereTeachingIsOn) {
  const Network network = network_of("controller");
  const auto target = static_cast<std::uint32_t>(network.population_index("ctrl.out.target"));
  constexpr Time kOff = 300 * kMillisecond;
  std::vector<Spike> input;
  for (Time t = 0; t < kOff; t += kHoldDownPeriod) input.push_back({t, target, 3});
  for (Time t = kOff; t < kLength; t += 10 * kMillisecond) input.push_back({t, target, 1});
  for (Time t = kOff + 3 * kMillisecond; t < kLength; t += 8'300 * kMicrosecond) input.push_back({t, target, 2});
  const auto run_taught = [&](Session& session) {
    Recording out;
    session.reset(1);
    session.advance(kLength, input, out);
    return trains_of(out);
  };
  const Trains expected = run_taught(*make_simulator()->compile(network)->start()), got = run_taught(*start(network));
  const auto plus = static_cast<std::uint32_t>(network.population_index(controller_plus("out"))),
             minus = static_cast<std::uint32_t>(network.population_index(controller_minus("out")));
  for (const Trains& trains : {expected, got}) {
    EXPECT_EQ(trains.count({plus, 0}) + trains.count({minus, 1}) + trains.count({plus, 2}) + trains.count({minus, 2}), 0U);
    for (const auto& helper : {std::pair(minus, 0U), std::pair(plus, 1U)}) {
      ASSERT_TRUE(trains.contains(helper));
      EXPECT_GT(trains.at(helper).front(), kOff);
      EXPECT_GT(trains.at(helper).size(), 15U);
    }
  }
  expect_alike(network, expected, got, GetParam().delta, 2);
}

TEST_P(EveryMachine, DoesTheSameInEveryTrial) {
  for (const char* name : {"relay", "inhibition", "currents"}) {
    const auto session = start(network_of(name));
    const Recording first = run(*session, 200 * kMillisecond, 1);
    EXPECT_GT(first.spikes.size(), 0U);
    EXPECT_EQ(run(*session, 200 * kMillisecond, 1).hash(), first.hash()) << name;
  }
}

TEST_P(EveryMachine, ShowsSpikesInOrder) {
  const Recording out = run(*start(network_of("inhibition")), kLength);
  const auto before = [](const Spike& a, const Spike& b) {
    return std::tuple(a.time, a.population, a.neuron) < std::tuple(b.time, b.population, b.neuron);
  };
  EXPECT_TRUE(std::is_sorted(out.spikes.begin(), out.spikes.end(), before));
}

TEST_P(EveryMachine, IsNotChangedBySlicesIfItStandsStillBetweenThem) {
  if (!GetParam().stands_still) GTEST_SKIP() << "time passes on this machine whether it is asked or not";
  const Network network = network_of("inhibition");
  EXPECT_EQ(run(*start(network), 500 * kMillisecond, 1, 10 * kMillisecond).hash(), run(*start(network), 500 * kMillisecond).hash());
}

TEST_P(EveryMachine, TakesTheWeightsThatItIsGiven) {
  const Network network = network_of("rates");
  const auto session = start(network), simulator = make_simulator()->compile(network)->start();
  for (const std::size_t k : {0U, 1U}) {
    EXPECT_EQ(session->weights(k), simulator->weights(k));
    const Connectivity here = session->connectivity(k), there = simulator->connectivity(k);
    EXPECT_EQ(here.sources, there.sources);
    EXPECT_EQ(here.targets, there.targets);
  }
  const std::vector<float> none(session->weights(0).size(), 0.0f), less(session->weights(1).size(), 0.02f);
  for (Session* s : {session.get(), simulator.get()}) s->set_weights(0, none), s->set_weights(1, less);
  EXPECT_EQ(session->weights(1), less);
  EXPECT_EQ(run(*session, kLength).spikes.size(), run(*simulator, kLength).spikes.size()) << "too little to fire";
  EXPECT_THROW(session->set_weights(0, std::vector<float>(3)), DescriptionError);
}

TEST_P(EveryMachine, GoesOnFromASavedState) {
  const Network network = network_of("inhibition");
  const auto session = start(network);
  std::vector<float> weights = session->weights(1);
  weights[0] = -0.2f;
  session->set_weights(1, weights);
  run(*session, 100 * kMillisecond);
  const State state = session->save();
  const auto other = start(network);
  other->restore(state);
  EXPECT_EQ(other->weights(1), weights);
  EXPECT_EQ(run(*other, 300 * kMillisecond, 2).hash(), run(*session, 300 * kMillisecond, 2).hash());
}

TEST_P(EveryMachine, CountsWhatItHasDone) {
  const Network network = network_of("inhibition");
  const auto session = start(network);
  const Recording out = run(*session, kLength);
  const OperationCounts counts = session->counts();
  ASSERT_EQ(counts.populations.size(), network.populations().size());
  EXPECT_EQ(counts.populations[2].spikes, out.spikes.size());
  EXPECT_EQ(counts.populations[0].spikes, 200U);
  EXPECT_EQ(counts.projections[0].synaptic_events, 800U);
  EXPECT_EQ(counts.simulated, kLength);
  EXPECT_EQ(counts.late + counts.dropped + counts.overflowed, 0U);
}

TEST_P(EveryMachine, CountsTheSynapsesOfEachSource) {
  NetworkDescription d = cli::load_network_of(std::string(SPIKELOOP_SOURCE_DIR) + "/tests/conformance/networks/rates.txtpb");
  using Indices = std::vector<std::uint32_t>;
  d.projections[1].connect =
      Pairs{std::make_shared<const Indices>(Indices{0, 0, 0, 1, 3}), std::make_shared<const Indices>(Indices{0, 1, 2, 3, 3})};
  const Network network(d);
  const auto session = start(network);
  run(*session, 100 * kMillisecond);
  EXPECT_EQ(session->counts().projections[1].synaptic_events, 20U * 5) << "20 spikes of each source, and five synapses";
}

TEST_P(EveryMachine, CountsLateSpikesAndRefusesWrongOnes) {
  NetworkDescription d = cli::load_network_of(std::string(SPIKELOOP_SOURCE_DIR) + "/tests/conformance/networks/relay.txtpb");
  d.populations[0].kind = SourceModel(ExternalSource{});
  const Network network(d);
  const auto session = start(network);
  Recording out;
  session->reset(1);
  session->advance(10 * kMillisecond, {}, out);
  const std::vector<Spike> late = {{5 * kMillisecond, 0, 1}}, beyond = {{40 * kMillisecond, 0, 1}}, of_neuron = {{15 * kMillisecond, 1, 0}};
  session->advance(20 * kMillisecond, late, out);
  EXPECT_EQ(session->counts().late, 1U);
  EXPECT_THROW(session->advance(30 * kMillisecond, beyond, out), DescriptionError);
  EXPECT_THROW(session->advance(30 * kMillisecond, of_neuron, out), DescriptionError);
}

TEST_P(EveryMachine, SaysWhatItCannotDoBeforeItRuns) {
  NetworkDescription d;
  Population many;
  many.name = "many", many.shape = {5000, 5000}, many.kind = NeuronModel(LifExp{});
  Population few;
  few.name = "few", few.shape = {4}, few.kind = NeuronModel(LifExp{});
  d.populations = {many, few};
  Projection p;
  p.source = "many", p.target = "few";
  d.projections = {p};
  const Network network(std::move(d));
  const auto backend = GetParam().make();
  const auto faults = backend->check(network);
  if (GetParam().name.starts_with("simulator")) {
    EXPECT_TRUE(faults.empty()) << "the simulator runs 25 million neurons";
    return;
  }
  EXPECT_FALSE(faults.empty());
  for (const Diagnostic& fault : faults) EXPECT_FALSE(fault.what.empty() || fault.suggestion.empty());
  EXPECT_THROW(backend->compile(network), CapacityError);
}

INSTANTIATE_TEST_SUITE_P(All, EveryMachine, testing::ValuesIn(machines()), [](const auto& which) { return which.param.name; });

}  // namespace
}  // namespace spikeloop::conformance
