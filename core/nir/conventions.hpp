// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/models.hpp"
#include "core/nir/flat.hpp"
#include "core/time.hpp"

/// What a NIR file leaves open, and what was decided about it.
namespace spikeloop::nir {

/// What one is in the file's time constants and delays.
enum class Unit { kSecond, kMillisecond, kStep };

/// What a spike is to a differential equation.
enum class Pulse {
  kRect,       ///< a current of height 1 for dt
  kDiracStep,  ///< an impulse of area dt
  kDiracUnit,  ///< an impulse of area 1 (in the file's unit of time)
};

/// What somebody says about the open points.
struct Given {
  std::optional<Unit> unit;
  std::optional<Time> dt;
  std::optional<Pulse> pulse;
  std::optional<Reset> reset;
};

/// The open points, decided.
struct Conventions {
  Unit unit = Unit::kSecond;
  double unit_ms = 1000;     ///< of one in the file
  std::optional<double> dt;  ///< in the file's unit
  Pulse pulse = Pulse::kRect;
  Reset reset = Reset::kToValue;
  /// Name and value of every convention, with where it comes from; to be printed and stored.
  std::vector<std::pair<std::string, std::string>> lines;

  Time dt_ns() const { return from_ms(dt.value_or(0) * unit_ms); }
};

/// Decides; throws DescriptionError with every point that is open, and the options that close it.
Conventions settle(const FlatGraph& graph, const Given& given);

/// The unit and dt alone, for a stepped tool, whose dt is `tool_dt` (in the file's unit) where none is given.
Conventions settle_stepped(const FlatGraph& graph, const Given& given, std::optional<double> tool_dt, const std::string& tool);

/// The parameter that is the membrane's time constant: "tau", "tau_mem", or nothing.
const char* membrane_parameter(const Node& node);

/// dt in the file's unit, if the current-based neurons agree on tau_mem / r = tau_syn / w_in = dt, as some exporters write it.
std::optional<double> inferred_dt(const FlatGraph& graph);

/// A line a convention, aligned.
std::string to_text(const Conventions& conventions);

}  // namespace spikeloop::nir
