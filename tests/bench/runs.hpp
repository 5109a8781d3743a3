// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

/// One measured run of one network, as a JSON object.
namespace spikeloop::bench {

/// What the command line may change; 0 = what the network has by default.
struct RunOptions {
  std::uint64_t neurons = 0;
  double ms = 0;
  std::size_t threads = 1;
  std::uint64_t seed = 1;
  bool profile = false;  ///< also where the time goes; measuring takes some itself
};

using Json = nlohmann::ordered_json;

/// Names that `run` knows.
std::vector<std::string> run_names();

/// Builds the network, runs it and says what it cost; throws std::invalid_argument for an unknown name.
Json run(const std::string& name, const RunOptions& options);

/// Feed-forward inference: wall time of a presentation, and whether every spike is as it should be.
Json run_feed_forward(const RunOptions& options);

/// A hundred active neurons among a million against the hundred alone, at three resolutions; and an hour in which nothing happens.
Json run_few_active(const RunOptions& options);

/// A recording of N-MNIST through the convolutional network of tests/nir: wall time of a presentation, and whether every spike is that of a
/// plain program. Without the recording as many events are drawn.
Json run_nmnist(const RunOptions& options);

}  // namespace spikeloop::bench
