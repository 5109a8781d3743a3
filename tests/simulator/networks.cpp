// SPDX-License-Identifier: Apache-2.0
#include "tests/simulator/networks.hpp"

#include <cstdlib>
#include <filesystem>

namespace spikeloop::testing {

Population neurons(const std::string& name, std::uint64_t n, const NeuronModel& model) {
  Population p;
  p.name = name;
  p.shape = {n};
  p.kind = model;
  return p;
}

Population source(const std::string& name, std::uint64_t n, const SourceModel& model) {
  Population p;
  p.name = name;
  p.shape = {n};
  p.kind = model;
  return p;
}

Projection connect(const std::string& from, const std::string& to, const Connect& how, double weight, double delay_ms, Port port) {
  Projection p;
  p.source = from;
  p.target = to;
  p.connect = how;
  p.weight.kind = Constant{weight};
  p.delay_ms.kind = Constant{delay_ms};
  p.port = port;
  return p;
}

Projection plastic(Projection projection, const std::string& rule) {
  projection.rule = rule;
  return projection;
}

Probe spikes_of(const std::string& population) {
  Probe p;
  p.population = population;
  return p;
}

Probe probe_of(const std::string& population, Probe::Variable variable, double start_ms, double every_ms) {
  Probe p;
  p.population = population;
  p.variable = variable;
  p.start_ms = start_ms;
  p.every_ms = every_ms;
  return p;
}

Probe probe_of_projection(const std::string& projection, Probe::Variable variable, double start_ms, double every_ms) {
  Probe p = probe_of("", variable, start_ms, every_ms);
  p.projection = projection;
  return p;
}

SpikeListSource spike_list(const std::vector<double>& times_ms, std::uint32_t neuron) {
  SpikeListSource s;
  for (const double ms : times_ms) s.events.push_back({from_ms(ms), neuron});
  return s;
}

Pairs pairs(std::vector<std::uint32_t> sources, std::vector<std::uint32_t> targets) {
  return {std::make_shared<const std::vector<std::uint32_t>>(std::move(sources)),
          std::make_shared<const std::vector<std::uint32_t>>(std::move(targets))};
}

Value listed(std::vector<double> values) { return {Listed{std::make_shared<const std::vector<double>>(std::move(values))}, {}}; }
Value normal(double mean, double std) { return {Normal{mean, std}, {}}; }

Spike at_ms(double ms, std::uint32_t population, std::uint32_t neuron) { return {from_ms(ms), population, neuron}; }

std::unique_ptr<Session> start(const NetworkDescription& description, std::size_t threads, engine::Update update) {
  return make_simulator(threads, update)->compile(Network(description))->start();
}

void advance(Session& session, double until_ms, Recording& recording, std::span<const Spike> input) {
  session.advance(from_ms(until_ms), input, recording);
}

Recording run(const NetworkDescription& description, double until_ms, std::span<const Spike> input, std::size_t threads,
              engine::Update update) {
  const auto session = start(description, threads, update);
  Recording recording;
  advance(*session, until_ms, recording, input);
  recording.counts = session->counts();
  return recording;
}

std::vector<Time> times_of(const Recording& recording, std::uint32_t population, std::uint32_t neuron) {
  std::vector<Time> times;
  for (const Spike& s : recording.spikes)
    if (s.population == population && s.neuron == neuron) times.push_back(s.time);
  return times;
}

std::vector<std::vector<double>> samples_of(const Recording& recording, std::uint32_t probe) {
  std::vector<std::vector<double>> rows;
  for (const Sample& s : recording.samples)
    if (s.probe == probe) rows.push_back(s.values);
  return rows;
}

const char* name_of(engine::Update update) {
  return update == engine::Update::kAuto ? "auto" : update == engine::Update::kLazy ? "lazy" : "dense";
}

std::optional<std::string> data_file(const std::string& name, std::string& missing) {
  const char* folder = std::getenv("SPIKELOOP_DATA_DIR");
  const std::string path = std::string(folder ? folder : "") + "/" + name;
  if (folder && std::filesystem::exists(path)) return path;
  missing = path + " is not there (SPIKELOOP_DATA_DIR)";
  return std::nullopt;
}

}  // namespace spikeloop::testing
