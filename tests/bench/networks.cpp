// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/networks.hpp"

#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "tests/bench/build.hpp"

namespace spikeloop::bench {
namespace {

using Indices = std::vector<std::uint32_t>;

/// Additive STDP as in NEST's stdp_synapse_hom with lambda 0.001, alpha 1.05 and W_max 0.2 mV: a potentiating pair adds lambda W_max, a
/// depressing one takes alpha lambda W_max.
Rule additive_stdp() {
  constexpr double kLambda = 0.001, kAlpha = 1.05, kMax = 0.2;
  Stdp stdp;
  stdp.a_plus = kLambda * kMax;
  stdp.a_minus = kAlpha * kLambda * kMax;
  stdp.tau_plus_ms = stdp.tau_minus_ms = 20;
  Rule rule;
  rule.name = "stdp";
  rule.kind = stdp;
  rule.commit = Commit::kImmediate;
  rule.weight_min = 0;
  rule.weight_max = kMax;
  return rule;
}

NeuronModel brunel_neuron(Brunel::Synapse synapse, double tau_syn_ms) {
  const auto set = [](auto model) {
    model.tau_m_ms = 20;
    model.v_threshold_mv = 20;
    model.v_reset_mv = 10;
    model.refractory_ms = 2;
    return model;
  };
  if (synapse == Brunel::Synapse::kDelta) return set(Lif{});
  LifExp exponential = set(LifExp{});
  exponential.tau_syn_ms = tau_syn_ms;
  return exponential;
}

Pairs pairs(Indices sources, Indices targets) {
  return {std::make_shared<const Indices>(std::move(sources)), std::make_shared<const Indices>(std::move(targets))};
}

}  // namespace

double current_of_psp(double psp_mv, double tau_m_ms, double tau_syn_ms) {
  // A current exp(-t / tau_syn) moves v by tau_syn / (tau_m - tau_syn) (exp(-t / tau_m) - exp(-t / tau_syn)), most where the slope is zero.
  const double difference = tau_m_ms - tau_syn_ms;
  const double at = tau_m_ms * tau_syn_ms / difference * std::log(tau_m_ms / tau_syn_ms);
  return psp_mv / (tau_syn_ms / difference * (std::exp(-at / tau_m_ms) - std::exp(-at / tau_syn_ms)));
}

NetworkDescription brunel(const Brunel& options) {
  constexpr double kPsp = 0.1, kInhibition = 5, kTauM = 20, kTauSyn = 0.5, kDelay = 1.5, kDriveHz = 20'000;
  const bool exponential = options.synapse == Brunel::Synapse::kExponential;
  const double weight = exponential ? current_of_psp(kPsp, kTauM, kTauSyn) : kPsp;
  const std::uint64_t excitatory = options.neurons * 4 / 5, inhibitory = options.neurons - excitatory;
  const std::uint64_t in_degree = options.excitatory_in_degree ? options.excitatory_in_degree : excitatory / 10;
  const auto weight_of = [&](double value) { return options.stored_weights ? normal(value, 0) : constant(value); };

  NetworkDescription d;
  d.name = exponential ? "brunel_exp" : "brunel_delta";
  d.seed = options.seed;
  const NeuronModel neuron = brunel_neuron(options.synapse, kTauSyn);
  d.populations = {neurons("e", excitatory, neuron), neurons("i", inhibitory, neuron),
                   source("drive_e", excitatory, PoissonSource{kDriveHz}), source("drive_i", inhibitory, PoissonSource{kDriveHz})};
  for (const char* to : {"e", "i"}) {
    d.projections.push_back(connect("e", to, FixedInDegree{in_degree}, weight_of(weight), constant(kDelay)));
    d.projections.push_back(connect("i", to, FixedInDegree{in_degree / 4}, weight_of(-kInhibition * weight), constant(kDelay)));
    d.projections.push_back(connect(std::string("drive_") + to, to, OneToOne{}, constant(weight), constant(0.1)));
  }
  if (options.plastic) {
    d.rules = {additive_stdp()};
    d.projections[0].rule = "stdp";
  }
  return d;
}

NetworkDescription cuba(std::uint64_t seed) {
  LifExp neuron;
  neuron.tau_m_ms = 20;
  neuron.v_rest_mv = -49;
  neuron.v_threshold_mv = -50;
  neuron.v_reset_mv = -60;
  neuron.refractory_ms = 5;
  neuron.tau_syn_ms = 5;
  neuron.tau_syn_inhibitory_ms = 10;
  NetworkDescription d;
  d.name = "cuba";
  d.seed = seed;
  d.populations = {neurons("e", 3200, neuron), neurons("i", 800, neuron)};
  for (Population& p : d.populations) p.v_initial_mv = Value{Uniform{-60, -50}, {}};
  for (const char* to : {"e", "i"}) {
    d.projections.push_back(connect("e", to, FixedProbability{0.02}, constant(1.62), constant(0.1)));
    d.projections.push_back(connect("i", to, FixedProbability{0.02}, constant(-9), constant(0.1)));
  }
  return d;
}

NetworkDescription few_active(const FewActive& options) {
  constexpr std::uint32_t kActive = FewActive::kActive, kFanOut = 10;
  const std::uint32_t stride = options.neurons / kActive;
  Indices drive, active, from, to;
  for (std::uint32_t k = 0; k < kActive; ++k) {
    drive.push_back(k);
    active.push_back(k * stride);
    for (std::uint32_t j = 1; j <= kFanOut; ++j) {
      from.push_back(k * stride);
      to.push_back((k + 7 * j) % kActive * stride);
    }
  }
  NetworkDescription d;
  d.name = "few_active";
  d.resolution = options.resolution;
  d.seed = options.seed;
  Lif lif;
  lif.refractory_ms = 2;
  RegularSource regular;
  regular.rate_hz = 10;
  regular.random_phase = true;
  d.populations = {neurons("neurons", options.neurons, lif),
                   source("drive", kActive, options.driven ? SourceModel(regular) : SourceModel(ExternalSource{}))};
  d.projections = {connect("drive", "neurons", pairs(drive, active), constant(1.2), constant(1)),
                   connect("neurons", "neurons", pairs(from, to), constant(0.1), constant(1.5))};
  return d;
}

}  // namespace spikeloop::bench
