// SPDX-License-Identifier: Apache-2.0
#include "core/nir/conventions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/errors.hpp"

namespace spikeloop::nir {
namespace {

constexpr double kSurelySeconds = 0.1;  ///< time constants below this would be less than 0.1 ms if they were milliseconds
constexpr double kLeastRatio = 1, kMostRatio = 1e5;

struct Taus {
  double least = INFINITY, most = 0;
  std::string name;  ///< of the largest, "lif.tau"
};

Taus taus_of(const FlatGraph& graph) {
  Taus taus;
  for (const FlatNode& n : graph.nodes)
    for (const char* key : {"tau", "tau_mem", "tau_syn", "delay"})
      if (n.node->parameter(key))
        for (const double t : per_neuron(n, key)) {
          if (t > taus.most) taus.most = t, taus.name = n.name + "." + key;
          if (std::string(key) != "delay") taus.least = std::min(taus.least, t);
        }
  return taus;
}

bool any_type(const FlatGraph& graph, std::initializer_list<const char*> types) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const FlatNode& n) {
    return std::any_of(types.begin(), types.end(), [&](const char* t) { return n.type() == t; });
  });
}

class Settler {
 public:
  Settler(const FlatGraph& graph, const Given& given) : graph_(graph), given_(given), taus_(taus_of(graph)) {}

  Conventions exact() {
    unit();
    dt(std::nullopt, "");
    pulse();
    reset();
    plausible();
    say("threshold", "a spike where v > v_threshold");
    say("start", "v = 0, synaptic currents 0, at time 0");
    say("time", "event by event, ticks of 1 ns; a spike needs one tick from population to population");
    return finish();
  }

  Conventions stepped(std::optional<double> tool_dt, const std::string& tool) {
    unit();
    dt(tool_dt, tool);
    if (!c_.dt) fault("--dt", fmt::format("is open: {} has no step of its own", tool), "give --dt, e.g. --dt 0.1ms");
    plausible();
    return finish();
  }

 private:
  void say(std::string name, std::string value) { c_.lines.emplace_back(std::move(name), std::move(value)); }
  void fault(const char* option, std::string what, std::string suggestion) {
    faults_.push_back({option, std::move(what), std::move(suggestion), "", 0, 0});
  }

  Conventions finish() {
    if (!faults_.empty()) throw DescriptionError(std::move(faults_));
    for (const std::string& note : graph_.notes) say("note", note);
    return std::move(c_);
  }

  void unit() {
    std::string origin = "given";
    if (given_.unit) {
      c_.unit = *given_.unit;
    } else if (taus_.most == 0) {
      const bool matters = any_type(graph_, {"I", "IF"}) && given_.pulse != Pulse::kDiracUnit;
      if (matters) fault("--unit", "is open: the file has no time constant that would tell its unit of time", "give --unit s, ms or step");
      origin = "there are no time constants";
    } else if (taus_.most < kSurelySeconds) {
      origin = fmt::format("the longest time constant, {} = {:.6g}, would be below 0.1 ms otherwise", taus_.name, taus_.most);
    } else {
      fault("--unit",
            fmt::format("is open: {} = {:.6g} can be seconds, milliseconds or steps, and files do not tell", taus_.name, taus_.most),
            "give --unit s, ms or step");
    }
    if (c_.unit == Unit::kMillisecond) c_.unit_ms = 1;
    if (c_.unit == Unit::kStep) {
      if (given_.dt) c_.unit_ms = to_ms(*given_.dt);
      if (!given_.dt) fault("--dt", "is open: time constants are in steps of it", "give --dt, e.g. --dt 1ms");
    }
    say("unit of time", fmt::format("{} ({})", c_.unit == Unit::kSecond ? "s" : c_.unit == Unit::kMillisecond ? "ms" : "step", origin));
  }

  void dt(std::optional<double> tool_dt, const std::string& tool) {
    const std::optional<double> inferred = inferred_dt(graph_);
    std::string origin = "none";
    if (given_.dt)
      c_.dt = to_ms(*given_.dt) / c_.unit_ms, origin = "given";
    else if (tool_dt)
      c_.dt = tool_dt, origin = fmt::format("that of {}", tool);
    else if (inferred)
      c_.dt = inferred, origin = "inferred: tau_mem / r = tau_syn / w_in in every neuron";
    if (c_.dt && c_.dt_ns() < 1) fault("--dt", fmt::format("is {:.3g} ms, less than 1 ns", *c_.dt * c_.unit_ms), "check --dt and --unit");
    if (c_.dt && given_.dt && inferred && std::abs(*inferred / *c_.dt - 1) > 1e-3)
      origin += fmt::format("; tau_mem / r = tau_syn / w_in says {:.6g} ms", *inferred * c_.unit_ms);
    say("dt", c_.dt ? fmt::format("{:.6g} ms ({})", *c_.dt * c_.unit_ms, origin) : origin);
  }

  void pulse() {
    std::string origin = "given";
    if (given_.pulse)
      c_.pulse = *given_.pulse;
    else if (c_.dt)
      origin = "since dt is known";
    else
      fault("--pulse", "is open: a spike may be a current of height 1 for one step, or an impulse of area dt or 1, and files do not tell",
            "give --dt for the first, or --pulse dirac-1 for an impulse of area 1");
    if (given_.pulse && *given_.pulse != Pulse::kDiracUnit && !c_.dt)
      fault("--dt", "is open: the pulse that was chosen needs it", "give --dt, e.g. --dt 0.1ms");
    const char* text = c_.pulse == Pulse::kRect        ? "rect: a spike is a current of height 1 for dt"
                       : c_.pulse == Pulse::kDiracStep ? "dirac-dt: a spike is an impulse of area dt"
                                                       : "dirac-1: a spike is an impulse of area 1 unit of time";
    say("pulse", fmt::format("{} ({})", text, origin));
  }

  void reset() {
    std::size_t with = 0, without = 0;
    for (const FlatNode& n : graph_.nodes)
      if (node_type(n.type())->spikes) (n.node->parameter("v_reset") ? with : without)++;
    if (with + without == 0) return;
    if (given_.reset)
      c_.reset = *given_.reset;
    else if (without > 0)
      fault("--reset", fmt::format("is open: {} nodes are older than v_reset, when tools did either", without),
            "give --reset value (v becomes v_reset, or 0) or --reset subtract (v falls by v_threshold)");
    say("reset", fmt::format("{}{} ({})", c_.reset == Reset::kSubtract ? "v falls by v_threshold" : "v becomes v_reset",
                             c_.reset == Reset::kToValue && without > 0 ? ", which is 0 where it is missing" : "",
                             given_.reset ? "given" : "v_reset is in the file"));
  }

  void plausible() {
    if (!c_.dt || taus_.least > 1e300) return;
    for (const double tau : {taus_.least, taus_.most})
      if (const double ratio = tau / *c_.dt; !(ratio >= kLeastRatio && ratio <= kMostRatio)) {
        fault("--dt",
              fmt::format("does not fit: time constants are {:.3g} to {:.3g} steps, and {:.0f} to {:.0f} are plausible",
                          taus_.least / *c_.dt, taus_.most / *c_.dt, kLeastRatio, kMostRatio),
              "check --dt and --unit");
        return;
      }
  }

  const FlatGraph& graph_;
  const Given& given_;
  Taus taus_;
  Conventions c_;
  std::vector<Diagnostic> faults_;
};

}  // namespace

std::optional<double> inferred_dt(const FlatGraph& graph) {
  std::optional<double> dt;
  for (const FlatNode& n : graph.nodes) {
    if (!n.type().starts_with("Cuba")) continue;
    const auto tau_mem = per_neuron(n, "tau_mem"), tau_syn = per_neuron(n, "tau_syn"), r = per_neuron(n, "r"),
               w_in = per_neuron(n, "w_in", 1);
    for (std::size_t i = 0; i < r.size(); ++i)
      for (const double x : {tau_mem[i] / r[i], tau_syn[i] / w_in[i]}) {
        if (!(x > 0)) return {};
        if (!dt) dt = x;
        if (std::abs(x / *dt - 1) > 1e-4) return {};
      }
  }
  return dt;
}

Conventions settle(const FlatGraph& graph, const Given& given) { return Settler(graph, given).exact(); }

Conventions settle_stepped(const FlatGraph& graph, const Given& given, std::optional<double> tool_dt, const std::string& tool) {
  return Settler(graph, given).stepped(tool_dt, tool);
}

const char* membrane_parameter(const Node& node) { return node.parameter("tau_mem") ? "tau_mem" : node.parameter("tau") ? "tau" : nullptr; }

std::string to_text(const Conventions& conventions) {
  std::string text = "conventions\n";
  for (const auto& [name, value] : conventions.lines) text += fmt::format("  {:14} {}\n", name, value);
  return text;
}

}  // namespace spikeloop::nir
