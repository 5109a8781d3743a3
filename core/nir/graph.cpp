// SPDX-License-Identifier: Apache-2.0
#include "core/nir/graph.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

namespace spikeloop::nir {

std::uint64_t Array::size() const { return std::accumulate(shape.begin(), shape.end(), std::uint64_t{1}, std::multiplies<>()); }

std::vector<double> Array::reals() const {
  if (const auto* x = std::get_if<std::vector<double>>(&values)) return *x;
  if (const auto* x = std::get_if<std::vector<std::int64_t>>(&values)) return {x->begin(), x->end()};
  return {};
}

const Array* Node::parameter(const std::string& key) const {
  const auto it = parameters.find(key);
  return it == parameters.end() ? nullptr : &it->second;
}

bool operator==(const Node& a, const Node& b) {
  if (a.name != b.name || a.type != b.type || a.parameters != b.parameters || a.metadata != b.metadata) return false;
  return a.graph && b.graph ? *a.graph == *b.graph : !a.graph == !b.graph;
}

const Node* Graph::find(std::string_view name) const {
  const auto it = std::find_if(nodes.begin(), nodes.end(), [&](const Node& n) { return n.name == name; });
  return it == nodes.end() ? nullptr : &*it;
}

const std::vector<NodeType>& node_types() {
  static const std::vector<NodeType> kTypes = {
      {"Input", {"shape"}, {}},
      {"Output", {"shape"}, {}},
      {"Linear", {"weight"}, {}},
      {"Affine", {"weight", "bias"}, {}},
      {"Scale", {"scale"}, {}},
      {"Conv1d", {"weight"}, {"input_shape", "stride", "padding", "dilation", "groups", "bias"}},
      {"Conv2d", {"weight"}, {"input_shape", "stride", "padding", "dilation", "groups", "bias"}},
      {"SumPool2d", {"kernel_size"}, {"stride", "padding"}},
      {"AvgPool2d", {"kernel_size"}, {"stride", "padding"}},
      {"Flatten", {"start_dim", "end_dim"}, {"input_type"}},
      {"Delay", {"delay"}, {}},
      {"Threshold", {"threshold"}, {}},
      {"I", {"r"}, {}, true},
      {"LI", {"tau", "r", "v_leak"}, {}, true},
      {"IF", {"r", "v_threshold"}, {"v_reset"}, true, true},
      {"LIF", {"tau", "r", "v_leak", "v_threshold"}, {"v_reset"}, true, true},
      {"CubaLI", {"tau_syn", "tau_mem", "r", "v_leak"}, {"w_in"}, true},
      {"CubaLIF", {"tau_syn", "tau_mem", "r", "v_leak", "v_threshold"}, {"w_in", "v_reset"}, true, true},
  };
  return kTypes;
}

const NodeType* node_type(std::string_view name) {
  const auto& all = node_types();
  const auto it = std::find_if(all.begin(), all.end(), [&](const NodeType& t) { return name == t.name; });
  return it == all.end() ? nullptr : &*it;
}

std::size_t count_nodes(const Graph& graph) {
  std::size_t n = graph.nodes.size();
  for (const Node& node : graph.nodes)
    if (node.graph) n += count_nodes(*node.graph);
  return n;
}

}  // namespace spikeloop::nir
