// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/backend.hpp"
#include "core/experiment.hpp"
#include "proto/atomic_file.hpp"

namespace spikeloop {

/// One run of an experiment at the time of a checkpoint.
struct CheckpointRun {
  std::uint64_t seed = 0;
  bool control = false;                  ///< true: with frozen hidden layers
  std::optional<TrainingResult> result;  ///< set if the run is finished
  State trainer;                         ///< `Trainer::save`; empty if the run is not begun, or finished
};

/// Everything that an interrupted experiment needs to go on to the bit.
struct Checkpoint {
  std::string spikeloop_version;             ///< of the program that wrote it
  std::uint64_t network_fingerprint = 0;     ///< `Network::fingerprint`
  std::uint64_t experiment_fingerprint = 0;  ///< `experiment_fingerprint` of proto/write.hpp
  std::vector<CheckpointRun> runs;
};

/// To bytes with a checksum.
std::string write_checkpoint(const Checkpoint& checkpoint);

/// From bytes; throws DescriptionError with one sentence if they are foreign, cut, damaged, or of another version. `file` is named in it.
Checkpoint read_checkpoint(std::string_view bytes, const std::string& file = "");

/// Reads a checkpoint file; throws DescriptionError if it cannot be read or is not a good checkpoint.
Checkpoint load_checkpoint(const std::string& path);

/// Throws DescriptionError if the checkpoint belongs to another network or experiment.
void check_belongs(const Checkpoint& checkpoint, std::uint64_t network_fingerprint, std::uint64_t experiment_fingerprint,
                   const std::string& file = "");

}  // namespace spikeloop
