// SPDX-License-Identifier: Apache-2.0
// Graphs become networks whose runs are known in closed form, or are known from the same graph said otherwise.
#include "core/nir/network_of.hpp"
#include "core/nir/linear.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "backends/simulator/simulator.hpp"
#include "core/engine/synapses.hpp"
#include "core/nir/graph_of.hpp"
#include "core/nir/linear.hpp"
#include "core/nir/stepper.hpp"
#include "tests/nir/support.hpp"

namespace spikeloop::nir::test {
namespace {

const Given kImpulse{Unit::kSecond, {}, Pulse::kDiracUnit, Reset::kToValue};

Node input(std::vector<std::int64_t> shape) {
  const std::uint64_t rank = shape.size();
  return node("input", "Input", {{"shape", integers({rank}, std::move(shape))}});
}
Node output(std::vector<std::int64_t> shape) {
  const std::uint64_t rank = shape.size();
  return node("output", "Output", {{"shape", integers({rank}, std::move(shape))}});
}
/// Fires whenever more than 0.5 came since it last did.
Node integrator(const std::string& name) {
  return node(name, "IF", {{"r", reals({}, {1})}, {"v_threshold", reals({}, {0.5})}, {"v_reset", reals({}, {0})}});
}

TEST(NetworkOf, a_bias_is_a_continuous_current) {
  const Graph g = chain({input({1}), node("fc", "Affine", {{"weight", reals({2, 1}, {0, 0})}, {"bias", reals({2}, {1.2, 2})}}),
                         node("lif", "LIF",
                              {{"tau", reals({2}, {0.01, 0.01})},
                               {"r", reals({2}, {1, 1})},
                               {"v_leak", reals({2}, {0, 0})},
                               {"v_threshold", reals({2}, {1, 1})},
                               {"v_reset", reals({2}, {0, 0})}}),
                         output({2})});
  const NetworkRun r = run(g, kImpulse, {}, 50 * kMillisecond);
  for (const auto& [neuron, drive] : {std::pair{0u, 1.2}, std::pair{1u, 2.0}}) {
    const double period = 1e7 * std::log(drive / (drive - 1));
    const std::vector<Time> spikes = r.spikes("lif", neuron);
    ASSERT_EQ(spikes.size(), static_cast<std::size_t>(5e7 / period));
    for (std::size_t i = 0; i < spikes.size(); ++i)
      EXPECT_NEAR(static_cast<double>(spikes[i]), period * static_cast<double>(i + 1), 20) << "neuron " << neuron;
  }
}

/// v at time t of a current-based neuron whose input is 1 from 0 to dt.
double cuba_response(double t, double dt, double tau_syn, double tau_mem, double gain) {
  const auto step = [&](double s) {
    if (s <= 0) return 0.0;
    const double es = std::exp(-s / tau_syn), em = std::exp(-s / tau_mem);
    return gain * (1 - em - tau_syn / (tau_syn - tau_mem) * (es - em));
  };
  return step(t) - step(t - dt);
}

TEST(NetworkOf, a_rectangular_pulse_through_a_synaptic_current_is_exact) {
  const Graph g = chain({input({1}), node("fc", "Linear", {{"weight", reals({1, 1}, {1})}}),
                         node("li", "CubaLI",
                              {{"tau_mem", reals({1}, {0.02})},
                               {"tau_syn", reals({1}, {0.005})},
                               {"r", reals({1}, {2})},
                               {"v_leak", reals({1}, {0})},
                               {"w_in", reals({1}, {3})}}),
                         output({1})});
  const NetworkRun r =
      run(g, {Unit::kSecond, kMillisecond, Pulse::kRect, {}}, {{0, "input", 0}}, 60 * kMillisecond, kNanosecond, kMillisecond / 2);
  const auto v = r.samples("li.potential");
  ASSERT_EQ(v.size(), 120u);
  for (std::size_t k = 0; k < v.size(); ++k)
    EXPECT_NEAR(v[k][0], cuba_response(static_cast<double>(k) * 0.5e-3, 1e-3, 0.005, 0.02, 6), 1e-9) << k;
}

TEST(NetworkOf, pulses_that_are_taken_back_leave_nothing) {
  std::vector<double> weights;
  for (int i = 0; i < 20; ++i) weights.push_back(0.1 + 0.017 * i);
  const Graph g =
      chain({input({20}), node("fc", "Linear", {{"weight", reals({1, 20}, weights)}}),
             node("li", "LI", {{"tau", reals({1}, {0.001})}, {"r", reals({1}, {1})}, {"v_leak", reals({1}, {0})}}), output({1})});
  std::vector<InputSpike> spikes;  // pulses begin where others end
  for (Time t = 0; t < 1000; ++t)
    for (std::uint32_t i = 0; i < 20; ++i)
      if ((t * 7 + i * 3) % 5 < 2) spikes.push_back({t * 100 * kMicrosecond, "input", i});
  const NetworkRun r = run(g, {Unit::kSecond, 100 * kMicrosecond, Pulse::kRect, {}}, spikes, kSecond, 200 * kMillisecond, kSecond);
  EXPECT_LT(std::abs(r.samples("li.potential").at(0)[0]), 1e-7);
}

TEST(NetworkOf, neurons_of_a_node_may_differ) {
  const Graph g = chain({input({2}), node("w", "Scale", {{"scale", reals({2}, {1, 1})}}),
                         node("lif", "LIF",
                              {{"tau", reals({2}, {0.01, 0.02})},
                               {"r", reals({2}, {1, 1})},
                               {"v_leak", reals({2}, {2, 2})},
                               {"v_threshold", reals({2}, {1, 1.5})},
                               {"v_reset", reals({2}, {0, 0})}}),
                         output({2})});
  const NetworkRun r = run(g, kImpulse, {}, 100 * kMillisecond);
  ASSERT_FALSE(r.spikes("lif", 0).empty());
  ASSERT_FALSE(r.spikes("lif", 1).empty());
  EXPECT_NEAR(static_cast<double>(r.spikes("lif", 0)[0]), 1e7 * std::log(2.0), 2);
  EXPECT_NEAR(static_cast<double>(r.spikes("lif", 1)[0]), 2e7 * std::log(4.0), 2);
}

TEST(NetworkOf, a_delay_moves_spikes) {
  const Graph g = chain({input({2}), node("late", "Delay", {{"delay", reals({2}, {0.003, 0.005})}}), integrator("if"), output({2})});
  const NetworkRun r = run(g, kImpulse, {{kMillisecond, "input", 0}, {kMillisecond, "input", 1}}, 10 * kMillisecond);
  EXPECT_EQ(r.spikes("if", 0), std::vector<Time>{4 * kMillisecond});
  EXPECT_EQ(r.spikes("if", 1), std::vector<Time>{6 * kMillisecond});
}

/// A kernel of different numbers.
std::vector<double> numbers(std::size_t n) {
  std::vector<double> w;
  for (std::size_t i = 0; i < n; ++i) w.push_back(std::sin(1.0 + static_cast<double>(i)));
  return w;
}

TEST(NetworkOf, a_pool_before_a_convolution_stays_one_kernel_and_does_the_same) {
  FlatNode pool, conv;
  const Node pool_node = node("p", "AvgPool2d", {{"kernel_size", integers({2}, {2, 2})}, {"stride", integers({2}, {2, 2})}});
  const Node conv_node = node(
      "c", "Conv2d", {{"weight", reals({4, 3, 3, 3}, numbers(108))}, {"padding", integers({2}, {1, 1})}, {"stride", integers({}, {1})}});
  pool.node = &pool_node, pool.in_shape = {3, 8, 6}, pool.shape = {3, 4, 3};
  conv.node = &conv_node, conv.in_shape = {3, 4, 3}, conv.shape = {4, 4, 3};
  const LinearMap a = linear_map(pool), b = linear_map(conv), both = compose(a, b);
  ASSERT_TRUE(std::holds_alternative<KernelMap>(both.kind));
  std::vector<double> x(144), between(36), wanted(48), found(48);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::cos(static_cast<double>(i * i));
  apply(a, x, between);
  apply(b, between, wanted);
  apply(both, x, found);
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(found[i], wanted[i], 1e-12);
  pool.in_shape = {3, 9, 7};  // with an edge that the pool leaves out, and the kernel would not
  const LinearMap edge = compose(linear_map(pool), b);
  EXPECT_TRUE(std::holds_alternative<SparseMap>(edge.kind));
  std::vector<double> y(189), other(48);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = std::cos(static_cast<double>(i * i));
  std::fill(between.begin(), between.end(), 0.0), std::fill(wanted.begin(), wanted.end(), 0.0);
  apply(linear_map(pool), y, between);
  apply(b, between, wanted);
  apply(edge, y, other);
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(other[i], wanted[i], 1e-12);
}

TEST(NetworkOf, convolutions_in_groups_and_with_gaps_are_kernels_of_the_network) {
  const Graph g = chain({input({4, 7, 6}),
                         node("conv", "Conv2d",
                              {{"weight", reals({6, 2, 3, 2}, numbers(72))},
                               {"stride", integers({2}, {2, 1})},
                               {"padding", integers({2}, {1, 2})},
                               {"dilation", integers({2}, {1, 2})},
                               {"groups", integers({}, {2})},
                               {"bias", reals({6}, {0, 0, 0, 0, 0, 0})}}),
                         node("li", "I", {{"r", reals({}, {1})}}), output({6, 4, 8})});
  const FlatGraph flat = flatten(g);
  const NirNetwork made = network_of(flat, settle(flat, kImpulse));
  ASSERT_EQ(made.description.projections.size(), 1u);
  ASSERT_TRUE(std::holds_alternative<Convolution>(made.description.projections[0].connect));
  std::vector<InputSpike> spikes;
  std::vector<double> x(168), wanted(192);
  for (std::uint32_t i = 0; i < 168; i += 5) spikes.push_back({0, "input", i}), x[i] = 1;
  for (std::size_t i = 0; i < flat.nodes.size(); ++i)
    if (flat.nodes[i].name == "conv") apply(linear_map(flat.nodes[i]), x, wanted);
  const NetworkRun r = run(g, kImpulse, spikes, kMillisecond, 10, kSecond);
  const auto v = r.samples("li.potential");
  ASSERT_EQ(v.size(), 1u);
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(v[0][i], wanted[i], 1e-6) << i;
}

TEST(NetworkOf, convolutions_of_lines_are_kernels_too) {
  // Channels 0, 1 see channel 0 and 2, 3 see channel 1; out[t] = w[0] in[2 t - 1] + w[1] in[2 t] + w[2] in[2 t + 1].
  std::vector<double> w;
  for (int i = 0; i < 12; ++i) w.push_back(1 + i);
  const Graph g = chain(
      {input({2, 6}),
       node(
           "conv", "Conv1d",
           {{"weight", reals({4, 1, 3}, w)}, {"stride", integers({}, {2})}, {"padding", integers({}, {1})}, {"groups", integers({}, {2})}}),
       node("if", "IF", {{"r", reals({}, {1})}, {"v_threshold", reals({}, {0.5})}, {"v_reset", reals({}, {0})}}), output({4, 3})});
  const FlatGraph flat = flatten(g);
  const NirNetwork made = network_of(flat, settle(flat, {Unit::kSecond, {}, Pulse::kDiracUnit, Reset::kToValue}));
  const Network network(made.description);
  ASSERT_EQ(network.projections().size(), 1U);
  EXPECT_TRUE(std::holds_alternative<Convolution>(network.projections()[0].connect)) << "one kernel, not single weights";
  const auto session = make_simulator()->compile(network)->start();
  const Connectivity c = session->connectivity(0);
  const std::vector<float> weights = session->weights(0);
  std::map<std::pair<std::uint32_t, std::uint32_t>, float> found, expected;
  for (std::size_t i = 0; i < weights.size(); ++i) found[{c.sources[i], c.targets[i]}] = weights[i];
  for (int channel = 0; channel < 4; ++channel)
    for (int t = 0; t < 3; ++t)
      for (int k = 0; k < 3; ++k)
        if (const int s = 2 * t - 1 + k; s >= 0 && s < 6)
          expected[{channel / 2 * 6 + s, channel * 3 + t}] = static_cast<float>(w[static_cast<std::size_t>(3 * channel + k)]);
  EXPECT_EQ(found, expected);
}

TEST(NetworkOf, a_matrix_that_nothing_leads_to_gives_its_bias_whatever_it_would_take) {
  Graph g = chain({input({2}), node("w", "Linear", {{"weight", reals({2, 2}, {0, 0, 0, 0})}}), integrator("if"), output({2})});
  std::vector<double> weights(2 * 1000, 1.0);  // takes more than it gives
  g.nodes.push_back(node("alone", "Affine", {{"weight", reals({2, 1000}, weights)}, {"bias", reals({2}, {0, 2})}}));
  g.edges.emplace_back("alone", "if");
  const NetworkRun r = run(g, kImpulse, {}, 900 * kMillisecond);
  EXPECT_EQ(r.spikes("if", 0).size(), 0u);
  EXPECT_EQ(r.spikes("if", 1).size(), 3u) << "0.5 is exceeded every quarter of a second";
  const FlatGraph flat = flatten(g);
  Stepper stepper(flat, *find_tool("norse"), 0.001);
  const std::vector<std::vector<double>> silence = {{0, 0}};
  for (int k = 0; k < 900; ++k) stepper.step(silence);
}

TEST(NetworkOf, a_bias_of_nothing_is_nothing) {
  const Node convolution = node("conv", "Conv2d", {{"bias", reals({1}, {1})}});
  FlatNode without_channels;
  without_channels.node = &convolution, without_channels.shape = {0, 3, 3};
  EXPECT_TRUE(linear_bias(without_channels).empty());
}

TEST(NetworkOf, what_has_no_events_is_refused_by_name) {
  const Graph g = chain({input({1}), node("li", "LI", {{"tau", reals({1}, {0.01})}, {"r", reals({1}, {1})}, {"v_leak", reals({1}, {0})}}),
                         node("step", "Threshold", {{"threshold", reals({1}, {1})}}), output({1})});
  const FlatGraph flat = flatten(g);
  const Conventions c = settle(flat, kImpulse);
  const std::string text = faults([&] { network_of(flat, c); });
  EXPECT_NE(text.find("node.nodes.step"), std::string::npos) << text;
  EXPECT_NE(text.find("--as"), std::string::npos) << text;
}

TEST(NetworkOf, a_network_of_ours_survives_the_way_there_and_back) {
  NetworkDescription d;
  d.resolution = kMicrosecond;
  Lif lif;
  lif.tau_m_ms = 10, lif.v_threshold_mv = 1, lif.bias_mv = 0.25;
  d.populations.push_back({"in", {3}, SourceModel{ExternalSource{}}, {}, {}});
  d.populations.push_back({"out", {2}, NeuronModel{lif}, Value{Constant{0}, {}}, {}});
  Projection p;
  p.source = "in", p.target = "out";
  p.weight = {Uniform{0.4, 0.9}, {}};
  p.delay_ms = {Constant{0.001}, {}};
  d.projections.push_back(p);
  d.probes.push_back({"", "out", "", Probe::Variable::kSpikes, 0, 1});
  const Network ours(d);
  const Graph there = graph_of(ours);
  const FlatGraph flat = flatten(there);
  const NirNetwork back = network_of(flat, settle(flat, kImpulse));
  const Network again(back.description);
  std::vector<float> a, b;
  engine::for_each_initial_weight(ours, ours.projections()[0], [&](auto, auto, float w) { a.push_back(w); });
  for (const Projection& k : again.projections())
    if (k.target == "out") engine::for_each_initial_weight(again, k, [&](auto, auto, float w) { b.push_back(w); });
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_FLOAT_EQ(a[i], b[i]);
  const auto& neuron = std::get<Lif>(again.populations()[again.population_index("out")].neuron());
  EXPECT_DOUBLE_EQ(neuron.tau_m_ms, 10);
  EXPECT_EQ(neuron.v_threshold_mv, 1.0) << ">= there is > here, to the last bit";
  EXPECT_EQ(neuron.v_rest_mv, 0.25);
}

/// Spikes of "lif" after a way into a description and back, and those before it.
void expect_the_same_after_a_way_there_and_back(const Graph& g, std::size_t at_least) {
  const FlatGraph flat = flatten(g);
  const Graph back = graph_of(Network(network_of(flat, settle(flat, kImpulse)).description));
  const std::vector<InputSpike> spikes = {{2 * kMillisecond, "input", 0}, {21 * kMillisecond, "input", 1}};
  const auto times = [&](const Graph& graph) {
    const NetworkRun r = run(graph, kImpulse, spikes, 100 * kMillisecond, kNanosecond, kSecond);
    std::vector<std::pair<std::uint32_t, Time>> all;
    for (const Spike& s : r.recording.spikes)
      if (r.network.populations()[s.population].name == "lif") all.emplace_back(s.neuron, s.time);
    std::sort(all.begin(), all.end());
    return all;
  };
  const auto a = times(g), b = times(back);
  ASSERT_GT(a.size(), at_least);
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(static_cast<double>(a[i].second), static_cast<double>(b[i].second), 20) << "ns";
}

TEST(NetworkOf, biases_go_back) {
  for (const bool synaptic : {false, true})
    for (const std::vector<double>& bias : {std::vector<double>{1.2, 1.5}, {1.4, 1.4}}) {
      std::map<std::string, Array> parameters = {{synaptic ? "tau_mem" : "tau", reals({2}, {0.01, 0.01})},
                                                 {"r", reals({2}, {1, 1})},
                                                 {"v_leak", reals({2}, {0.1, 0.1})},
                                                 {"v_threshold", reals({2}, {1, 1})},
                                                 {"v_reset", reals({2}, {0, 0})}};
      if (synaptic) parameters.emplace("tau_syn", reals({2}, {0.004, 0.004})), parameters.emplace("w_in", reals({2}, {1, 1}));
      const Graph g =
          chain({input({2}), node("fc", "Affine", {{"weight", reals({2, 2}, {0.002, 0.001, 0.003, 0.001})}, {"bias", reals({2}, bias)}}),
                 node("lif", synaptic ? "CubaLIF" : "LIF", parameters), output({2})});
      SCOPED_TRACE(fmt::format("{} {}", synaptic, bias[0]));
      expect_the_same_after_a_way_there_and_back(g, 8);
    }
}

TEST(Stepper, norse_leaks_its_synaptic_currents_to_v_leak) {
  const Graph g = chain({input({1}),
                         node("cuba", "CubaLIF",
                              {{"tau_mem", reals({1}, {0.01})},
                               {"tau_syn", reals({1}, {0.005})},
                               {"r", reals({1}, {1})},
                               {"w_in", reals({1}, {1})},
                               {"v_leak", reals({1}, {0.2})},
                               {"v_threshold", reals({1}, {10})}}),
                         output({1})});
  const FlatGraph flat = flatten(g);
  for (const auto& [tool, rest] : {std::pair("norse", 0.4), {"snntorch", 0.2}}) {
    Stepper stepper(flat, *find_tool(tool), 1e-3);
    const std::vector<std::vector<double>> silence = {{0.0}};
    for (int step = 0; step < 500; ++step) stepper.step(silence);
    for (std::size_t i = 0; i < flat.nodes.size(); ++i)
      if (flat.nodes[i].name == "cuba") {
        EXPECT_NEAR(stepper.potential(i)[0], rest, 1e-6) << tool;
      }
  }
}

TEST(NetworkOf, what_nir_cannot_say_is_listed_whole) {
  NetworkDescription d;
  Lif lif;
  lif.refractory_ms = 2;
  d.populations.push_back({"noise", {3}, SourceModel{PoissonSource{10}}, {}, {}});
  d.populations.push_back({"out", {2}, NeuronModel{lif}, {}, {}});
  Projection p;
  p.source = "noise", p.target = "out", p.port = Port::kApical;
  d.projections.push_back(p);
  const std::string text = faults([&] { graph_of(Network(d)); });
  for (const char* what : {"poisson", "refractory", "basal"}) EXPECT_NE(text.find(what), std::string::npos) << what << "\n" << text;
}

}  // namespace
}  // namespace spikeloop::nir::test
