// SPDX-License-Identifier: Apache-2.0
#include "core/nir/workload.hpp"

#include <algorithm>
#include <cmath>

#include "core/nir/linear.hpp"

namespace spikeloop::nir {
namespace {

bool has_weights(const FlatNode& n) {
  return (n.type() == "Linear" || n.type() == "Affine" || n.type().starts_with("Conv")) && n.node->parameter("weight");
}

/// Adds the operations of a node with weights for each neuron or Input whose spikes reach it.
void add_operations(const FlatGraph& graph, std::size_t node, const Network& network, Workload& w) {
  const LinearMap own = linear_map(graph.nodes[node]);
  std::vector<double> others(own.sources, 0.0);  // weights that are not 0, by input
  for_each_weight(own, [&](std::uint64_t s, std::uint64_t, double weight, double) {
    others[s] += weight != 0;
    ++w.dense;
  });
  for (const Inflow::Part& part : inflow_of(graph, node).parts) {
    const std::size_t p = network.population_index(graph.nodes[part.source].name);
    bool ones = true;  // what a spike is when it gets here
    for_each_weight(part.map,
                    [&](std::uint64_t, std::uint64_t, double weight, double) { ones = ones && (weight == 0 || std::abs(weight) == 1); });
    std::vector<double>& to = ones ? w.adds[p] : w.products[p];
    for_each_weight(part.map, [&](std::uint64_t s, std::uint64_t m, double weight, double) {
      if (weight != 0) to[s] += others[m];
    });
  }
}

}  // namespace

Workload workload_of(const FlatGraph& graph, const Network& network) {
  Workload w;
  for (const Population& p : network.populations()) {
    w.adds.emplace_back(p.size(), 0.0);
    w.products.emplace_back(p.size(), 0.0);
    w.counted.push_back(!p.is_source());
  }
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const FlatNode& n = graph.nodes[i];
    if (const Array* threshold = n.node->parameter("v_threshold")) w.parameters += threshold->size();
    if (!has_weights(n)) continue;
    const std::vector<double> weights = n.node->parameter("weight")->reals();
    w.weights += weights.size();
    w.zeros += static_cast<std::uint64_t>(std::count(weights.begin(), weights.end(), 0.0));
    if (const Array* bias = n.node->parameter("bias")) w.parameters += bias->size();
    add_operations(graph, i, network, w);
  }
  w.parameters += w.weights;
  return w;
}

}  // namespace spikeloop::nir
