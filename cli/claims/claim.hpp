// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/network.hpp"
#include "report/svg.hpp"

/// What the method promises, each promise as an experiment that can fail.
namespace spikeloop::cli {

/// One number that a claim rests on.
struct Finding {
  std::string name;  ///< with its unit
  double value = 0;
  std::string expected;  ///< in words, e.g. "> 0.9"; empty: shown for information
  bool holds = true;     ///< by the comparison that was made
  /// Whether it holds and was measured at all: NaN, which no comparison finds out of bounds by itself, never passes.
  bool passes() const;
};

/// A plot and the sentence under it.
struct Plot {
  report::Svg figure;
  std::string caption;
};

struct ClaimResult {
  std::vector<Finding> findings;
  std::vector<Plot> plots;
  bool holds() const;  ///< whether every finding passes
};

/// The description with other random values.
inline NetworkDescription with_seed(NetworkDescription description, std::uint64_t seed) {
  description.seed = seed;
  return description;
}

struct ClaimOptions {
  std::uint64_t seed = 1;
  bool smoke = false;          ///< the small size that tests run
  std::filesystem::path data;  ///< folder of data that does not ship
};

/// A claim: its network is a description (examples/claims/NAME_network.txtpb), so that a test can break the mechanism there and see
/// that the claim no longer holds.
struct Claim {
  std::string name;
  std::string sentence;  ///< what is claimed
  ClaimResult (*run)(const NetworkDescription&, const ClaimOptions&);
};

}  // namespace spikeloop::cli
