// SPDX-License-Identifier: Apache-2.0
// What is said about memory before a network is built, against the arrays that are built.
#include <gtest/gtest.h>

#include "core/engine/layout.hpp"
#include "core/engine/plasticity.hpp"
#include "core/engine/synapses.hpp"
#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

template <class T, class A>
double bytes_of(const std::vector<T, A>& x) {
  return static_cast<double>(x.capacity() * sizeof(T));
}

struct Size {
  double synapses = 0, bytes = 0;
};

/// Of every group in every lane. Room for segments is set aside, but only what is used of it becomes memory.
Size built(const Network& network, const engine::Layout& layout) {
  Size size;
  for (const engine::Group& g : layout.groups)
    for (const engine::LaneLayout& lane : layout.lanes) {
      if (g.current || g.drive) continue;
      engine::Synapses s = engine::build_synapses(network, g, lane);
      size.synapses += static_cast<double>(s.size());
      size.bytes += bytes_of(s.begin) + bytes_of(s.targets) + bytes_of(s.wide_targets) + bytes_of(s.weights) + bytes_of(s.first_segment) +
                    static_cast<double>(s.segments.size() * sizeof(engine::Segment)) + bytes_of(s.parts);
      if (!g.plastic) continue;
      engine::Plasticity plasticity(*network.rule_of(network.projections()[g.projections.front()]), s, s.sources, network.resolution());
      size.bytes += bytes_of(plasticity.pending()) + bytes_of(plasticity.rows());
    }
  return size;
}

struct MemoryCase {
  const char* name;
  NetworkDescription d;
};

/// About 2e6 synapses each.
std::vector<MemoryCase> memory_cases() {
  NetworkDescription d;
  d.populations = {source("in", 2000), neurons("n", 4000, Lif{}), neurons("m", 1000, Lif{})};
  d.rules = {{"stdp", Stdp{}, Commit::kImmediate, {}, {}}, {"trial", Stdp{}, Commit::kTrial, {}, {}}};
  std::vector<MemoryCase> all;
  const auto add = [&](const char* name, std::vector<Projection> projections) {
    all.push_back({name, d});
    all.back().d.projections = std::move(projections);
  };
  const Projection constant = connect("in", "n", FixedInDegree{500}, 1);
  add("constant", {constant});
  Projection p = constant;
  p.weight = normal(0, 1);
  add("stored", {p});
  p = constant;
  p.delay_ms = {Uniform{0.1, 5}, {}};
  add("uniform delays", {p});
  p.delay_ms = normal(3, 0.5), p.weight = normal(0, 1);
  add("normal delays, stored", {p});
  add("dense", {connect("in", "m", AllToAll{}, 1)});
  p = connect("in", "m", AllToAll{}, 1);
  p.weight = normal(0, 1);
  add("dense, stored", {p});
  add("plastic", {plastic(constant, "stdp")});
  add("plastic, by trials", {plastic(constant, "trial")});
  add("plastic, dense", {plastic(connect("in", "m", AllToAll{}, 1), "trial")});
  add("merged", {connect("in", "n", FixedInDegree{400}, 1), connect("in", "m", FixedInDegree{400}, 1)});
  return all;
}

TEST(Memory, OfConnectivityIsKnownBefore) {
  for (const MemoryCase& c : memory_cases())
    for (const std::size_t threads : {1, 2}) {
      SCOPED_TRACE(::testing::Message() << c.name << ", threads " << threads);
      const Network network(c.d);
      const engine::Layout layout = engine::layout_of(network, threads);
      const engine::Memory memory = engine::memory_of(network, layout);
      const Size size = built(network, layout);
      EXPECT_EQ(memory.synapses, size.synapses);
      EXPECT_GT(size.synapses, 1.9e6);
      EXPECT_NEAR(memory.connectivity / (size.bytes + 1e-9 * size.synapses), size.bytes > 0 ? 1 : 0, 0.02)
          << memory.connectivity << " said, " << size.bytes << " built";
    }
}

TEST(Memory, OfAWideLaneIsKnownBefore) {
  NetworkDescription d;
  d.populations = {source("in", 2000), neurons("n", 100'000, Lif{})};
  d.projections = {connect("in", "n", FixedInDegree{20}, 1)};
  const Network network(d);
  const engine::Layout layout = engine::layout_of(network, 1);
  ASSERT_GT(layout.lanes.front().slots, engine::kNarrowSlots);
  EXPECT_NEAR(engine::memory_of(network, layout).connectivity / built(network, layout).bytes, 1, 0.02);
}

}  // namespace
}  // namespace spikeloop::testing
