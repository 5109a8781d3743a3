// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/chip.hpp"
#include "core/energy.hpp"
#include "core/experiment.hpp"
#include "core/mapping.hpp"
#include "core/network.hpp"
#include "proto/fields.hpp"
#include "proto/load.hpp"
#include "proto/spikeloop/v1/chip.pb.h"
#include "proto/spikeloop/v1/experiment.pb.h"
#include "proto/spikeloop/v1/mapping.pb.h"
#include "proto/spikeloop/v1/network.pb.h"
#include "proto/spikeloop/v1/price.pb.h"
#include "proto/spikeloop/v1/report.pb.h"
#include "proto/write.hpp"

/// Messages to core values and back. Readers start from default core structs and note faults instead of throwing; what they return after a
/// fault is harmless but incomplete.
namespace spikeloop::proto {

// values_convert.cpp
Value read_value(const Reader& reader, const v1::Value& message);
void write_value(const Value& value, v1::Value& message);

// populations_convert.cpp, sources_convert.cpp
Population read_population(const Reader& reader, const v1::Population& message);
void write_population(const Population& population, v1::Population& message);
SourceModel read_source(const Reader& reader, const v1::Source& message);
void write_source(const SourceModel& source, v1::Source& message);

/// What reading a projection needs to know beside its message.
struct ProjectionContext {
  const LoadOptions& options;
  const std::string& file;                     ///< of the description; tensor files are relative to it
  const std::vector<Population>& populations;  ///< for the shape of a tensor
};

// projections_convert.cpp, connect_convert.cpp
Projection read_projection(const Reader& reader, const v1::Projection& message, const ProjectionContext& context);
void write_projection(const Projection& projection, v1::Projection& message, const WriteOptions& options);
void read_connect(const Reader& reader, const v1::Connect& message, const ProjectionContext& context, Projection& projection);
void write_connect(const Connect& connect, v1::Connect& message, const WriteOptions& options);

// learning_convert.cpp
Rule read_rule(const Reader& reader, const v1::Rule& message);
void write_rule(const Rule& rule, v1::Rule& message);
Controller read_controller(const Reader& reader, const v1::Controller& message);
void write_controller(const Controller& controller, v1::Controller& message);

// network_convert.cpp
NetworkDescription read_network(const Reader& reader, const v1::Network& message, const LoadOptions& options, const std::string& file);
void write_network(const NetworkDescription& network, v1::Network& message, const WriteOptions& options);

// experiment_convert.cpp
Experiment read_experiment(const Reader& reader, const v1::Experiment& message);
void write_experiment(const Experiment& experiment, v1::Experiment& message);

// price_convert.cpp
PriceList read_prices(const Reader& reader, const v1::PriceList& message);
void write_prices(const PriceList& prices, v1::PriceList& message);

// chip_convert.cpp
ChipSpec read_chip(const Reader& reader, const v1::Chip& message);
void write_chip(const ChipSpec& chip, v1::Chip& message);

// mapping_convert.cpp
Mapping read_mapping(const Reader& reader, const v1::Mapping& message);
void write_mapping(const Mapping& mapping, v1::Mapping& message);

// report_convert.cpp
TrainingResult read_training_result(const v1::TrainingResult& message);
/// `heavy`: with the example trial, the receptive fields and the latency of every sample.
void write_training_result(const TrainingResult& result, v1::TrainingResult& message, bool heavy);
EnergyReport read_energy(const v1::EnergyReport& message);
void write_energy(const EnergyReport& energy, v1::EnergyReport& message);

}  // namespace spikeloop::proto
