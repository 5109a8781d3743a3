// SPDX-License-Identifier: Apache-2.0
#include "tests/nir/support.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "backends/simulator/simulator.hpp"

namespace spikeloop::nir::test {

Array reals(std::vector<std::uint64_t> shape, std::vector<double> values) {
  return {Stored::kFloat64, std::move(shape), std::move(values)};
}
Array integers(std::vector<std::uint64_t> shape, std::vector<std::int64_t> values) {
  return {Stored::kInt64, std::move(shape), std::move(values)};
}
Node node(std::string name, std::string type, std::map<std::string, Array> parameters) {
  return {std::move(name), std::move(type), std::move(parameters), {}, nullptr};
}

Graph chain(std::vector<Node> nodes) {
  Graph g;
  for (std::size_t i = 0; i + 1 < nodes.size(); ++i) g.edges.emplace_back(nodes[i].name, nodes[i + 1].name);
  g.nodes = std::move(nodes);
  return g;
}

std::optional<std::string> published(const std::string& name) {
  const char* folder = std::getenv("SPIKELOOP_DATA_DIR");
  const std::filesystem::path path = std::filesystem::path(folder ? folder : SPIKELOOP_SOURCE_DIR "/../shared/data") / "nir" / name;
  if (!std::filesystem::exists(path)) return {};
  return path.string();
}

std::vector<std::vector<double>> columns(const std::string& file) {
  std::vector<std::vector<double>> all;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    std::istringstream fields(line);
    std::string field;
    for (std::size_t i = 0; std::getline(fields, field, ','); ++i) {
      if (all.size() <= i) all.emplace_back();
      all[i].push_back(std::stod(field));
    }
  }
  return all;
}

std::vector<Time> NetworkRun::spikes(const std::string& population, std::uint32_t neuron) const {
  std::vector<Time> times;
  for (const Spike& s : recording.spikes)
    if (s.population == network.population_index(population) && s.neuron == neuron) times.push_back(s.time);
  return times;
}

std::size_t NetworkRun::count(const std::string& population) const {
  std::size_t n = 0;
  for (const Spike& s : recording.spikes) n += s.population == network.population_index(population);
  return n;
}

std::vector<std::vector<double>> NetworkRun::samples(const std::string& probe) const {
  std::vector<std::vector<double>> rows;
  for (const Sample& s : recording.samples)
    if (network.probes()[s.probe].name == probe) rows.push_back(s.values);
  return rows;
}

NetworkRun run(const Graph& graph, const Given& given, const std::vector<InputSpike>& input, Time until, std::optional<Time> sample_from,
               Time sample_every) {
  const FlatGraph flat = flatten(graph);
  NirNetwork made = network_of(flat, settle(flat, given), sample_from ? std::optional(sample_every) : std::nullopt);
  if (sample_from)
    for (Probe& p : made.description.probes) p.start_ms = to_ms(*sample_from);
  NetworkRun r{Network(made.description), {}};
  const auto session = make_simulator(1)->compile(r.network)->start();
  for (const auto& [name, models] : made.own) {
    std::vector<double> thresholds;
    for (const NeuronModel& m : models)
      if (const Spiking* s = spiking_of(m)) thresholds.push_back(s->v_threshold_mv);
    session->set_neurons(r.network.population_index(name), models);
    if (!thresholds.empty()) session->set_thresholds(r.network.population_index(name), thresholds);
  }
  std::vector<Spike> spikes;
  for (const InputSpike& s : input)
    spikes.push_back({s.time, static_cast<std::uint32_t>(r.network.population_index(s.population)), s.neuron});
  session->advance(until, spikes, r.recording);
  r.recording.counts = session->counts();
  return r;
}

}  // namespace spikeloop::nir::test
