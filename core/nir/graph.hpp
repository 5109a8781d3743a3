// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// The Neuromorphic Intermediate Representation (NIR) as a value: what a file says, and nothing that it does not say.
namespace spikeloop::nir {

/// How an array lies in the file; a graph that is written again keeps it.
enum class Stored { kBool, kInt8, kInt16, kInt32, kInt64, kUint8, kUint16, kUint32, kUint64, kFloat16, kFloat32, kFloat64, kString };

/// An array of numbers or texts, row-major. Floats are held as double, which is exact; integers and truth values as int64.
struct Array {
  Stored stored = Stored::kFloat64;
  std::vector<std::uint64_t> shape;  ///< empty: one value without a dimension (rank 0)
  std::variant<std::vector<double>, std::vector<std::int64_t>, std::vector<std::string>> values;

  std::uint64_t size() const;  ///< product of the shape
  bool is_text() const { return values.index() == 2; }
  /// The numbers as double; empty for texts.
  std::vector<double> reals() const;

  friend bool operator==(const Array&, const Array&) = default;
};

struct Graph;

/// A node: one of the types of `node_types()`, or "NIRGraph", which has a graph of its own.
struct Node {
  std::string name;
  std::string type;
  std::map<std::string, Array> parameters;  ///< datasets of the node, by name, without `type`
  std::map<std::string, Array> metadata;    ///< by path below metadata/, e.g. "author/name"
  std::shared_ptr<const Graph> graph;       ///< of a nested graph, else null

  /// Null if it has none of this name.
  const Array* parameter(const std::string& key) const;
  friend bool operator==(const Node& a, const Node& b);
};

/// Nodes and directed edges between them, as they lie in the file: edges in no particular order, duplicates and cycles included.
struct Graph {
  std::string version;  ///< of the writer, e.g. "1.0.7"; of the root only
  std::vector<Node> nodes;
  std::vector<std::pair<std::string, std::string>> edges;
  std::map<std::string, Array> parameters;  ///< further datasets of the graph itself
  std::map<std::string, Array> metadata;

  /// Null if there is none of this name.
  const Node* find(std::string_view name) const;
  friend bool operator==(const Graph&, const Graph&) = default;
};

/// What a type of node is made of.
struct NodeType {
  const char* name;
  std::vector<std::string> required;  ///< datasets that it must have
  std::vector<std::string> optional;  ///< datasets that it may have
  bool keeps_state = false;           ///< a neuron or an integrator
  bool spikes = false;
};

/// Every type of node but NIRGraph.
const std::vector<NodeType>& node_types();

/// Null if there is no such type.
const NodeType* node_type(std::string_view name);

/// Number of nodes, those of nested graphs included.
std::size_t count_nodes(const Graph& graph);

}  // namespace spikeloop::nir
