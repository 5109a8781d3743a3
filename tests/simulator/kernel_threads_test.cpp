// SPDX-License-Identifier: Apache-2.0
// A convolution keeps one kernel; what it does is what the same synapses do when each is listed.
#include <gtest/gtest.h>

#include "core/engine/layout.hpp"
#include "core/engine/synapses.hpp"
#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

struct Case {
  const char* name;
  Connect connect;
  std::vector<std::uint64_t> from, to;
  Value weight;
};

std::vector<Case> cases() {
  const Value drawn = normal(0.1, 0.4);
  return {{"plain", Convolution{{3, 3}, {1, 1}, {1, 1}}, {2, 9, 70}, {3, 9, 70}, drawn},
          {"strides", Convolution{{3, 2}, {2, 3}, {1, 0}}, {2, 17, 62}, {4, 9, 21}, drawn},
          {"gaps and groups", Convolution{{3, 2}, {2, 1}, {2, 1}, {2, 3}, 2}, {4, 16, 40}, {6, 8, 39}, drawn},
          {"gaps that share a factor with strides", Convolution{{2, 2}, {4, 4}, {0, 0}, {6, 2}, 1}, {1, 31, 43}, {2, 7, 11}, drawn},
          {"one for each channel", Convolution{{2, 2}, {1, 1}, {1, 1}, {1, 1}, 3}, {3, 20, 20}, {3, 21, 21}, {Constant{0.3}, {}}},
          {"pool", Pooling{{3, 2}, {2, 2}}, {3, 21, 30}, {3, 10, 15}, {Constant{0.25}, {}}}};
}

NetworkDescription network_of(const Case& c, const NeuronModel& model) {
  NetworkDescription d;
  Population in = source("in", 1, PoissonSource{200}), out = neurons("out", 1, model);
  in.shape = c.from, out.shape = c.to;
  Projection p = connect("in", "out", c.connect, 1);
  p.weight = c.weight;
  d.populations = {in, out};
  d.projections = {p};
  d.probes = {spikes_of("out")};
  return d;
}

/// The same with each synapse listed.
NetworkDescription unrolled(NetworkDescription d) {
  const Network network(d);
  std::vector<std::uint32_t> sources, targets;
  std::vector<double> weights;
  engine::for_each_initial_weight(network, network.projections()[0], [&](std::uint32_t s, std::uint32_t t, float w) {
    sources.push_back(s), targets.push_back(t), weights.push_back(w);
  });
  d.projections[0].connect = pairs(sources, targets);
  d.projections[0].weight = listed(weights);
  return d;
}

TEST(Kernel, runs_as_the_same_synapses_one_by_one) {
  LifExp two_currents;
  two_currents.tau_syn_ms = 3, two_currents.tau_syn_inhibitory_ms = 7, two_currents.v_threshold_mv = 0.02;
  Lif lif;
  lif.v_threshold_mv = 0.5;
  for (const Case& c : cases())
    for (const NeuronModel& model : {NeuronModel{lif}, NeuronModel{two_currents}})
      for (const std::size_t threads : {1u, 3u})
        for (const engine::Update update : kEveryUpdate) {
          const NetworkDescription shared = network_of(c, model);
          const Recording a = run(shared, 20, {}, threads, update), b = run(unrolled(shared), 20, {}, threads, update);
          EXPECT_GT(a.spikes.size(), 0u) << c.name;
          EXPECT_EQ(a.spikes, b.spikes) << c.name << ", " << threads << " threads, " << name_of(update);
          EXPECT_EQ(a.counts.projections[0].synaptic_events, b.counts.projections[0].synaptic_events) << c.name;
        }
}

TEST(Kernel, tells_its_synapses_one_by_one_and_lets_them_be_set) {
  for (const Case& c : cases()) {
    const NetworkDescription shared = network_of(c, Lif{});
    const auto a = start(shared, 3), b = start(unrolled(shared), 3);
    EXPECT_EQ(a->weights(0), b->weights(0)) << c.name;
    EXPECT_EQ(a->connectivity(0).sources, b->connectivity(0).sources) << c.name;
    EXPECT_EQ(a->connectivity(0).targets, b->connectivity(0).targets) << c.name;
    std::vector<float> other(a->weights(0).size());
    for (std::size_t i = 0; i < other.size(); ++i) other[i] = static_cast<float>(i % 7) * 0.3f - 0.4f;
    Recording x, y;
    advance(*a, 5, x), advance(*b, 5, y);
    a->set_weights(0, other), b->set_weights(0, other);
    EXPECT_EQ(a->weights(0), other) << c.name;
    advance(*a, 20, x), advance(*b, 20, y);
    EXPECT_EQ(x.spikes, y.spikes) << c.name;
  }
}

TEST(Kernel, memory_does_not_grow_with_the_image) {
  const auto bytes = [](std::uint64_t side) {
    NetworkDescription d = network_of({"", Convolution{{5, 5}, {1, 1}, {2, 2}}, {8, side, side}, {16, side, side}, normal(0, 1)}, Lif{});
    const Network network(d);
    return engine::memory_of(network, engine::layout_of(network, 1));
  };
  const engine::Memory small = bytes(16), large = bytes(64);
  EXPECT_NEAR(large.synapses / small.synapses, (314.0 * 314) / (74.0 * 74), 1e-9)
      << "5 n - 6 pairs along an axis, for the taps beyond the edge are none";
  EXPECT_LT(large.connectivity, 0.2 * 64 * 64 * 8 * 5 * 5 * 16) << "far below a byte a synapse: rows of 4 bytes, and one kernel";
}

}  // namespace
}  // namespace spikeloop::testing
