// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "proto/convert.hpp"

namespace spikeloop::proto {
namespace {

template <class Access>
void sampling_fields(const Access& a, auto& probe) {
  a("start_ms", probe.start_ms), a("every_ms", probe.every_ms);
}

template <class Access>
void probe_fields(const Access& a, auto& probe) {
  a("name", probe.name), a("population", probe.population), a("projection", probe.projection);
}

/// The variables are fields of the schema with the names that core gives them.
constexpr Probe::Variable kSampled[] = {Probe::Variable::kPotential, Probe::Variable::kBasalCurrent, Probe::Variable::kApicalCurrent,
                                        Probe::Variable::kThreshold, Probe::Variable::kPreTrace,     Probe::Variable::kPostTrace,
                                        Probe::Variable::kWeights};

const google::protobuf::FieldDescriptor* field_of(Probe::Variable variable) {
  const auto* field = v1::Probe::descriptor()->FindFieldByName(variable_name(variable));
  if (!field) throw BugError(fmt::format("the schema of Probe has no variable {}", variable_name(variable)));
  return field;
}

Probe read_probe(const Reader& reader, const v1::Probe& message) {
  Probe probe;
  probe_fields(reader, probe);
  for (const Probe::Variable variable : kSampled) {
    if (!message.GetReflection()->HasField(message, field_of(variable))) continue;
    probe.variable = variable;
    sampling_fields(reader.at(variable_name(variable), message.GetReflection()->GetMessage(message, field_of(variable))), probe);
  }
  return probe;
}

void write_probe(const Probe& probe, v1::Probe& message) {
  probe_fields(Writer(message), probe);
  google::protobuf::Message* variable = message.GetReflection()->MutableMessage(&message, field_of(probe.variable));
  if (probe.variable != Probe::Variable::kSpikes) sampling_fields(Writer(*variable), probe);
}

/// Ticks are whole nanoseconds; a resolution that is not would be rounded silently.
void read_resolution(const Reader& reader, Time& resolution) {
  double ms = to_ms(resolution);
  reader("resolution_ms", ms);
  const double ns = ms * 1e6;
  if (!time_from_ms(ms, resolution) || std::abs(ns - std::round(ns)) > 1e-6 * std::max(1.0, std::abs(ns)))
    reader.fault("resolution_ms", fmt::format("is {} ms, which is not a whole number of nanoseconds", ms), "use a multiple of 1e-6");
}

}  // namespace

NetworkDescription read_network(const Reader& reader, const v1::Network& message, const LoadOptions& options, const std::string& file) {
  NetworkDescription network;
  reader("name", network.name);
  reader("seed", network.seed);
  read_resolution(reader, network.resolution);
  for (int i = 0; i < message.populations_size(); ++i)
    network.populations.push_back(read_population(reader.at("populations", i, message.populations(i)), message.populations(i)));
  const ProjectionContext context{options, file, network.populations};
  for (int i = 0; i < message.projections_size(); ++i)
    network.projections.push_back(read_projection(reader.at("projections", i, message.projections(i)), message.projections(i), context));
  for (int i = 0; i < message.rules_size(); ++i)
    network.rules.push_back(read_rule(reader.at("rules", i, message.rules(i)), message.rules(i)));
  for (int i = 0; i < message.controllers_size(); ++i)
    network.controllers.push_back(read_controller(reader.at("controllers", i, message.controllers(i)), message.controllers(i)));
  for (int i = 0; i < message.probes_size(); ++i)
    network.probes.push_back(read_probe(reader.at("probes", i, message.probes(i)), message.probes(i)));
  return network;
}

void write_network(const NetworkDescription& network, v1::Network& message, const WriteOptions& options) {
  const Writer writer(message);
  writer("name", network.name);
  writer("seed", network.seed);
  writer.time("resolution_ms", network.resolution);
  for (const Population& population : network.populations) write_population(population, *message.add_populations());
  for (const Projection& projection : network.projections) write_projection(projection, *message.add_projections(), options);
  for (const Rule& rule : network.rules) write_rule(rule, *message.add_rules());
  for (const Controller& controller : network.controllers) write_controller(controller, *message.add_controllers());
  for (const Probe& probe : network.probes) write_probe(probe, *message.add_probes());
}

}  // namespace spikeloop::proto
