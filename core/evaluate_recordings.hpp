// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/experiment.hpp"
#include "core/workload.hpp"

/// Testing any network on recordings that are somebody's: spikes for its external sources and a class for each.
namespace spikeloop {

/// A recording, ready to be run.
struct LabelledSpikes {
  std::uint32_t label = 0;    ///< the neuron of the readout that should win
  Time duration = 0;          ///< what is counted; one tick more is simulated, for the potentials at its end
  std::vector<Spike> spikes;  ///< of external sources, before `duration`
};

/// How answers are read.
struct RecordingTest {
  std::string readout;  ///< population: most spikes win; ties: larger potential at the end, then lower index
  std::size_t classes = 0;
  double bin_ms = 1;  ///< of the activation sparsity
};

/// The description with the probes that the test needs: spikes of every population, potentials of the readout.
NetworkDescription with_probes(NetworkDescription description, const RecordingTest& test);

/// Tests recordings `0 .. samples - 1`, which `load` gives one by one (nothing: one to leave out), each from a reset session of a network
/// with these probes; nothing is learned. The latency of a sample is the time from its start to when the answer no longer changes; its
/// whole duration where potentials decided, or where nobody spiked. `after_each` gets the share of right answers so far.
Evaluation evaluate_recordings(const RecordingTest& test, const Network& network, Session& session, const Workload& workload,
                               std::size_t samples, const std::function<std::optional<LabelledSpikes>(std::size_t)>& load,
                               const std::function<void(std::size_t done, double accuracy)>& after_each = {});

}  // namespace spikeloop
