// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/nir/network_of.hpp"
#include "core/recording.hpp"

/// Small graphs, published files, and runs of them.
namespace spikeloop::nir::test {

Array reals(std::vector<std::uint64_t> shape, std::vector<double> values);
Array integers(std::vector<std::uint64_t> shape, std::vector<std::int64_t> values);
Node node(std::string name, std::string type, std::map<std::string, Array> parameters);
/// Nodes in a chain, from the first to the last.
Graph chain(std::vector<Node> nodes);

/// The published file, or nothing where SPIKELOOP_DATA_DIR (else ../shared/data) does not have it.
std::optional<std::string> published(const std::string& name);
/// Columns of a file of numbers.
std::vector<std::vector<double>> columns(const std::string& file);

/// The faults of a DescriptionError that `action` throws, one a line; empty if it throws none.
template <class Action>
std::string faults(Action&& action) {
  try {
    action();
  } catch (const DescriptionError& error) {
    std::string text;
    for (const Diagnostic& d : error.diagnostics()) text += to_string(d) + "\n";
    return text;
  }
  return {};
}

/// A run of the network of a graph.
struct NetworkRun {
  Network network;
  Recording recording;

  /// ns, of neuron 0 unless told.
  std::vector<Time> spikes(const std::string& population, std::uint32_t neuron = 0) const;
  std::size_t count(const std::string& population) const;
  std::vector<std::vector<double>> samples(const std::string& probe) const;
};

/// `input` are times in ns of (Input, neuron).
struct InputSpike {
  Time time = 0;
  std::string population = "input";
  std::uint32_t neuron = 0;
};
NetworkRun run(const Graph& graph, const Given& given, const std::vector<InputSpike>& input, Time until,
               std::optional<Time> sample_from = {}, Time sample_every = 0);

}  // namespace spikeloop::nir::test
