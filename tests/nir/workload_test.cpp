// SPDX-License-Identifier: Apache-2.0
// NeuroBench's figures of networks that are small enough to be worked out by hand.
#include "core/nir/workload.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "backends/simulator/simulator.hpp"
#include "core/evaluate_recordings.hpp"
#include "core/nir/network_of.hpp"
#include "tests/nir/support.hpp"

namespace spikeloop::nir::test {
namespace {

Node fires(const std::string& name) {
  return node(name, "IF", {{"r", reals({}, {1})}, {"v_threshold", reals({}, {0.5})}, {"v_reset", reals({}, {0})}});
}
Node inputs_of(std::vector<std::int64_t> shape) {
  const std::uint64_t rank = shape.size();
  return node("input", "Input", {{"shape", integers({rank}, std::move(shape))}});
}

struct Counted {
  Network network;
  Workload workload;
  std::vector<double> adds(const std::string& name) const { return workload.adds[network.population_index(name)]; }
  std::vector<double> products(const std::string& name) const { return workload.products[network.population_index(name)]; }
};

Counted counted(const Graph& graph) {
  const FlatGraph flat = flatten(graph);
  Network network(network_of(flat, settle(flat, {Unit::kSecond, {}, Pulse::kDiracUnit, Reset::kToValue})).description);
  Workload w = workload_of(flat, network);
  return {std::move(network), std::move(w)};
}

/// 3x3, with 0 in the middle.
const std::vector<double> kRing = {1, 1, 1, 1, 0, 1, 1, 1, 1};

TEST(Workload, a_convolution_has_one_kernel_and_taps_inside_the_image_only) {
  const Counted c = counted(chain({inputs_of({1, 3, 3}),
                                   node("conv", "Conv2d",
                                        {{"weight", reals({1, 1, 3, 3}, kRing)},
                                         {"bias", reals({1}, {0})},
                                         {"padding", integers({2}, {1, 1})},
                                         {"stride", integers({2}, {1, 1})}}),
                                   fires("if"), node("output", "Output", {{"shape", integers({3}, {1, 3, 3})}})}));
  EXPECT_EQ(c.workload.weights, 9u);
  EXPECT_EQ(c.workload.zeros, 1u);
  EXPECT_EQ(c.workload.parameters, 9u + 1 + 1) << "kernel, bias, threshold";
  EXPECT_EQ(c.workload.dense, 49) << "4 corners with 4 taps, 4 edges with 6, the middle with 9";
  EXPECT_EQ(c.adds("input"), (std::vector<double>{3, 5, 3, 5, 8, 5, 3, 5, 3}));
  EXPECT_EQ(c.products("input"), std::vector<double>(9, 0.0));
}

TEST(Workload, a_convolution_of_a_description_counts_the_same) {
  NetworkDescription d;
  d.populations.push_back({"in", {1, 3, 3}, SourceModel{ExternalSource{}}, {}, {}});
  d.populations.push_back({"out", {1, 3, 3}, NeuronModel{If{}}, {}, {}});
  Projection p;
  p.source = "in", p.target = "out";
  p.connect = Convolution{{3, 3}, {1, 1}, {1, 1}, {1, 1}, 1};
  p.weight = {Listed{std::make_shared<const std::vector<double>>(kRing)}, {}};
  d.projections.push_back(p);
  const Network network(d);
  const Workload w = spikeloop::workload_of(network, *make_simulator(1)->compile(network)->start(), {false, false});
  EXPECT_EQ(w.weights, 9u);
  EXPECT_EQ(w.zeros, 1u);
  EXPECT_EQ(w.parameters, 9u + 9) << "kernel, thresholds";
  EXPECT_EQ(w.dense, 49);
  EXPECT_EQ(w.adds[0], (std::vector<double>{3, 5, 3, 5, 8, 5, 3, 5, 3}));
  EXPECT_EQ(spikeloop::workload_of(network, *make_simulator(1)->compile(network)->start(), {true, false}).weights, 0u);
}

TEST(Workload, a_sum_keeps_spikes_ones_and_a_mean_makes_them_numbers_to_multiply_by) {
  const auto with = [](const char* pool) {
    return counted(chain({inputs_of({1, 4, 4}), node("pool", pool, {{"kernel_size", integers({}, {2})}, {"stride", integers({}, {2})}}),
                          node("flat", "Flatten", {{"start_dim", integers({}, {0})}, {"end_dim", integers({}, {-1})}}),
                          node("fc", "Linear", {{"weight", reals({2, 4}, {1, 0, 2, 3, 4, 5, 0, 0})}}), fires("if"),
                          node("output", "Output", {{"shape", integers({1}, {2})}})}));
  };
  const std::vector<double> by_input = {2, 2, 1, 1, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  const Counted sum = with("SumPool2d"), mean = with("AvgPool2d");
  EXPECT_EQ(sum.workload.dense, 8) << "pools are not counted";
  EXPECT_EQ(sum.workload.weights, 8u) << "as in the file, not as composed";
  EXPECT_EQ(sum.workload.zeros, 3u);
  EXPECT_EQ(sum.adds("input"), by_input);
  EXPECT_EQ(mean.products("input"), by_input);
  EXPECT_EQ(std::accumulate(by_input.begin(), by_input.end(), 0.0), 20);
  EXPECT_EQ(mean.adds("input"), std::vector<double>(16, 0.0));
}

TEST(Workload, weights_of_a_kernel_are_told_apart_whatever_its_geometry) {
  NetworkDescription d;
  d.populations.push_back({"in", {2, 5, 6}, SourceModel{ExternalSource{}}, {}, {}});
  d.populations.push_back({"out", {4, 3, 4}, NeuronModel{If{}}, {}, {}});
  Projection p;
  p.source = "in", p.target = "out";
  p.connect = Convolution{{2, 3}, {2, 1}, {1, 1}, {1, 2}, 2};
  std::vector<double> weights(4 * 1 * 2 * 3, 1.0);
  for (const std::size_t zero : {1u, 6u, 11u, 17u, 20u, 22u, 23u}) weights[zero] = 0;
  p.weight = {Listed{std::make_shared<const std::vector<double>>(weights)}, {}};
  d.projections.push_back(p);
  const Network network(d);
  const Workload w = spikeloop::workload_of(network, *make_simulator(1)->compile(network)->start(), {false, false});
  EXPECT_EQ(w.weights, 24u);
  EXPECT_EQ(w.zeros, 7u);
}

TEST(Workload, a_matrix_behind_a_matrix_multiplies_what_is_not_1_and_gets_no_zeros) {
  const Counted c = counted(chain({inputs_of({2}), node("a", "Linear", {{"weight", reals({2, 2}, {0.5, 0, 0.5, 2})}}),
                                   node("b", "Linear", {{"weight", reals({3, 2}, {1, 0, 1, 1, 0, 1})}}), fires("if"),
                                   node("output", "Output", {{"shape", integers({1}, {3})}})}));
  EXPECT_EQ(c.adds("input"), (std::vector<double>{2, 1}));
  EXPECT_EQ(c.products("input"), (std::vector<double>{4, 2}));
  EXPECT_EQ(c.workload.dense, 4 + 6);
}

TEST(Workload, answers_latency_and_figures_of_a_test_are_those_of_its_spikes) {
  const Graph graph = chain({inputs_of({2}), node("fc", "Linear", {{"weight", reals({2, 2}, {1, 0, 0.25, 1})}}), fires("if"),
                             node("output", "Output", {{"shape", integers({1}, {2})}})});
  const FlatGraph flat = flatten(graph);
  const RecordingTest test{"if", 2, 1};
  const Network network(
      with_probes(network_of(flat, settle(flat, {Unit::kSecond, {}, Pulse::kDiracUnit, Reset::kToValue})).description, test));
  const auto in = static_cast<std::uint32_t>(network.population_index("input"));
  const std::vector<LabelledSpikes> samples = {
      {0, 4 * kMillisecond, {{kMillisecond, in, 0}, {2 * kMillisecond, in, 0}}},  // neuron 0 spikes twice
      {1, 4 * kMillisecond, {{kMillisecond, in, 1}, {2 * kMillisecond, in, 0}}},  // both once: 1 has the larger potential left
      {1, 6 * kMillisecond, {{kMillisecond, in, 0}, {2 * kMillisecond, in, 1}, {5 * kMillisecond, in, 1}}},
      {1, 4 * kMillisecond, {}}};  // nobody: the lower index
  const auto session = make_simulator(1)->compile(network)->start();
  std::size_t calls = 0;
  const Evaluation e = evaluate_recordings(
      test, network, *session, workload_of(flat, network), samples.size(), [&](std::size_t i) { return samples[i]; },
      [&](std::size_t done, double) { calls = done; });
  EXPECT_EQ(calls, 4u);
  EXPECT_EQ(e.accuracy, 0.75);
  EXPECT_EQ(e.confusion, (std::vector<std::vector<std::uint32_t>>{{1, 0}, {1, 2}}));
  EXPECT_EQ(e.latency_ms, (std::vector<double>{1.000001, 4, 5.000001, 4}));
  EXPECT_EQ(e.first_spike_ms[2], 1.000001);
  EXPECT_TRUE(std::isnan(e.first_spike_ms[3]));
  EXPECT_EQ(e.latency_p50_ms, 4);
  EXPECT_EQ(e.latency_p99_ms, 5.000001);
  const NeuroBench n = neurobench(e);
  EXPECT_EQ(n.footprint, 4u * (4 + 1));
  EXPECT_EQ(n.connection_sparsity, 0.25);
  EXPECT_EQ(n.effective_acs, (4 + 3 + 4) / 4.0) << "input 0 has two weights other than 0, input 1 one";
  EXPECT_EQ(n.effective_macs, 0);
  EXPECT_EQ(n.dense, 4 * (4 + 4 + 6 + 4) / 4.0);
  EXPECT_DOUBLE_EQ(n.activation_sparsity, 1 - (2 + 2 + 3) / (18.0 * 2));
}

}  // namespace
}  // namespace spikeloop::nir::test
