// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/nir/conventions.hpp"
#include "core/nir/flat.hpp"
#include "core/nir/linear.hpp"

/// What other tools make of a NIR file: step by step, each by the rule that its published traces show.
namespace spikeloop::nir {

/// How a neuron is moved by one step, with a = exp(-dt / tau) and x the input of the step.
enum class StepRule {
  kEuler,    ///< v <- v + dt/tau (v_leak - v + R x)
  kHold,     ///< v <- v_inf + (v - v_inf) a, v_inf = v_leak + R x: exact for an input that is held
  kImpulse,  ///< v <- v_leak + (v - v_leak) a + dt/tau R x: exact for an impulse of area dt
};

/// One tool's way to read a file.
struct Tool {
  const char* name;
  StepRule rule;
  Reset reset;                       ///< to 0 (kToValue), or by the threshold; none of them reads v_reset
  std::optional<double> dt_seconds;  ///< its default
  bool uses_r;                       ///< multiplies input by r
  bool measured;                     ///< the rule was fitted to traces that the tool published
  const char* voltage;               ///< what its voltages are of the file's
  const char* remark;                ///< what else it does, or an empty text
};

/// norse, snntorch, nengo, sinabs, rockpool, spinnaker2.
const std::vector<Tool>& tools();

/// Null if there is no tool of this name.
const Tool* find_tool(std::string_view name);

/// dt in the file's unit that the tool takes where none is given: its default in `unit`, or for rockpool min tau / (1 + r); nothing where
/// it has none.
std::optional<double> default_dt(const Tool& tool, const FlatGraph& graph, double unit_ms);

/// Runs a graph step by step: in every step each node once, sources before targets; what closes a cycle comes a step later.
class Stepper {
 public:
  /// `graph` must outlive it; `dt` is in the file's unit. Throws DescriptionError for what the tool cannot read.
  Stepper(const FlatGraph& graph, const Tool& tool, double dt);
  ~Stepper();
  Stepper(const Stepper&) = delete;
  Stepper& operator=(const Stepper&) = delete;

  /// One step; `inputs` has the values of each Input of the graph, in its order.
  void step(std::span<const std::vector<double>> inputs);
  /// What a node gave in the last step: 1 for a spike.
  std::span<const double> output(std::size_t node) const;
  /// Potentials of a neuron at the end of the last step, in the file's unit; empty for other nodes.
  std::span<const double> potential(std::size_t node) const;

 private:
  struct State;
  void evaluate(State& s);
  void move(State& s, std::size_t i, double x);

  const FlatGraph* graph_;
  const Tool* tool_;
  double dt_;
  std::vector<State> states_;
  std::vector<std::size_t> order_;
};

}  // namespace spikeloop::nir
