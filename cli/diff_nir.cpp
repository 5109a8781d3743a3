// SPDX-License-Identifier: Apache-2.0
#include "cli/diff_nir.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "core/nir/shapes.hpp"

namespace spikeloop::cli {
namespace {

const char* pulse_name(nir::Pulse pulse) {
  return pulse == nir::Pulse::kRect ? "rect" : pulse == nir::Pulse::kDiracStep ? "dirac-dt" : "dirac-1";
}

nir::Pulse pulse_of(const nir::Tool& tool) { return tool.rule == nir::StepRule::kImpulse ? nir::Pulse::kDiracStep : nir::Pulse::kRect; }

std::string nanoseconds(Time time) { return fmt::format("{}ns", time); }

// ---- What files leave open ----

void add_option(std::vector<Difference>& all, const char* cause, std::string what, std::string NirOptions::*option, std::string value) {
  all.push_back({cause, std::move(what), [option, value](DiffPair& pair) {
                   NirOptions options = pair.a.options;
                   options.*option = value;
                   pair.a = reloaded(pair.a, options);
                 }});
}

/// Both event by event.
void add_conventions_of(std::vector<Difference>& all, const DiffPair& pair) {
  const nir::Conventions &a = *pair.a.conventions, &b = *pair.b.conventions;
  if (a.unit != b.unit || a.unit_ms != b.unit_ms)
    add_option(all, "unit", fmt::format("one is {:.6g} ms in A, {:.6g} ms in B", a.unit_ms, b.unit_ms), &NirOptions::unit,
               b.unit == nir::Unit::kSecond        ? "s"
               : b.unit == nir::Unit::kMillisecond ? "ms"
                                                   : "step");
  if (a.reset != b.reset)
    add_option(all, "reset", fmt::format("{} in A, {} in B", name_of(a.reset), name_of(b.reset)), &NirOptions::reset, name_of(b.reset));
  if (b.dt && a.dt_ns() != b.dt_ns())
    add_option(all, "dt", fmt::format("{:.6g} ms in A, {:.6g} ms in B", to_ms(a.dt_ns()), to_ms(b.dt_ns())), &NirOptions::dt,
               nanoseconds(b.dt_ns()));
  if (a.pulse != b.pulse)
    add_option(all, "pulse", fmt::format("{} in A, {} in B", pulse_name(a.pulse), pulse_name(b.pulse)), &NirOptions::pulse,
               pulse_name(b.pulse));
}

/// A tool's rule is data: a tool between two others can be had.
void add_tool_change(std::vector<Difference>& all, const char* cause, std::string what, DiffSide DiffPair::*side,
                     std::function<void(nir::Tool&)> change) {
  all.push_back({cause, std::move(what), [side, change = std::move(change)](DiffPair& pair) { change(*(pair.*side).tool); }});
}

void add_tools(std::vector<Difference>& all, const DiffPair& pair) {
  const nir::Tool &a = *pair.a.tool, &b = *pair.b.tool;
  if (a.reset != b.reset)
    add_tool_change(all, "reset", fmt::format("{} in A, {} in B", name_of(a.reset), name_of(b.reset)), &DiffPair::a,
                    [to = b.reset](nir::Tool& t) { t.reset = to; });
  if (a.rule != b.rule)
    add_tool_change(all, pulse_of(a) != pulse_of(b) ? "pulse" : "dt", fmt::format("the update of {}, that of {}", a.name, b.name),
                    &DiffPair::a, [to = b.rule](nir::Tool& t) { t.rule = to; });
  if (a.uses_r != b.uses_r)
    add_tool_change(all, "parameters", fmt::format("r is used by {} alone", a.uses_r ? a.name : b.name), &DiffPair::a,
                    [to = b.uses_r](nir::Tool& t) { t.uses_r = to; });
  if (pair.a.step() != pair.b.step())
    add_option(all, "dt", fmt::format("{:.6g} ms in A, {:.6g} ms in B", to_ms(pair.a.step()), to_ms(pair.b.step())), &NirOptions::dt,
               nanoseconds(pair.b.step()));
}

/// One event by event, the other in steps.
void add_stepped(std::vector<Difference>& all, const DiffPair& pair) {
  const auto stepped = pair.a.tool ? &DiffPair::a : &DiffPair::b, exact = pair.a.tool ? &DiffPair::b : &DiffPair::a;
  const nir::Tool& tool = *(pair.*stepped).tool;
  const nir::Conventions& c = *(pair.*exact).conventions;
  const auto add = [&](const char* cause, std::string what, std::string NirOptions::*option, std::string value) {
    all.push_back({cause, std::move(what), [exact, option, value](DiffPair& p) {
                     NirOptions options = (p.*exact).options;
                     options.*option = value;
                     p.*exact = reloaded(p.*exact, options);
                   }});
  };
  if (tool.reset != c.reset)
    add("reset", fmt::format("{} event by event, {} by {}", name_of(c.reset), name_of(tool.reset), tool.name), &NirOptions::reset,
        name_of(tool.reset));
  if (c.dt && c.dt_ns() != (pair.*stepped).step())
    add("dt", fmt::format("{:.6g} ms event by event, {:.6g} ms by {}", to_ms(c.dt_ns()), to_ms((pair.*stepped).step()), tool.name),
        &NirOptions::dt, nanoseconds((pair.*stepped).step()));
  if (pulse_of(tool) != c.pulse)
    add("pulse", fmt::format("{} event by event, {} by {}", pulse_name(c.pulse), pulse_name(pulse_of(tool)), tool.name), &NirOptions::pulse,
        pulse_name(pulse_of(tool)));
  if (!tool.uses_r)
    add_tool_change(all, "parameters", fmt::format("{} does not use r", tool.name), stepped, [](nir::Tool& t) { t.uses_r = true; });
  const Time step = (pair.*stepped).step();
  const auto between = [step](const Spike& s) { return s.time % step != 0; };
  if (std::any_of(pair.input.spikes.begin(), pair.input.spikes.end(), between))
    all.push_back({"dt", fmt::format("{} counts input into steps of {:.6g} ms", tool.name, to_ms(step)), [step](DiffPair& p) {
                     for (Spike& s : p.input.spikes) s.time -= s.time % step;
                   }});
  if (tool.rule == nir::StepRule::kEuler)
    add_tool_change(all, "dt", fmt::format("{} goes by Euler steps of {:.6g} ms", tool.name, to_ms((pair.*stepped).step())), stepped,
                    [](nir::Tool& t) { t.rule = nir::StepRule::kHold; });
}

// ---- What lies in files ----

constexpr const char* kType = "type";  // stands among the datasets of a node

/// What a dataset of a node is to the network.
const char* cause_of(const nir::Node& node, const std::string& key) {
  if (key == kType) return "parameters";
  if (node.type == "Delay") return "delay";
  if (nir::node_type(node.type)->keeps_state) return key == "v_reset" ? "reset" : "parameters";
  return key == "weight" || key == "bias" || key == "scale" ? "weights" : "connectivity";
}

using NodeVisit = std::function<void(nir::Node&, const nir::Node&, const std::string& path)>;

/// Nodes of one path in both graphs, and of nested ones.
void for_each_node(nir::Graph& a, const nir::Graph& b, const std::string& prefix, const NodeVisit& visit) {
  for (nir::Node& node : a.nodes) {
    const nir::Node* other = b.find(node.name);
    if (other == nullptr) continue;
    if (!node.graph || !other->graph) {
      visit(node, *other, prefix + node.name);
      continue;
    }
    nir::Graph nested = *node.graph;
    for_each_node(nested, *other->graph, prefix + node.name + ".", visit);
    node.graph = std::make_shared<const nir::Graph>(std::move(nested));
  }
}

bool has_window(const nir::Node& node) {
  return node.type == "Conv1d" || node.type == "Conv2d" || node.type == "SumPool2d" || node.type == "AvgPool2d";
}

/// Whether the datasets of one name say the same of two nodes of one type; nullopt: that is for their numbers to tell.
std::optional<bool> windows_alike(const nir::Node& a, const nir::Node& b, const std::string& key) {
  if (!has_window(a)) return {};
  try {
    const nir::Window in_a = nir::kernel_of(a), in_b = nir::kernel_of(b);
    if (key == "padding") return in_a.padding == in_b.padding;
    if (key == "stride") return in_a.stride == in_b.stride;
    if (key == "dilation") return in_a.dilation == in_b.dilation;
    if (key == "groups") return in_a.groups == in_b.groups;
    if (key == "kernel_size") return in_a.kernel == in_b.kernel;
  } catch (const nir::NodeFault&) {
  }
  return {};
}

/// A dataset of two nodes of one type as they mean it: parameters one a neuron, and what is missing as it is taken then.
struct Meant {
  std::vector<double> a, b;
};

Meant meant(const nir::Node& a, const nir::Node& b, const std::string& key) {
  const nir::Array *in_a = a.parameter(key), *in_b = b.parameter(key);
  Meant m{in_a ? in_a->reals() : std::vector<double>{}, in_b ? in_b->reals() : std::vector<double>{}};
  const bool state = nir::node_type(a.type) && nir::node_type(a.type)->keeps_state;
  if (!state && a.type != "Scale" && a.type != "Threshold" && a.type != "Delay") return m;
  const bool defaults = state && (key == "v_reset" || key == "w_in");
  for (std::vector<double>* values : {&m.a, &m.b})
    if (defaults && values->empty()) values->assign(1, key == "w_in" ? 1.0 : 0.0);
  const std::size_t n = std::max(m.a.size(), m.b.size());
  for (std::vector<double>* values : {&m.a, &m.b})
    if (values->size() == 1) values->assign(n, double{values->front()});
  return m;
}

/// Datasets in which two nodes differ; the same numbers in another type are the same. Nodes of two types differ as a whole.
std::vector<std::string> changed_datasets(const nir::Node& a, const nir::Node& b) {
  if (a.type != b.type) return {kType};
  std::set<std::string> keys;
  for (const nir::Node* node : {&a, &b})
    for (const auto& [key, array] : node->parameters) keys.insert(key);
  std::vector<std::string> changed;
  for (const std::string& key : keys) {
    const nir::Array *in_a = a.parameter(key), *in_b = b.parameter(key);
    const Meant m = meant(a, b, key);
    const bool text = (in_a && in_a->is_text()) || (in_b && in_b->is_text()), same_text = in_a && in_b && in_a->values == in_b->values;
    const bool same = windows_alike(a, b, key).value_or(text ? same_text : !m.a.empty() && m.a == m.b);
    if (!same) changed.push_back(key);
  }
  return changed;
}

std::string describe(const std::string& path, const std::string& key, const nir::Node& a, const nir::Node& b) {
  if (key == kType) return fmt::format("{}: {} in A, {} in B", path, a.type, b.type);
  const bool is_in_a = a.parameter(key) != nullptr;
  if (!is_in_a || b.parameter(key) == nullptr) return fmt::format("{}.{} is in {} alone", path, key, is_in_a ? "A" : "B");
  const auto [in_a, in_b] = meant(a, b, key);
  if (in_a.size() != in_b.size() || in_a.empty()) return fmt::format("{}.{}: another shape", path, key);
  if (in_a.size() == 1) return fmt::format("{}.{}: {:.6g} in A, {:.6g} in B", path, key, in_a[0], in_b[0]);
  double largest = 0;
  std::size_t n = 0;
  for (std::size_t i = 0; i < in_a.size(); ++i)
    if (in_a[i] != in_b[i]) ++n, largest = std::max(largest, std::abs(in_a[i] - in_b[i]));
  return fmt::format("{}.{}: {} of {}, by up to {:.3g}", path, key, n, in_a.size(), largest);
}

std::vector<float> as_floats(const nir::Array& a) {
  const std::vector<double> values = a.reals();
  return {values.begin(), values.end()};
}

}  // namespace

void take_datasets(DiffPair& pair, const std::set<std::string>& causes) {
  auto graph = std::make_unique<nir::Graph>(*pair.a.nir->graph);
  for_each_node(*graph, *pair.b.nir->graph, "", [&](nir::Node& a, const nir::Node& b, const std::string&) {
    for (const std::string& key : changed_datasets(a, b)) {
      if (!causes.contains(cause_of(a, key))) continue;
      if (key == kType)
        a.type = b.type, a.parameters = b.parameters, a.graph = b.graph;
      else if (const nir::Array* array = b.parameter(key))
        a.parameters[key] = *array;
      else
        a.parameters.erase(key);
    }
  });
  NirFile file{pair.a.nir->path, std::move(graph), {}};
  file.flat = nir::flatten(*file.graph);
  pair.a.nir = std::make_shared<const NirFile>(std::move(file));
  pair.a = reloaded(pair.a, pair.a.options);
}

namespace {

void add_nodes(std::vector<Difference>& all, const DiffPair& pair) {
  std::map<std::string, std::vector<std::string>> found;  // by cause
  bool rounded = true;
  nir::Graph graph = *pair.a.nir->graph;
  for_each_node(graph, *pair.b.nir->graph, "", [&](nir::Node& a, const nir::Node& b, const std::string& path) {
    for (const std::string& key : changed_datasets(a, b)) {
      const std::string cause = cause_of(a, key);
      const nir::Array *in_a = a.parameter(key), *in_b = b.parameter(key);
      std::string text = describe(path, key, a, b);
      if (cause == "weights") {
        const auto how = in_a && in_b && in_a->size() == in_b->size() ? rounding(as_floats(*in_a), as_floats(*in_b)) : std::nullopt;
        rounded = rounded && how;
        if (how) text = fmt::format("{}.{}: {}", path, key, *how);
      }
      found[cause].push_back(std::move(text));
    }
  });
  for (const char* cause : {"reset", "parameters", "delay", "weights", "connectivity"})
    if (const auto at = found.find(cause); at != found.end()) {
      const bool quantised = at->first == "weights" && rounded;
      all.push_back({quantised ? "quantisation" : cause, fmt::format("{}", fmt::join(at->second, "; ")),
                     [cause = at->first](DiffPair& p) { take_datasets(p, {cause}); }, at->first});
    }
}

}  // namespace

const char* name_of(Reset reset) { return reset == Reset::kSubtract ? "subtract" : "value"; }

std::optional<std::string> rounding(const std::vector<float>& a, const std::vector<float>& b) {
  const std::set<float> in_a(a.begin(), a.end()), in_b(b.begin(), b.end());
  const bool b_is_coarser = in_b.size() < in_a.size();
  const std::set<float>& coarse = b_is_coarser ? in_b : in_a;
  if (in_a.size() == in_b.size() || coarse.size() < 2) return {};
  float step = std::numeric_limits<float>::max(), largest = 0;
  for (auto it = std::next(coarse.begin()); it != coarse.end(); ++it) step = std::min(step, *it - *std::prev(it));
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  if (largest > 0.5001f * step) return {};
  return fmt::format("{} has {} different weights, {} has {}; none is changed by more than {:.3g}", b_is_coarser ? "B" : "A", coarse.size(),
                     b_is_coarser ? "A" : "B", std::max(in_a.size(), in_b.size()), largest);
}

std::vector<Difference> differences_of_files(const DiffPair& pair) {
  std::vector<Difference> all;
  if (!pair.a.conventions || !pair.b.conventions) return all;
  if (pair.a.tool && pair.b.tool)
    add_tools(all, pair);
  else if (pair.a.tool || pair.b.tool)
    add_stepped(all, pair);
  else
    add_conventions_of(all, pair);
  add_nodes(all, pair);
  return all;
}

}  // namespace spikeloop::cli
