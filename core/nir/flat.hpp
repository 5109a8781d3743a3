// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/nir/graph.hpp"

namespace spikeloop::nir {

using Shape = std::vector<std::uint64_t>;

/// Most weights of a map, and most values that all nodes together may give; more is refused before anything is allocated.
inline constexpr std::uint64_t kMostValues = std::uint64_t{1} << 26, kMostGiven = std::uint64_t{1} << 23;

/// A node of a graph without nested graphs.
struct FlatNode {
  std::string name;            ///< "lif", "sub.lif"
  const Node* node = nullptr;  ///< of the graph that was flattened
  Shape in_shape, shape;       ///< of what it takes and gives, without batch and time
  bool port = false;           ///< an Input or Output of a nested graph: hands on what it gets

  const std::string& type() const { return node->type; }
  /// Number of values that it gives.
  std::uint64_t size() const;
};

/// A graph whose nested graphs are dissolved, whose edges are known to lead somewhere, and whose shapes fit.
struct FlatGraph {
  std::vector<FlatNode> nodes;
  std::vector<std::vector<std::size_t>> sources;  ///< per node: which feed it, ascending, each once
  std::vector<std::size_t> inputs, outputs;       ///< Input and Output nodes of the root
  std::vector<std::string> notes;                 ///< what was found and mended: for the block of conventions
};

/// Dissolves nested graphs, removes duplicate edges, infers shapes. `graph` must outlive the result. Throws DescriptionError with every
/// fault of the graph, with paths as in the file.
FlatGraph flatten(const Graph& graph);

/// A parameter as one value a neuron of the node, `fallback` where it is missing. Rank 0 and single values are repeated.
std::vector<double> per_neuron(const FlatNode& node, const std::string& key, double fallback = 0);

/// Whole numbers of a parameter, one an axis: single values are repeated; `fallback` where it is missing.
std::vector<std::int64_t> per_axis(const Node& node, const std::string& key, std::size_t axes, std::int64_t fallback);

}  // namespace spikeloop::nir
