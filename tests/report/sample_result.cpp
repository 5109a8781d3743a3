// SPDX-License-Identifier: Apache-2.0
#include "tests/report/sample_result.hpp"

#include <limits>
#include <vector>

namespace spikeloop::report::test {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TrainingResult run(std::uint64_t seed, double accuracy) {
  TrainingResult result;
  result.seed = seed;
  result.weights_hash = 0xabc;
  result.epochs = {{0, 0.5, 0.5, 12, 0.9, 7}, {1, 0.7, kNan, 6.5, 0.4, 8}};
  Evaluation& test = result.test;
  test.samples = 4;
  test.accuracy = accuracy;
  test.confusion = {{2, 0}, {1, 1}};
  test.counts.populations = {{40, 0}, {20, 100}, {8, 40}};
  test.counts.projections = {{120, 0}, {40, 0}};
  test.counts.simulated = 160 * kMillisecond;
  test.latency_p50_ms = 12.5;
  test.latency_p99_ms = 38;
  test.activation_sparsity = 0.9;
  test.effective_operations = 35;
  test.dense_operations = 800;
  result.example = {1, 30, 30, {{kMillisecond, 0, 3}, {2 * kMillisecond, 1, 0}, {40 * kMillisecond, 2, 1}}};
  result.fields = {{2, {0.5f, -0.25f, 0, 0.125f}}};
  return result;
}

}  // namespace

Network sample_network(const std::string& hidden_name) {
  NetworkDescription description;
  description.name = "sample";
  Population in, hidden, out;
  in.name = "in";
  in.shape = {2, 2};
  in.kind = SourceModel{ExternalSource{}};
  hidden.name = hidden_name;
  hidden.shape = {3};
  out.name = "out";
  out.shape = {2};
  description.populations = {in, hidden, out};
  Projection first, second;
  first.source = "in";
  first.target = hidden_name;
  second.source = hidden_name;
  second.target = "out";
  description.projections = {first, second};
  return Network(description);
}

ExperimentResult sample_result() {
  ExperimentResult result;
  result.experiment.name = "tiny";
  result.experiment.network_file = "tiny.txtpb";
  result.experiment.encode.population = "in";
  result.experiment.readout.population = "out";
  result.runs = {run(1, 0.75), run(2, 0.85)};
  result.control = {run(1, 0.5)};
  result.energy = {{"chip",
                    "host left out",
                    {{"synapse", Operation::kSynapticEvent, 40, 4e-9, false, true, "a paper"},
                     {"static", Operation::kStaticSecond, 0.04, 6e-9, true, false, "a power monitor"}}}};
  return result;
}

RunInfo sample_info() { return {"spikeloop train tiny.txtpb", "0.1.0", 0.625, {{"data sha256", "46ab"}}}; }

std::string xml_fault(const std::string& text) {
  std::vector<std::string> open;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string near = text.substr(i, 60);
    if (text[i] == '&') {
      const std::size_t end = text.find(';', i);
      if (end == std::string::npos || end - i > 8 || end == i + 1) return "stray & at " + near;
    }
    if (text[i] != '<') continue;
    if (text.compare(i, 2, "<!") == 0 || text.compare(i, 2, "<?") == 0) {
      i = text.find('>', i);
      continue;
    }
    const bool closing = text.compare(i, 2, "</") == 0;
    const std::size_t name_end = text.find_first_of(" />\n", i + (closing ? 2 : 1));
    if (name_end == std::string::npos || name_end == i + 1) return "stray < at " + near;
    const std::string name = text.substr(i + (closing ? 2 : 1), name_end - i - (closing ? 2 : 1));
    bool quoted = false;
    std::size_t end = name_end;
    for (; end < text.size() && (quoted || text[end] != '>'); ++end) {
      if (text[end] == '"') quoted = !quoted;
      if (text[end] == '<') return "< inside a tag at " + near;
      if (text[end] == '=' && !quoted && text.compare(end, 2, "=\"") != 0) return "attribute without quotes at " + near;
    }
    if (end == text.size()) return "tag without end at " + near;
    if (closing) {
      if (open.empty() || open.back() != name) return "</" + name + "> closes " + (open.empty() ? "nothing" : open.back());
      open.pop_back();
    } else if (text[end - 1] != '/') {
      open.push_back(name);
    }
    i = end;
  }
  return open.empty() ? "" : "<" + open.back() + "> is never closed";
}

}  // namespace spikeloop::report::test
