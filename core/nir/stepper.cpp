// SPDX-License-Identifier: Apache-2.0
#include "core/nir/stepper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/errors.hpp"
#include "core/nir/shapes.hpp"

namespace spikeloop::nir {

const std::vector<Tool>& tools() {
  constexpr auto kZero = Reset::kToValue, kSubtract = Reset::kSubtract;
  static const std::vector<Tool> kTools = {
      {"norse", StepRule::kEuler, kZero, 1e-3, false, true, "the same",
       "r is not used; v_reset is ignored; the synaptic current of a CubaLIF leaks to v_leak too"},
      {"snntorch", StepRule::kEuler, kZero, 1e-4, true, true, "times tau / (r dt)", "an IF is read as a leaky neuron with beta = 0.9"},
      {"nengo", StepRule::kHold, kZero, 1e-3, true, true, "divided by v_threshold", ""},
      {"sinabs",
       StepRule::kImpulse,
       kSubtract,
       {},
       false,
       true,
       "the same",
       "r is not used; tau is in steps there: --unit step; an IF is kept at or above -v_threshold"},
      {"rockpool", StepRule::kImpulse, kSubtract, {}, false, true, "the same", "r only tells dt: min tau / (1 + r)"},
      {"spinnaker2",
       StepRule::kEuler,
       kZero,
       {},
       true,
       true,
       "times tau / (r dt) n / (n + 1)",
       "n is its threshold in units of its weights, of which the largest is 2,040"},
  };
  return kTools;
}

const Tool* find_tool(std::string_view name) {
  const auto& all = tools();
  const auto it = std::find_if(all.begin(), all.end(), [&](const Tool& t) { return name == t.name; });
  return it == all.end() ? nullptr : &*it;
}

std::optional<double> default_dt(const Tool& tool, const FlatGraph& graph, double unit_ms) {
  if (tool.dt_seconds) return *tool.dt_seconds * 1e3 / unit_ms;
  if (std::string_view(tool.name) != "rockpool") return {};
  std::optional<double> least;
  for (const FlatNode& n : graph.nodes) {
    const char* key = membrane_parameter(*n.node);
    if (key == nullptr) continue;
    const auto tau = per_neuron(n, key), r = per_neuron(n, "r", 1);
    for (std::size_t i = 0; i < tau.size(); ++i) least = std::min(least.value_or(INFINITY), tau[i] / (1 + r[i]));
  }
  return least;
}

/// One node.
struct Stepper::State {
  const FlatNode* node = nullptr;
  const std::vector<std::size_t>* sources = nullptr;
  LinearMap map;
  std::vector<double> bias, in, out;
  bool linear = false, leaky = false, synaptic = false, spikes = false;
  std::vector<double> tau, tau_syn, r, v_leak, theta, w_in;  ///< of neurons
  std::vector<double> v, current;
  std::deque<std::vector<double>> line;  ///< of a Delay: what comes out next is first
  std::vector<std::size_t> lag;
};

namespace {

/// Sources before targets; what would close a cycle is left aside.
std::vector<std::size_t> order_of(const FlatGraph& graph) {
  enum Mark : char { kNew, kOpen, kDone };
  std::vector<Mark> marks(graph.nodes.size(), kNew);
  std::vector<std::size_t> order;
  std::vector<std::pair<std::size_t, std::size_t>> stack;  // node, next source
  const auto visit = [&](std::size_t from) {
    stack.emplace_back(from, 0);
    marks[from] = kOpen;
    while (!stack.empty()) {
      auto& [node, next] = stack.back();
      if (next == graph.sources[node].size()) {
        order.push_back(node), marks[node] = kDone;
        stack.pop_back();
      } else if (const std::size_t source = graph.sources[node][next++]; marks[source] == kNew) {
        marks[source] = kOpen;
        stack.emplace_back(source, 0);
      }
    }
  };
  for (const std::size_t o : graph.outputs)
    if (marks[o] == kNew) visit(o);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    if (marks[i] == kNew) visit(i);
  return order;
}

}  // namespace

Stepper::Stepper(const FlatGraph& graph, const Tool& tool, double dt)
    : graph_(&graph), tool_(&tool), dt_(dt), states_(graph.nodes.size()), order_(order_of(graph)) {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    State& s = states_[i];
    const FlatNode& n = graph.nodes[i];
    s.node = &n, s.sources = &graph.sources[i];
    s.out.assign(n.size(), 0.0);
    s.in.assign(n.in_shape.empty() ? n.size() : size_of(n.in_shape), 0.0);
    if (const NodeType* type = node_type(n.type()); type->keeps_state) {
      const char* membrane = membrane_parameter(*n.node);
      s.leaky = membrane != nullptr, s.synaptic = n.type().starts_with("Cuba"), s.spikes = type->spikes;
      s.tau = per_neuron(n, membrane ? membrane : "tau", 1), s.tau_syn = per_neuron(n, "tau_syn", 1), s.r = per_neuron(n, "r", 1);
      s.v_leak = per_neuron(n, "v_leak"), s.theta = per_neuron(n, "v_threshold"), s.w_in = per_neuron(n, "w_in", 1);
      s.v.assign(n.size(), 0.0), s.current.assign(n.size(), 0.0);
      if (!tool.uses_r) s.r.assign(n.size(), 1.0);
    } else if (n.type() == "Threshold") {
      s.theta = per_neuron(n, "threshold");
    } else if (n.type() == "Delay") {
      for (const double d : per_neuron(n, "delay")) {
        if (!(d >= 0 && d / dt <= 1e6))
          throw DescriptionError(fmt::format("node.nodes.{}.delay: is {:.3g} steps; 0 to 1e6 are possible", n.name, d / dt));
        s.lag.push_back(static_cast<std::size_t>(std::llround(d / dt)));
      }
    } else if (n.type() != "Input" || n.port) {
      s.linear = true;
      try {
        s.map = linear_map(n), s.bias = linear_bias(n);
        s.in.assign(s.map.sources, 0.0);  // where nothing leads to the node its shape does not tell
      } catch (const NodeFault& e) {
        throw DescriptionError(fmt::format("node.nodes.{}: {}", n.name, e.what()));
      }
    }
  }
}

Stepper::~Stepper() = default;

void Stepper::step(std::span<const std::vector<double>> inputs) {
  for (std::size_t k = 0; k < graph_->inputs.size(); ++k) states_[graph_->inputs[k]].out = inputs[k];
  for (const std::size_t i : order_)
    if (states_[i].node->type() != "Input" || states_[i].node->port) evaluate(states_[i]);
}

void Stepper::evaluate(State& s) {
  std::fill(s.in.begin(), s.in.end(), 0.0);
  for (const std::size_t source : *s.sources)
    for (std::size_t j = 0; j < s.in.size(); ++j) s.in[j] += states_[source].out[j];
  if (s.linear) {
    std::fill(s.out.begin(), s.out.end(), 0.0);
    if (!s.bias.empty()) s.out = s.bias;
    apply(s.map, s.in, s.out);
  } else if (!s.lag.empty()) {
    const std::size_t longest = *std::max_element(s.lag.begin(), s.lag.end());
    s.line.push_front(s.in);
    if (s.line.size() > longest + 1) s.line.pop_back();
    for (std::size_t j = 0; j < s.out.size(); ++j) s.out[j] = s.lag[j] < s.line.size() ? s.line[s.lag[j]][j] : 0;
  } else if (s.v.empty()) {
    for (std::size_t j = 0; j < s.out.size(); ++j) s.out[j] = s.in[j] > s.theta[j] ? 1 : 0;
  } else {
    for (std::size_t j = 0; j < s.v.size(); ++j) move(s, j, s.in[j]);
  }
}

void Stepper::move(State& s, std::size_t i, double x) {
  const std::string_view tool = tool_->name;
  double& v = s.v[i];
  double drive = s.r[i] * x;
  if (s.synaptic) {
    double& current = s.current[i];
    const double step = dt_ / s.tau_syn[i], a = std::exp(-step), in = s.w_in[i] * x + (tool == "norse" ? s.v_leak[i] : 0);
    if (tool_->rule == StepRule::kEuler)
      current += step * (in - current);
    else if (tool_->rule == StepRule::kHold)
      current = in + (current - in) * a;
    else
      current = current * a + step * in;
    drive = s.r[i] * current;
  }
  if (!s.leaky) {
    if (tool == "snntorch" && s.spikes)
      v = 0.9 * v + x;
    else
      v += tool == "sinabs" ? x : dt_ * drive;
  } else {
    const double step = dt_ / s.tau[i], a = std::exp(-step), leak = s.v_leak[i];
    if (tool_->rule == StepRule::kEuler)
      v += step * (leak - v + drive);
    else if (tool_->rule == StepRule::kHold)
      v = leak + drive + (v - leak - drive) * a;
    else
      v = leak + (v - leak) * a + step * drive;
  }
  if (!s.spikes) {
    s.out[i] = v;
    return;
  }
  const bool fires = v > s.theta[i];
  s.out[i] = fires ? 1 : 0;
  if (fires) v = tool_->reset == Reset::kSubtract ? v - s.theta[i] : 0;
  if (tool == "sinabs" && !s.leaky) v = std::max(v, -s.theta[i]);
}

std::span<const double> Stepper::output(std::size_t node) const { return states_[node].out; }
std::span<const double> Stepper::potential(std::size_t node) const { return states_[node].v; }

}  // namespace spikeloop::nir
