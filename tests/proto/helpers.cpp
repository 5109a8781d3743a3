// SPDX-License-Identifier: Apache-2.0
#include "tests/proto/helpers.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace spikeloop::testing {

const char* const kDesignNetwork = R"(# proto-file: spikeloop/v1/network.proto
# proto-message: spikeloop.v1.Network
populations { name: "in"     shape: [8, 8]  source { external {} } }
populations { name: "hidden" shape: [128]   neuron { lif { tau_m_ms: 20 v_threshold_mv: 1 reset: RESET_SUBTRACT tau_apical_ms: 40 } } homeostasis { target_hz: 25 rate: 5e-4 } }
populations { name: "out"    shape: [10]    neuron { lif { tau_m_ms: 20 v_threshold_mv: 1 reset: RESET_SUBTRACT tau_apical_ms: 40 } } }
projections { source: "in"     target: "hidden" connect { all_to_all {} } weight { normal { std: 0.05 } } delay_ms: 0.1 rule: "learn" }
projections { source: "hidden" target: "out"    connect { all_to_all {} } weight { constant: 0 }           delay_ms: 0.1 rule: "learn" }
rules { name: "learn" feedback_current { eta: 0.02 weight_max: 4 } commit: COMMIT_TRIAL }
controllers { population: "out" target { true_hz: 100 other_hz: 10 dead_zone_hz: 5 } neuron { lif { tau_m_ms: 20 } }
              feedback { to: "hidden" weights { normal { std: 0.1 } } amplitude: 0.005 } feedback { to: "out" weights { identity {} } amplitude: 0.005 } }
probes { population: "out" spikes {} }
)";

const char* const kDesignExperiment = R"(# proto-file: spikeloop/v1/experiment.proto
# proto-message: spikeloop.v1.Experiment
network: "digits_network.txtpb"
dataset { digits { file: "data/digits.csv.gz" sha256: "..." } split { train: 1437 test: 360 validation_from_train: 0.1 } }
encode { rate { population: "in" max_hz: 300 regular_random_phase {} } }
trial { free_ms: 30 feedback_ms: 30 test_ms: 40 }   readout { population: "out" most_spikes {} }   # ties: larger potential, then lower index
epochs: 30  batch: 1  anneal { linear_to: 0.05 }  seeds: 3  smoke { samples: 200 epochs: 1 }
controls { frozen_hidden {} }
)";

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) ADD_FAILURE() << "cannot open " << path;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void put(const std::string& path, const std::string& content) { std::ofstream(path, std::ios::binary) << content; }

std::string golden(const std::string& name) { return content_of(std::string(SPIKELOOP_SOURCE_DIR "/tests/proto/golden/") + name); }

LoadOptions with_six_by_six() {
  return {[](const std::string&) { return TensorData{{6, 6}, std::vector<float>(36, 0.5f)}; }};
}

std::vector<Diagnostic> faults_of_network(const std::string& text) {
  return faults_of([&] { load_network_text(text, "net.txtpb"); });
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "spikeloop_proto_XXXXXX").string();
  if (!::mkdtemp(name.data())) ADD_FAILURE() << "no temporary folder";
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace spikeloop::testing
