// SPDX-License-Identifier: Apache-2.0
#include "core/nir/flat.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "core/errors.hpp"
#include "core/network.hpp"
#include "core/nir/shapes.hpp"

namespace spikeloop::nir {
namespace {

constexpr std::size_t kMostPasses = 64;  // of shapes around cycles

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

/// For messages: one line, and not a long one.
std::string short_name(const std::string& name) {
  std::string text = name.substr(0, 80);
  std::replace_if(text.begin(), text.end(), is_control, '?');
  return name.size() > 80 ? text + "..." : text;
}

class Flattener {
 public:
  FlatGraph run(const Graph& graph) {
    add(graph, "", "node");
    if (flat_.nodes.empty()) fault("node.nodes", "is empty: a network has at least one node");
    for (auto& list : flat_.sources) {
      std::sort(list.begin(), list.end());
      const auto end = std::unique(list.begin(), list.end());
      duplicates_ += static_cast<std::size_t>(list.end() - end);
      list.erase(end, list.end());
    }
    for (std::size_t i = 0; i < flat_.nodes.size(); ++i) {
      FlatNode& n = flat_.nodes[i];
      if (!n.port && n.type() == "Input") flat_.inputs.push_back(i);
      if (!n.port && n.type() == "Output") flat_.outputs.push_back(i);
    }
    stop_at_faults();
    infer_shapes();
    stop_at_faults();
    write_notes();
    return std::move(flat_);
  }

 private:
  /// Where a name leads: a flat node, or a nested graph.
  struct Nested {
    std::map<std::string, std::size_t> inputs, outputs;
  };
  struct Names {
    std::map<std::string, std::size_t> nodes;
    std::map<std::string, Nested> graphs;
  };

  void fault(const std::string& path, std::string what, std::string suggestion = "") {
    if (faults_.size() < 100) faults_.push_back({path, std::move(what), std::move(suggestion), "", 0, 0});
  }
  void stop_at_faults() {
    if (!faults_.empty()) throw DescriptionError(std::move(faults_));
  }

  Nested add(const Graph& graph, const std::string& prefix, const std::string& path) {
    Names names;
    Nested mine;
    for (const Node& node : graph.nodes) {
      const std::string name = prefix + node.name, where = path + ".nodes." + short_name(node.name);
      if (std::any_of(node.name.begin(), node.name.end(), is_control))
        fault(where, "has a line break or another control character in its name, which no file of spikes can have", "rename it");
      if (node.graph) {
        names.graphs.emplace(node.name, add(*node.graph, name + ".", where));
        continue;
      }
      check(node, where);
      if (!taken_.emplace(name, flat_.nodes.size()).second)
        fault(where, fmt::format("has the same full name \"{}\" as another node", short_name(name)), "rename one");
      const bool port = !prefix.empty() && (node.type == "Input" || node.type == "Output");
      if (node.type == "Input") mine.inputs.emplace(node.name, flat_.nodes.size());
      if (node.type == "Output") mine.outputs.emplace(node.name, flat_.nodes.size());
      names.nodes.emplace(node.name, flat_.nodes.size());
      dotted_ += node.name.find('.') != std::string::npos;
      flat_.nodes.push_back({name, &node, {}, {}, port});
      paths_.push_back(where);
      flat_.sources.emplace_back();
    }
    for (std::size_t i = 0; i < graph.edges.size(); ++i) {
      const std::string where = fmt::format("{}.edges[{}]", path, i);
      const auto from = resolve(names, graph.edges[i].first, true, where), to = resolve(names, graph.edges[i].second, false, where);
      if (from && to) flat_.sources[*to].push_back(*from);
    }
    return mine;
  }

  void check(const Node& node, const std::string& where) {
    const NodeType* type = node_type(node.type);
    if (type == nullptr) {
      std::vector<std::string> known;
      for (const NodeType& t : node_types()) known.emplace_back(t.name);
      const std::string near = did_you_mean(node.type, known);
      return fault(where + ".type", fmt::format("is \"{}\", which is no type of NIR", short_name(node.type)),
                   near.empty() ? "" : fmt::format("did you mean \"{}\"?", near));
    }
    for (const std::string& key : type->required)
      if (node.parameter(key) == nullptr) fault(where + "." + key, fmt::format("is missing: a {} needs it", type->name));
    for (const auto& [key, a] : node.parameters)
      if (!a.is_text()) check_values(key, a.reals(), type->keeps_state && key.starts_with("tau"), where);
  }

  void check_values(const std::string& key, const std::vector<double>& values, bool time_constant, const std::string& where) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double x = values[i];
      if (!(x - x == 0)) return fault(where + "." + key, "holds a value that is not a finite number");
      if (time_constant && x <= 0)
        return fault(where + "." + key, fmt::format("is {} in element {}; a time constant is above 0", x, i),
                     "leave out the current or the leak that it is of, or give a short one");
    }
  }

  /// The exact name of a node; else the longest name of a node in front of a dot, and a port of it behind.
  std::optional<std::size_t> resolve(const Names& names, const std::string& name, bool source, const std::string& where) {
    if (const auto n = names.nodes.find(name); n != names.nodes.end()) return n->second;
    if (const auto g = names.graphs.find(name); g != names.graphs.end()) {
      const auto& ports = source ? g->second.outputs : g->second.inputs;
      if (ports.size() == 1) return ports.begin()->second;
      fault(where, fmt::format("names the graph \"{}\", which has {} {}", short_name(name), ports.size(), source ? "outputs" : "inputs"),
            "name one of them: \"graph.port\"");
      return {};
    }
    for (std::size_t dot = name.rfind('.'); dot != std::string::npos && dot > 0; dot = name.rfind('.', dot - 1)) {
      const std::string front = name.substr(0, dot), port = name.substr(dot + 1);
      if (const auto n = names.nodes.find(front); n != names.nodes.end() && port == (source ? "output" : "input")) return n->second;
      if (const auto g = names.graphs.find(front); g != names.graphs.end()) {
        const auto& ports = source ? g->second.outputs : g->second.inputs;
        if (const auto p = ports.find(port); p != ports.end()) return p->second;
      }
    }
    std::vector<std::string> known;
    for (const auto& [n, index] : names.nodes) known.push_back(n);
    for (const auto& [n, graph] : names.graphs) known.push_back(n);
    const std::string near = did_you_mean(name, known);
    fault(where, fmt::format("names \"{}\", and there is no such node", short_name(name)),
          near.empty() ? "" : fmt::format("did you mean \"{}\"?", near));
    return {};
  }

  /// Around cycles until nothing changes; then every node must have its shape, and every edge must fit.
  void infer_shapes() {
    bool changed = true;
    for (std::size_t pass = 0; changed && pass < std::max(kMostPasses, flat_.nodes.size() + 1); ++pass) {
      changed = false;
      for (std::size_t i = 0; i < flat_.nodes.size(); ++i) changed |= infer(i);
      if (!faults_.empty()) return;
    }
    std::uint64_t given = 0;
    for (const FlatNode& n : flat_.nodes) given += n.shape.empty() ? 0 : n.size();
    if (given > kMostGiven)
      fault("node", fmt::format("has nodes that give {} values together; the most is {}", given, kMostGiven), "use a smaller network");
    for (std::size_t i = 0; i < flat_.nodes.size(); ++i) {
      if (flat_.nodes[i].shape.empty())
        fault(paths_[i], "has no shape that could be told", "give its parameters a dimension, or connect it to an Input");
      for (const std::size_t s : flat_.sources[i])
        if (!flat_.nodes[i].in_shape.empty() && !flat_.nodes[s].shape.empty() && flat_.nodes[s].size() != size_of(flat_.nodes[i].in_shape))
          fault(paths_[i], fmt::format("gets {} from \"{}\" and {} from elsewhere", to_text(flat_.nodes[s].shape), flat_.nodes[s].name,
                                       to_text(flat_.nodes[i].in_shape)));
    }
  }

  bool infer(std::size_t i) {
    FlatNode& n = flat_.nodes[i];
    if (!n.shape.empty() && !n.in_shape.empty()) return false;
    bool changed = false;
    if (n.in_shape.empty())
      for (const std::size_t s : flat_.sources[i])
        if (n.in_shape.empty() && !flat_.nodes[s].shape.empty()) n.in_shape = flat_.nodes[s].shape, changed = true;
    try {
      const Shape before = n.shape;
      n.shape = shape_of(*n.node, n.in_shape);
      return changed || n.shape != before;
    } catch (const NodeFault& e) {
      fault(paths_[i], e.what());
      return false;
    }
  }

  void write_notes() {
    if (duplicates_ > 0) flat_.notes.push_back(fmt::format("{} duplicate edges were left out", duplicates_));
    if (dotted_ > 0) flat_.notes.push_back(fmt::format("{} names have dots; an edge names a node before it names a port", dotted_));
    std::size_t scalars = 0, no_w_in = 0;
    for (const FlatNode& n : flat_.nodes) {
      const NodeType* type = node_type(n.type());
      if (!type->keeps_state) continue;
      for (const auto& [key, a] : n.node->parameters) scalars += a.shape.empty();
      no_w_in += n.type().starts_with("Cuba") && n.node->parameter("w_in") == nullptr;
    }
    if (scalars > 0)
      flat_.notes.push_back(fmt::format("{} parameters of neurons have no dimension; each holds for all of its node", scalars));
    if (no_w_in > 0) flat_.notes.push_back(fmt::format("w_in is missing in {} nodes and taken as 1", no_w_in));
  }

  FlatGraph flat_;
  std::map<std::string, std::size_t> taken_;
  std::vector<std::string> paths_;
  std::vector<Diagnostic> faults_;
  std::size_t duplicates_ = 0, dotted_ = 0;
};

}  // namespace

std::uint64_t FlatNode::size() const { return size_of(shape); }

FlatGraph flatten(const Graph& graph) { return Flattener().run(graph); }

std::vector<double> per_neuron(const FlatNode& node, const std::string& key, double fallback) {
  const Array* a = node.node->parameter(key);
  const auto n = static_cast<std::size_t>(node.size());
  if (a == nullptr) return std::vector<double>(n, fallback);
  std::vector<double> values = a->reals();
  if (values.size() == 1) values.assign(n, double{values.front()});
  return values;
}

std::vector<std::int64_t> per_axis(const Node& node, const std::string& key, std::size_t axes, std::int64_t fallback) {
  const Array* a = node.parameter(key);
  if (a == nullptr) return std::vector<std::int64_t>(axes, fallback);
  std::vector<std::int64_t> values;
  for (const double x : a->reals()) {
    if (!(x > -1e9 && x < 1e9) || x != static_cast<double>(static_cast<std::int64_t>(x)))
      throw NodeFault(fmt::format("has the {} {}", key, x));
    values.push_back(static_cast<std::int64_t>(x));
  }
  if (values.size() == 1) values.assign(axes, std::int64_t{values.front()});
  if (values.size() != axes) throw NodeFault(fmt::format("has {} numbers as {}, not {}", values.size(), key, axes));
  return values;
}

}  // namespace spikeloop::nir
