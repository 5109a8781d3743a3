// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/simulator/networks.hpp"

/// Networks that use everything, for the tests that a run does not depend on how it was run.
namespace spikeloop::testing {

struct SampleNetwork {
  std::string name;
  NetworkDescription description;
  std::uint64_t trials = 1;
  double trial_ms = 60;
  /// Input of a trial; empty if the sources inside the network are enough.
  std::function<std::vector<Spike>(std::uint64_t trial)> input = [](std::uint64_t) { return std::vector<Spike>{}; };
};

std::vector<SampleNetwork> sample_networks();

/// How a run is cut and watched: nothing of it may show in the result.
struct Manner {
  engine::Update update = engine::Update::kAuto;  ///< this one does show, in the last bits
  std::size_t threads = 1;
  double slice_ms = 0;            ///< 0 = one slice a trial
  bool save_and_restore = false;  ///< in the middle of each trial, into a new session
  std::size_t restored_threads = 1;
  double save_at = 0.53;     ///< of a trial
  bool look = false;         ///< calls weights(), thresholds(), counts() and save() all the time
  bool more_probes = false;  ///< probes of everything, which the hash leaves out
};

/// Hash of every spike, every sample of the network's own probes, the final weights and thresholds.
std::uint64_t hash_of(const SampleNetwork& network, const Manner& manner);

}  // namespace spikeloop::testing
