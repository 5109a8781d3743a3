// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/diff_side.hpp"

/// Why two networks part: what differs between them, and what becomes of the divergence where it does not.
namespace spikeloop::cli {

/// Two networks, and what they are given.
struct DiffPair {
  DiffSide a, b;
  NamedSpikes input;
  /// Whether one goes in steps and the other does not: then that is what is left when all that can be undone is.
  bool half_stepped() const { return a.tool.has_value() != b.tool.has_value(); }
};

/// One way in which two networks differ, and how it is undone: A (or what A is compared with) gets what the other has.
struct Difference {
  std::string cause;  ///< "reset", "pulse", "dt", "delay", "quantisation", "weights", "connectivity", "parameters", "input", "unit"
  std::string what;   ///< where it is, and how large
  /// Undoes it; may throw DescriptionError where that cannot be done by itself.
  std::function<void(DiffPair&)> undo;
  std::string datasets = {};  ///< of which cause it undoes datasets of NIR files, which are taken together; else empty
};

/// Everything in which two networks differ, in the order in which it is undone. Populations and projections are the same by name.
std::vector<Difference> differences_of(const DiffPair& pair);

/// What the runs do where one difference is undone, and the others are not.
struct Trial {
  std::size_t difference = 0;
  bool possible = true;
  std::optional<Time> parts;  ///< when they part then; none: they agree
};

struct Explanation {
  std::vector<Trial> trials;        ///< one for each difference
  std::vector<std::size_t> causes;  ///< the smallest set found that makes the runs agree when it is undone; empty: none does
  std::optional<Time> remains;      ///< when they part with all differences undone
};

/// Undoes the differences one at a time; if none of them is enough, all of them, and then takes back what was not needed.
Explanation explain(const DiffPair& pair, const std::vector<Difference>& differences, Time until, Time tolerance);

}  // namespace spikeloop::cli
