// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backends/simulator/simulator.hpp"
#include "core/network.hpp"

/// Short hands for building a network from the core structs and running it.
namespace spikeloop::testing {

Population neurons(const std::string& name, std::uint64_t n, const NeuronModel& model);
Population source(const std::string& name, std::uint64_t n, const SourceModel& model = ExternalSource{});
/// Constant weight and delay.
Projection connect(const std::string& from, const std::string& to, const Connect& how, double weight, double delay_ms = 0.1,
                   Port port = Port::kBasal);
Projection plastic(Projection projection, const std::string& rule);
Probe spikes_of(const std::string& population);
Probe probe_of(const std::string& population, Probe::Variable variable, double start_ms, double every_ms);
Probe probe_of_projection(const std::string& projection, Probe::Variable variable, double start_ms, double every_ms);
SpikeListSource spike_list(const std::vector<double>& times_ms, std::uint32_t neuron = 0);
Pairs pairs(std::vector<std::uint32_t> sources, std::vector<std::uint32_t> targets);
Value listed(std::vector<double> values);
Value normal(double mean, double std);

/// A spike of an external source: time in ms.
Spike at_ms(double ms, std::uint32_t population, std::uint32_t neuron);

std::unique_ptr<Session> start(const NetworkDescription& description, std::size_t threads = 1,
                               engine::Update update = engine::Update::kAuto);
/// Runs a new session to `until_ms` in one slice; the recording includes the counts.
Recording run(const NetworkDescription& description, double until_ms, std::span<const Spike> input = {}, std::size_t threads = 1,
              engine::Update update = engine::Update::kAuto);
/// Advances in one slice.
void advance(Session& session, double until_ms, Recording& recording, std::span<const Spike> input = {});

/// Spike times of a neuron in ns; population by index.
std::vector<Time> times_of(const Recording& recording, std::uint32_t population, std::uint32_t neuron);
/// The samples of a probe, one row a sample.
std::vector<std::vector<double>> samples_of(const Recording& recording, std::uint32_t probe);

inline constexpr engine::Update kEveryUpdate[] = {engine::Update::kAuto, engine::Update::kLazy, engine::Update::kDense};
const char* name_of(engine::Update update);

/// The file under SPIKELOOP_DATA_DIR, or nothing if it is not there; `missing` then says what to print.
std::optional<std::string> data_file(const std::string& name, std::string& missing);

}  // namespace spikeloop::testing
