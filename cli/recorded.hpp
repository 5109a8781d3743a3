// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <vector>

#include "core/energy.hpp"

/// What run directories tell of the operations that energy is made of.
namespace spikeloop::cli {

/// The operations of one network of one seed, or of one run, ready to be priced.
struct Recorded {
  std::uint64_t seed = 0;
  std::size_t inferences = 1;
  double seconds = 0;                                   ///< simulated, of all inferences together
  std::function<EnergyReport(const PriceList&)> price;  ///< of one inference; of the run where there are none
  std::vector<EnergyLine> measured = {};                ///< by the board, of one inference
  std::string no_spread = {};                           ///< why nobody knows the spread over samples; empty if it is known
};

/// A directory of `train`, `deploy` or `run`.
struct RecordedDirectory {
  std::string verb;               ///< that wrote it
  std::vector<PriceList> prices;  ///< that lie in it
  std::vector<Recorded> runs;     ///< at least one
  bool has_inferences() const { return verb != "run"; }
};

/// Reads what can be priced. Throws DescriptionError for a directory of no such verb, an unfinished one, or one that was tampered with.
RecordedDirectory read_recorded(const std::filesystem::path& dir);

/// In deploy.json: the operations of a run, and those of each sample by column.
nlohmann::ordered_json to_json(const ChipOperations& operations);
nlohmann::ordered_json to_json(std::span<const ChipOperations> samples);

inline constexpr const char* kDeployFile = "deploy.json";

}  // namespace spikeloop::cli
