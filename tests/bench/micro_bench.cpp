// SPDX-License-Identifier: Apache-2.0
// Parts of a run by themselves: each is a small network in which one kind of work is nearly all there is, advanced by a fixed span of
// simulated time. Items are what the session counted of that work, so items per second compare across versions.
#include <benchmark/benchmark.h>

#include <functional>
#include <memory>

#include "backends/simulator/simulator.hpp"
#include "tests/bench/build.hpp"
#include "tests/bench/networks.hpp"

namespace spikeloop::bench {
namespace {

using Count = std::function<std::uint64_t(const OperationCounts&)>;

std::uint64_t events_of_first(const OperationCounts& counts) { return counts.projections[0].synaptic_events; }
std::uint64_t updates_of_second(const OperationCounts& counts) { return counts.populations[1].updates; }

/// Runs the network on, 20 ms an iteration, and counts items.
void advance(benchmark::State& state, const NetworkDescription& network, const Count& count) {
  constexpr Time kSpan = 20 * kMillisecond;
  const std::unique_ptr<Session> session = make_simulator()->compile(Network(network))->start();
  NullSink nobody;
  session->advance(kSpan, {}, nobody);
  const std::uint64_t before = count(session->counts());
  for (auto _ : state) session->advance(session->now() + kSpan, {}, nobody);
  state.SetItemsProcessed(static_cast<std::int64_t>(count(session->counts()) - before));
}

template <typename Model>
Model never_firing() {
  Model model;
  model.v_threshold_mv = 1e9;
  return model;
}

RegularSource regular(double hz, bool random_phase) {
  RegularSource source;
  source.rate_hz = hz;
  source.random_phase = random_phase;
  return source;
}

/// A source that drives neurons, and nothing else.
NetworkDescription driven(const Population& drive, const Population& target, const Connect& how, const Value& weight) {
  NetworkDescription d;
  d.name = "driven";
  d.populations = {drive, target};
  d.projections = {connect(drive.name, target.name, how, weight, constant(1.5))};
  return d;
}

/// Rows of `range(0)` synapses to `range(1)` neurons, a hundred spikes a tick.
void SparseRows(benchmark::State& state) {
  constexpr std::uint64_t kSources = 1000;
  const auto row = static_cast<std::uint64_t>(state.range(0)), n = static_cast<std::uint64_t>(state.range(1));
  const bool stored = state.range(2) != 0;
  advance(state,
          driven(source("drive", kSources, regular(1000, true)), neurons("n", n, never_firing<Lif>()), FixedTotalNumber{kSources * row},
                 stored ? normal(0.1, 0.01) : constant(0.1)),
          events_of_first);
}
BENCHMARK(SparseRows)
    ->ArgNames({"row", "neurons", "stored"})
    ->ArgsProduct({{100, 1000}, {10'000, 100'000}, {0, 1}})
    ->Unit(benchmark::kMillisecond);

/// 784 spikes at one instant, ten times in 20 ms, each to all of 512 neurons.
void DenseRows(benchmark::State& state) {
  advance(state, driven(source("drive", 784, regular(500, false)), neurons("n", 512, never_firing<Lif>()), AllToAll{}, normal(0, 0.1)),
          events_of_first);
}
BENCHMARK(DenseRows)->Unit(benchmark::kMillisecond);

/// Items: draws, one a neuron and tick (20 kHz), or spikes (100 Hz: drawn as gaps).
void PoissonDrive(benchmark::State& state) {
  constexpr std::uint64_t kNeurons = 10'000;
  const auto hz = static_cast<double>(state.range(0));
  const bool every_tick = hz * 1e-4 >= 0.1;
  const Count count = [every_tick](const OperationCounts& counts) {
    return every_tick ? kNeurons * static_cast<std::uint64_t>(counts.simulated / (100 * kMicrosecond)) : counts.populations[0].spikes;
  };
  advance(state,
          driven(source("drive", kNeurons, PoissonSource{hz}), neurons("n", kNeurons, never_firing<Lif>()), OneToOne{}, constant(0.1)),
          count);
}
BENCHMARK(PoissonDrive)->ArgName("hz")->Arg(20'000)->Arg(100)->Unit(benchmark::kMillisecond);

/// One spike a tick reaches every neuron. Items: neuron updates.
template <typename Model>
void DenseUpdate(benchmark::State& state) {
  const auto n = static_cast<std::uint64_t>(state.range(0));
  advance(state, driven(source("drive", 1, regular(10'000, false)), neurons("n", n, never_firing<Model>()), AllToAll{}, constant(0.01)),
          updates_of_second);
}
BENCHMARK(DenseUpdate<Lif>)->ArgName("neurons")->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);
BENCHMARK(DenseUpdate<LifExp>)->ArgName("neurons")->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

/// A hundred of 100,000 neurons are touched at a tick. Items: neuron updates.
template <typename Model>
void LazyUpdate(benchmark::State& state) {
  constexpr std::uint64_t kSources = 1000, kNeurons = 100'000;
  advance(state,
          driven(source("drive", kSources, regular(1000, true)), neurons("n", kNeurons, never_firing<Model>()), FixedTotalNumber{kSources},
                 constant(0.01)),
          updates_of_second);
}
BENCHMARK(LazyUpdate<Lif>)->Unit(benchmark::kMillisecond);
BENCHMARK(LazyUpdate<LifExp>)->Unit(benchmark::kMillisecond);

/// Rows that learn: 2,000 sources at 50 Hz, 200 synapses a row, to neurons that fire at about 30 Hz by themselves. Items: synaptic events.
void PlasticRows(benchmark::State& state) {
  constexpr std::uint64_t kNeurons = 2000;
  Lif firing;
  firing.v_threshold_mv = 20;
  firing.bias_mv = 25;
  Population target = neurons("n", kNeurons, firing);
  target.v_initial_mv = Value{Uniform{0, 20}, {}};
  NetworkDescription d = driven(source("drive", kNeurons, PoissonSource{50}), target, FixedInDegree{200}, constant(0.1));
  Rule rule;
  rule.name = d.projections[0].rule = "stdp";
  rule.kind = Stdp{.a_plus = 0.0002, .a_minus = 0.00021};
  rule.weight_min = 0;
  rule.weight_max = 0.2;
  d.rules = {rule};
  advance(state, d, events_of_first);
}
BENCHMARK(PlasticRows)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace spikeloop::bench
