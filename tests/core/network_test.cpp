// SPDX-License-Identifier: Apache-2.0
// A network is a description with its names filled in and its controllers expanded.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "core/controller.hpp"
#include "core/network.hpp"

namespace spikeloop {
namespace {

Population neurons(const char* name, std::uint64_t n, const NeuronModel& model = Lif{}) { return {name, {n}, model, {}, {}}; }

NetworkDescription described() {
  NetworkDescription d;
  d.populations = {{"in", {2, 3}, SourceModel{ExternalSource{}}, {}, {}}, neurons("hidden", 5), neurons("out", 2)};
  for (const auto& [from, to] : {std::pair{"in", "hidden"}, {"hidden", "out"}}) {
    Projection p;
    p.source = from, p.target = to;
    d.projections.push_back(p);
  }
  Controller c;
  c.population = "out", c.dead_zone_hz = 10, c.tau_m_ms = 50;
  Feedback f;
  f.to = "hidden", f.amplitude = 0.25, f.weights.kind = Normal{0, 2}, f.drives = false;
  Feedback g;
  g.to = "out", g.weights.kind = Identity{};
  c.feedback = {f, g};
  d.controllers = {c};
  Probe p;
  p.population = "out", p.variable = Probe::Variable::kPotential;
  d.probes = {p};
  return d;
}

TEST(Network, FillsInNames) {
  NetworkDescription d = described();
  d.projections[1].port = Port::kApical;
  const Network network(d);
  EXPECT_EQ(network.projections()[0].name, "in->hidden");
  EXPECT_EQ(network.projections()[1].name, "hidden->out.apical");
  EXPECT_EQ(network.projections()[0].random_key, "in->hidden");
  EXPECT_EQ(network.probes()[0].name, "out.potential");
  EXPECT_EQ(network.populations()[0].size(), 6u);
  EXPECT_EQ(network.population_index("hidden"), 1u);
  EXPECT_EQ(network.projection_index("in->hidden"), 0u);
  try {
    network.population_index("hiden");
    FAIL();
  } catch (const DescriptionError& e) {
    EXPECT_STREQ(e.what(), "there is no population \"hiden\"; did you mean \"hidden\"?");
  }
}

TEST(Network, ExpandsAControllerIntoNeuronsAndProjections) {
  const Network network(described());
  ASSERT_EQ(network.populations().size(), 6u);
  ASSERT_EQ(network.projections().size(), 2u + 4 + 4 + 4);
  EXPECT_EQ(network.description().populations.size(), 3u) << "what was written stays as it was";
  EXPECT_EQ(network.controllers().size(), 1u);
  EXPECT_EQ(network.populations()[network.population_index("ctrl.out.target")].size(), 3u);
  const Lif& plus = std::get<Lif>(network.populations()[network.population_index("ctrl.out.plus")].neuron());
  EXPECT_EQ(plus.tau_m_ms, 50);
  EXPECT_EQ(plus.v_threshold_mv, 1);
  EXPECT_EQ(plus.v_rest_mv, -kDisabledMv);

  const auto weight = [&](const char* name) {
    return std::get<Constant>(network.projections()[network.projection_index(name)].weight.kind).value;
  };
  const double a = 1 - std::exp(-1000.0 / (10 * 50));
  EXPECT_DOUBLE_EQ(weight("ctrl.out.target->ctrl.out.plus"), a);
  EXPECT_DOUBLE_EQ(weight("out->ctrl.out.plus"), -a);
  EXPECT_DOUBLE_EQ(weight("ctrl.out.target->ctrl.out.minus"), -a);
  EXPECT_DOUBLE_EQ(weight("out->ctrl.out.minus"), a);

  const Projection& help = network.projections()[network.projection_index("ctrl.out.plus->hidden.modulator")];
  const Projection& less = network.projections()[network.projection_index("ctrl.out.minus->hidden.modulator")];
  EXPECT_EQ(help.weight_scale, 0.25);
  EXPECT_EQ(less.weight_scale, -0.25);
  EXPECT_EQ(help.random_key, less.random_key);
  EXPECT_EQ(help.port, Port::kModulator);
  EXPECT_TRUE(std::holds_alternative<OneToOne>(network.projections()[network.projection_index("ctrl.out.plus->out.apical")].connect));
}

TEST(Network, ComparatorsThatResetToAValueRestAtZeroAndThoseOfExcessAreHeldDown) {
  NetworkDescription d = described();
  d.controllers[0].reset = Reset::kToValue, d.controllers[0].refractory_ms = 2;
  const Network network(d);
  ASSERT_EQ(network.projections().size(), 2u + 2 + 3 + 4);
  for (const char* name : {"ctrl.out.plus", "ctrl.out.minus"}) {
    const Lif& lif = std::get<Lif>(network.populations()[network.population_index(name)].neuron());
    EXPECT_EQ(lif.reset, Reset::kToValue);
    EXPECT_EQ(lif.v_rest_mv, 0);
    EXPECT_EQ(lif.v_reset_mv, 0);
    EXPECT_EQ(lif.v_floor_mv, 0);
    EXPECT_EQ(lif.refractory_ms, 2);
  }
  const Projection& off = network.projections()[network.projection_index("ctrl.out.target.off->ctrl.out.minus")];
  EXPECT_EQ(std::get<Constant>(off.weight.kind).value, -kHoldDownMv);
  EXPECT_EQ(*std::get<Pairs>(off.connect).sources, (std::vector<std::uint32_t>{2, 2}));
  d.controllers[0].refractory_ms = -1;
  EXPECT_THROW(Network{d}, DescriptionError);
}

TEST(Network, ExpectedSynapses) {
  NetworkDescription d;
  d.populations = {neurons("a", 10),
                   neurons("b", 10),
                   {"image", {2, 6, 8}, SourceModel{ExternalSource{}}, {}, {}},
                   {"map", {3, 4, 6}, NeuronModel{Lif{}}, {}, {}}};
  const auto expect = [&](const char* from, const char* to, const Connect& how, double n) {
    NetworkDescription e = d;
    Projection p;
    p.source = from, p.target = to, p.connect = how;
    e.projections = {p};
    const Network network(e);
    EXPECT_DOUBLE_EQ(network.expected_synapses(network.projections()[0]), n);
  };
  expect("a", "b", OneToOne{}, 10);
  expect("a", "b", AllToAll{false}, 100);
  expect("a", "a", AllToAll{false}, 90);
  expect("a", "a", FixedProbability{0.1, false}, 9);
  expect("a", "b", FixedInDegree{3}, 30);
  expect("a", "b", FixedTotalNumber{42}, 42);
  expect("image", "map", Convolution{{3, 3}, {1, 1}, {0, 0}}, 72 * 2 * 9);
  // Windows of rows begin at -2, 0, 2 and 4 of 6, and see 1, 3, 3 and 2 of them.
  expect("image", "map", Convolution{{3, 3}, {2, 1}, {2, 0}}, 3 * 2 * (1 + 3 + 3 + 2) * (6 * 3));
}

/// A checkpoint of one must not be taken for one of the other.
TEST(Network, FingerprintTellsNetworksApart) {
  const auto print = [](auto&& change) {
    NetworkDescription d = described();
    change(d);
    return Network(d).fingerprint();
  };
  using D = NetworkDescription;
  const std::uint64_t plain = print([](D&) {});
  EXPECT_EQ(print([](D&) {}), plain);
  EXPECT_EQ(print([](D& d) { d.seed = 7; }), plain);
  EXPECT_EQ(print([](D& d) { d.probes.clear(); }), plain) << "who looks does not matter";
  EXPECT_EQ(print([](D& d) { d.projections[0].weight.kind = Constant{3}; }), plain);
  const std::set<std::uint64_t> all = {
      plain,
      print([](D& d) { d.resolution = 50 * kMicrosecond; }),
      print([](D& d) {
        d.populations[1].name = "middle", d.projections[0].target = d.projections[1].source = d.controllers[0].feedback[0].to = "middle";
      }),
      print([](D& d) { d.populations[1].shape = {6}; }),
      print([](D& d) {
        d.populations[0].shape = {3, 2};
      }),
      print([](D& d) { d.populations[1].kind = NeuronModel{LifExp{}}; }),
      print([](D& d) {
        LifExp n;
        n.tau_syn_ms = 7;
        d.populations[1].kind = NeuronModel{n};
      }),
      print([](D& d) { d.populations[1].kind = NeuronModel{Alif{}}; }),
      print([](D& d) {
        Alif n;
        n.adaptation_mv = 7;
        d.populations[1].kind = NeuronModel{n};
      }),
      print([](D& d) {
        Lif n;
        n.reset = Reset::kSubtract;
        d.populations[1].kind = NeuronModel{n};
      }),
      print([](D& d) {
        Lif n;
        n.v_floor_mv = -1;
        d.populations[1].kind = NeuronModel{n};
      }),
      print([](D& d) { d.projections[0].port = Port::kApical; }),
      print([](D& d) { d.projections[0].connect = FixedProbability{0.5}; }),
      print([](D& d) { d.projections[0].connect = FixedProbability{0.6}; }),
      print([](D& d) { d.projections[0].delay_ms.kind = Constant{0.2}; }),
      print([](D& d) {
        d.projections[0].delay_ms.kind = Uniform{0.2, 1};
      }),
      print([](D& d) {
        d.rules = {{"r", Stdp{}, Commit::kImmediate, {}, {}}}, d.projections[0].rule = "r";
      }),
      print([](D& d) { d.controllers.clear(); }),
  };
  EXPECT_EQ(all.size(), 18u);
}

}  // namespace
}  // namespace spikeloop
