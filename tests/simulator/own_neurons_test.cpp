// SPDX-License-Identifier: Apache-2.0
// Neurons of one population with parameters of their own compute what populations of one neuron each would.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/simulator/networks.hpp"

namespace spikeloop::testing {
namespace {

constexpr std::uint32_t kOwnNeurons = 5;

/// Neuron j of a kind, with time constants that grow with j.
NeuronModel scaled(NeuronModel model, std::uint32_t j) {
  for (double* tau : time_constants(model)) *tau *= 0.5 + 0.3 * j;
  return model;
}

std::vector<NeuronModel> all_scaled(const NeuronModel& model) {
  std::vector<NeuronModel> models;
  for (std::uint32_t j = 0; j < kOwnNeurons; ++j) models.push_back(scaled(model, j));
  return models;
}

/// One population of five, or five of one; excitation, inhibition and feedback reach every neuron.
NetworkDescription network(const NeuronModel& model, bool split) {
  NetworkDescription d;
  d.populations = {source("in", 1), source("feedback", 1)};
  d.probes = {};
  for (std::uint32_t j = 0; j < (split ? kOwnNeurons : 1); ++j) {
    const std::string name = "n" + std::to_string(j);
    d.populations.push_back(neurons(name, split ? 1 : kOwnNeurons, split ? scaled(model, j) : model));
    d.projections.push_back(connect("in", name, AllToAll{}, 0.6));
    d.projections.push_back(connect("in", name, AllToAll{}, -0.2, 0.7));
    d.projections.back().name = name + ".inhibition";
    d.projections.push_back(connect("feedback", name, AllToAll{}, 0.3, 0.1, Port::kApical));
    d.probes.push_back(spikes_of(name));
    d.probes.push_back(probe_of(name, Probe::Variable::kPotential, 199.9, 1000));
  }
  return d;
}

std::vector<Spike> input() {
  std::vector<Spike> spikes;
  for (int k = 0; k < 120; ++k) spikes.push_back(at_ms(1 + 1.5 * k, 0, 0));
  for (int k = 0; k < 20; ++k) spikes.push_back(at_ms(3 + 9.0 * k, 1, 0));
  return spikes;
}

/// Times by neuron, however the neurons are spread over populations.
std::vector<std::vector<Time>> trains(const Recording& r) {
  std::vector<std::vector<Time>> trains(kOwnNeurons);
  for (const Spike& s : r.spikes)
    if (s.population >= 2) trains.at(s.population - 2 + s.neuron).push_back(s.time);
  return trains;
}

std::vector<NeuronModel> kinds() {
  Lif floored;
  floored.v_floor_mv = -0.1;
  LifExp two;
  two.tau_syn_inhibitory_ms = 8;
  return {Lif{}, floored, If{}, Alif{}, two};
}

TEST(OwnNeurons, ComputeWhatPopulationsOfOneNeuronDo) {
  for (const NeuronModel& model : kinds()) {
    Recording split, own;
    advance(*start(network(model, true), 1, engine::Update::kLazy), 200, split, input());
    const auto session = start(network(model, false));
    session->set_neurons(2, all_scaled(model));
    advance(*session, 200, own, input());
    EXPECT_EQ(trains(own), trains(split)) << model_name(model);
    EXPECT_GT(own.spikes.size(), 0u) << model_name(model);
    std::vector<double> potentials;
    for (std::uint32_t j = 0; j < kOwnNeurons; ++j) potentials.push_back(samples_of(split, 2 * j + 1).at(0).at(0));
    EXPECT_EQ(samples_of(own, 1).at(0), potentials) << model_name(model);
  }
}

TEST(OwnNeurons, AreTheSameForAnyNumberOfThreadsAndEveryUpdate) {
  std::vector<std::vector<std::vector<Time>>> all;
  for (const engine::Update update : kEveryUpdate)
    for (const std::size_t threads : {1u, 2u}) {
      const auto session = start(network(Lif{}, false), threads, update);
      session->set_neurons(2, all_scaled(Lif{}));
      Recording r;
      advance(*session, 200, r, input());
      all.push_back(trains(r));
    }
  for (const auto& one : all) EXPECT_EQ(one, all.front());
}

TEST(OwnNeurons, AreAsDescribedAgainOnceTheyAreTakenBack) {
  for (const engine::Update update : kEveryUpdate) {
    Recording plain, before, again;
    advance(*start(network(Alif{}, false), 1, update), 200, plain, input());
    const auto session = start(network(Alif{}, false), 1, update);
    session->set_neurons(2, all_scaled(Alif{}));
    advance(*session, 200, before, input());
    EXPECT_NE(before.hash(), plain.hash());
    session->set_neurons(2, {});
    session->reset();
    advance(*session, 200, again, input());
    EXPECT_EQ(again.hash(), plain.hash()) << name_of(update);
  }
}

TEST(OwnNeurons, MustFitThePopulation) {
  const auto session = start(network(Lif{}, false));
  std::vector<NeuronModel> models = all_scaled(Lif{});
  EXPECT_THROW(session->set_neurons(0, {}), DescriptionError) << "a source";
  EXPECT_THROW(session->set_neurons(2, std::vector<NeuronModel>(3, Lif{})), DescriptionError);
  models[1] = Alif{};
  EXPECT_THROW(session->set_neurons(2, models), DescriptionError);
  Lif stopped;
  stopped.tau_m_ms = 0;
  models[1] = stopped;
  EXPECT_THROW(session->set_neurons(2, models), DescriptionError);
}

}  // namespace
}  // namespace spikeloop::testing
