// SPDX-License-Identifier: Apache-2.0
// The numbers are those of tables 4 and 5 of Potjans and Diesmann (2014).
#include <array>
#include <cmath>

#include "tests/bench/build.hpp"
#include "tests/bench/networks.hpp"

namespace spikeloop::bench {
namespace {

constexpr std::size_t kPopulations = 8;
using Row = std::array<double, kPopulations>;

constexpr std::array<const char*, kPopulations> kNames = {"L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"};
constexpr Row kSizes = {20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948};
constexpr Row kExternalInDegree = {1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100};
/// Probability that a pair has at least one synapse; rows are targets.
constexpr std::array<Row, kPopulations> kProbability = {{{0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0, 0.0076, 0},
                                                         {0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0, 0.0042, 0},
                                                         {0.0077, 0.0059, 0.0497, 0.1350, 0.0067, 0.0003, 0.0453, 0},
                                                         {0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0, 0.1057, 0},
                                                         {0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0},
                                                         {0.0548, 0.0269, 0.0257, 0.0022, 0.0600, 0.3158, 0.0086, 0},
                                                         {0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252},
                                                         {0.0364, 0.0010, 0.0034, 0.0005, 0.0277, 0.0080, 0.0658, 0.1443}}};
/// Potentials to start from that spare the network its first synchronous bursts (the "optimised" ones of the NEST example).
constexpr Row kInitialMean = {-68.28, -63.16, -63.33, -63.45, -63.11, -61.66, -66.72, -61.43};
constexpr Row kInitialStd = {5.36, 4.57, 4.74, 4.94, 4.94, 4.55, 5.46, 4.48};
/// Mean rates at full scale, which the constant current of a scaled network stands for.
constexpr Row kRatesHz = {0.971, 2.868, 4.746, 5.396, 8.142, 9.078, 0.991, 7.523};

constexpr double kPsp = 0.15, kTauM = 10, kTauSyn = 0.5, kBackgroundHz = 8, kRelativeStd = 0.1, kInhibition = -4;

bool is_excitatory(std::size_t population) { return population % 2 == 0; }

/// Synapses of the full-scale projection: so many draws with replacement leave a pair unconnected with probability 1 - p.
double synapses(std::size_t target, std::size_t source) {
  return std::round(std::log(1 - kProbability[target][source]) / std::log(1 - 1 / (kSizes[source] * kSizes[target])));
}

/// Mean weight in mV at full scale: 0.15 mV of potential, twice that from layer 4 to layer 2/3, four times and negative for inhibition.
double mean_weight(std::size_t target, std::size_t source) {
  const double weight = current_of_psp(kPsp, kTauM, kTauSyn);
  if (!is_excitatory(source)) return kInhibition * weight;
  return target == 0 && source == 2 ? 2 * weight : weight;
}

/// What scaling takes from the mean input current, in mV: a spike of weight w brings w tau_syn.
double lost_current(std::size_t target, double scale) {
  double spikes_weight = kExternalInDegree[target] * kBackgroundHz * current_of_psp(kPsp, kTauM, kTauSyn);
  for (std::size_t source = 0; source < kPopulations; ++source)
    spikes_weight += synapses(target, source) / kSizes[target] * kRatesHz[source] * mean_weight(target, source);
  return (1 - std::sqrt(scale)) * spikes_weight * kTauSyn * 1e-3;
}

std::uint64_t whole(double x) { return static_cast<std::uint64_t>(std::llround(x)); }

Population layer(std::size_t k, double scale) {
  LifExp neuron;
  neuron.tau_m_ms = kTauM;
  neuron.tau_syn_ms = kTauSyn;
  neuron.v_rest_mv = -65;
  neuron.v_threshold_mv = -50;
  neuron.v_reset_mv = -65;
  neuron.refractory_ms = 2;
  neuron.bias_mv = lost_current(k, scale);
  Population p = neurons(kNames[k], whole(kSizes[k] * scale), neuron);
  p.v_initial_mv = normal(kInitialMean[k], kInitialStd[k]);
  return p;
}

Projection recurrent(std::size_t target, std::size_t source, double scale) {
  const double weight = mean_weight(target, source) / std::sqrt(scale), delay = is_excitatory(source) ? 1.5 : 0.75;
  Bounds sign;
  (is_excitatory(source) ? sign.min : sign.max) = 0;
  Bounds at_least_a_tick;
  at_least_a_tick.min = 0.1;
  at_least_a_tick.redraw = true;
  return connect(kNames[source], kNames[target], FixedTotalNumber{whole(synapses(target, source) * scale * scale)},
                 normal(weight, kRelativeStd * std::abs(weight), sign), normal(delay, delay / 2, at_least_a_tick));
}

}  // namespace

NetworkDescription microcircuit(double scale, std::uint64_t seed) {
  NetworkDescription d;
  d.name = "microcircuit";
  d.seed = seed;
  for (std::size_t k = 0; k < kPopulations; ++k) d.populations.push_back(layer(k, scale));
  const double external = current_of_psp(kPsp, kTauM, kTauSyn) / std::sqrt(scale);
  for (std::size_t target = 0; target < kPopulations; ++target) {
    const std::string drive = std::string("drive_") + kNames[target];
    d.populations.push_back(
        source(drive, d.populations[target].size(), PoissonSource{std::round(kExternalInDegree[target] * scale) * kBackgroundHz}));
    d.projections.push_back(connect(drive, kNames[target], OneToOne{}, constant(external), constant(1.5)));
    for (std::size_t from = 0; from < kPopulations; ++from)
      if (kProbability[target][from] > 0) d.projections.push_back(recurrent(target, from, scale));
  }
  return d;
}

}  // namespace spikeloop::bench
