// SPDX-License-Identifier: Apache-2.0
#include "core/nir/flat.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/nir/conventions.hpp"
#include "tests/nir/support.hpp"

namespace spikeloop::nir::test {
namespace {

bool has(const std::string& text, const std::string& piece) { return text.find(piece) != std::string::npos; }

Node lif(const std::string& name, std::uint64_t n, double tau = 0.01) {
  return node(name, "LIF",
              {{"tau", reals({n}, std::vector<double>(n, tau))},
               {"r", reals({}, {1})},
               {"v_leak", reals({}, {0})},
               {"v_threshold", reals({}, {1})},
               {"v_reset", reals({}, {0})}});
}
Node port(const std::string& name, const std::string& type, std::int64_t n) { return node(name, type, {{"shape", integers({1}, {n})}}); }

TEST(Flat, nested_graphs_dissolve_and_duplicate_edges_go) {
  Graph inner = chain({port("input", "Input", 2), lif("lif", 2), port("output", "Output", 2)});
  inner.edges.emplace_back("lif", "lif");
  Graph g = chain({port("input", "Input", 2), node("sub", "NIRGraph", {}), lif("last.lif", 2), port("output", "Output", 2)});
  g.nodes[1].graph = std::make_shared<const Graph>(inner);
  g.edges.insert(g.edges.begin(), {"sub.output", "last.lif"});  // the same edge by the name of the port
  const FlatGraph flat = flatten(g);
  ASSERT_EQ(flat.nodes.size(), 6u);
  EXPECT_EQ(flat.inputs.size(), 1u);
  EXPECT_EQ(flat.outputs.size(), 1u);
  bool found = false;
  for (std::size_t i = 0; i < flat.nodes.size(); ++i)
    if (flat.nodes[i].name == "sub.lif") found = flat.sources[i].size() == 2;  // its input, and itself
  EXPECT_TRUE(found);
  ASSERT_FALSE(flat.notes.empty());
  EXPECT_TRUE(has(flat.notes[0], "1 duplicate"));
}

TEST(Flat, single_values_take_the_shape_of_what_comes) {
  Graph g = chain({port("input", "Input", 5), lif("lif", 1), port("output", "Output", 5)});
  const FlatGraph flat = flatten(g);
  EXPECT_EQ(flat.nodes[1].shape, (Shape{5}));
  EXPECT_EQ(per_neuron(flat.nodes[1], "tau"), std::vector<double>(5, 0.01));
}

TEST(Flat, all_faults_come_at_once_with_their_places) {
  Graph g = chain({port("input", "Input", 5), node("x", "LIFF", {}), port("output", "Output", 5)});
  g.nodes.push_back(node("y", "LIF", {{"tau", reals({1}, {0.1})}}));
  g.edges.emplace_back("inpt", "y");
  const std::string text = faults([&] { flatten(g); });
  EXPECT_TRUE(has(text, "node.nodes.x.type")) << text;
  EXPECT_TRUE(has(text, "did you mean \"LIF\"?")) << text;
  EXPECT_TRUE(has(text, "node.nodes.y.v_threshold")) << text;
  EXPECT_TRUE(has(text, "did you mean \"input\"?")) << text;
}

TEST(Flat, time_constants_are_above_0_and_names_are_of_one_line) {
  for (const double tau : {0.0, -0.01}) {
    const std::string text = faults([&] { flatten(chain({port("input", "Input", 2), lif("lif", 2, tau)})); });
    EXPECT_TRUE(has(text, fmt::format("node.nodes.lif.tau: is {} in element 0", tau))) << text;
  }
  const Node cuba = node("cuba", "CubaLIF",
                         {{"tau_mem", reals({2}, {0.1, 0.1})},
                          {"tau_syn", reals({2}, {0.1, 0})},
                          {"r", reals({}, {1})},
                          {"v_leak", reals({}, {0})},
                          {"v_threshold", reals({}, {1})}});
  EXPECT_TRUE(has(faults([&] { flatten(chain({port("input", "Input", 2), cuba})); }), "node.nodes.cuba.tau_syn: is 0 in element 1"));
  const std::string broken = faults([&] { flatten(chain({port("input", "Input", 2), lif("a\nb", 2)})); });
  EXPECT_TRUE(has(broken, "node.nodes.a?b: has a line break")) << broken;
  EXPECT_TRUE(has(faults([&] { flatten(Graph{}); }), "node.nodes: is empty"));
}

TEST(Flat, shapes_that_do_not_fit_are_told) {
  const Graph g =
      chain({port("input", "Input", 5), node("fc", "Linear", {{"weight", reals({2, 4}, std::vector<double>(8, 1.0))}}), lif("lif", 2)});
  EXPECT_TRUE(has(faults([&] { flatten(g); }), "node.nodes.fc: takes 4 values, and gets [5]"));
}

TEST(Conventions, units_are_told_where_only_one_is_plausible_and_asked_for_elsewhere) {
  const Graph seconds = chain({port("input", "Input", 1), lif("lif", 1, 0.02), port("output", "Output", 1)});
  const FlatGraph a = flatten(seconds);
  EXPECT_EQ(settle(a, {{}, kMillisecond, {}, {}}).unit, Unit::kSecond);
  const Graph open = chain({port("input", "Input", 1), lif("lif", 1, 20), port("output", "Output", 1)});
  const FlatGraph b = flatten(open);
  EXPECT_TRUE(has(faults([&] { settle(b, {{}, kMillisecond, {}, {}}); }), "--unit: is open"));
  EXPECT_DOUBLE_EQ(*settle(b, {Unit::kMillisecond, kMillisecond, {}, {}}).dt, 1);
  EXPECT_TRUE(has(faults([&] { settle(b, {Unit::kSecond, 100 * kMicrosecond, {}, {}}); }), "does not fit"));
  EXPECT_DOUBLE_EQ(settle(b, {Unit::kStep, 100 * kMicrosecond, {}, {}}).unit_ms, 0.1);
}

TEST(Conventions, a_v_reset_in_the_file_is_not_asked_for) {
  const Graph g = chain({port("input", "Input", 1), lif("lif", 1), port("output", "Output", 1)});
  const FlatGraph flat = flatten(g);
  const std::string text = to_text(settle(flat, {{}, kMillisecond, {}, {}}));
  EXPECT_TRUE(has(text, "v becomes v_reset (v_reset is in the file)")) << text;
  EXPECT_TRUE(has(text, "dt             1 ms (given)")) << text;
}

}  // namespace
}  // namespace spikeloop::nir::test
