// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <vector>

#include "backends/simulator/simulator.hpp"
#include "core/io/events.hpp"
#include "core/nir/network_of.hpp"
#include "report/profile.hpp"
#include "tests/bench/measure.hpp"
#include "tests/bench/runs.hpp"
#include "tests/nir/convolutional.hpp"

namespace spikeloop::bench {
namespace {

constexpr int kPresentations = 30;

std::filesystem::path recording() {
  const char* data = std::getenv("SPIKELOOP_DATA_DIR");
  return std::filesystem::path(data ? data : SPIKELOOP_SOURCE_DIR "/../shared/data") / "events" / "sample_nmnist.bin";
}

/// Events of the recording; else as many anywhere, within 300 ms.
std::vector<nir::test::PlainEvent> events_or_drawn() {
  std::vector<nir::test::PlainEvent> events;
  if (!std::filesystem::exists(recording())) {
    std::mt19937 random(1);
    for (int i = 0; i < 4325; ++i)
      events.push_back({static_cast<Time>(random() % 300'000) * kMicrosecond, static_cast<std::uint32_t>(random() % (2 * 34 * 34))});
    return events;
  }
  const auto reader = io::open_events(recording());
  std::vector<io::AddressEvent> chunk(1024);
  while (const std::size_t n = reader->read(chunk))
    for (std::size_t i = 0; i < n; ++i) events.push_back({chunk[i].time, (std::uint32_t{chunk[i].on} * 34 + chunk[i].y) * 34 + chunk[i].x});
  return events;
}

/// Whether the spikes of the neurons are those of the plain program.
bool same_spikes(const Network& network, const nir::Graph& graph, const Recording& run, std::vector<nir::test::PlainSpike> wanted) {
  std::vector<std::size_t> layer(network.populations().size());
  std::size_t layers = 0;
  for (const nir::Node& n : graph.nodes)
    if (n.type == "IF") layer[network.population_index(n.name)] = layers++;
  std::vector<nir::test::PlainSpike> found;
  for (const Spike& s : run.spikes)
    if (!network.populations()[s.population].is_source()) found.push_back({s.time, layer[s.population], s.neuron});
  std::sort(found.begin(), found.end());
  return found == wanted;
}

Json per_event(const Network& network, const OperationCounts& counts, double events) {
  Json json = Json::object();
  for (std::size_t p = 0; p < network.populations().size(); ++p)
    if (!network.populations()[p].is_source())
      json[network.populations()[p].name] = static_cast<double>(counts.populations[p].spikes) / events;
  return json;
}

struct Totals {
  std::uint64_t neurons = 0, synaptic_events = 0, updates = 0;
};

Totals totals_of(const Network& network, const OperationCounts& counts) {
  Totals all;
  for (const auto& p : counts.projections) all.synaptic_events += p.synaptic_events;
  for (const auto& p : counts.populations) all.updates += p.updates;
  for (const Population& p : network.populations()) all.neurons += p.is_source() ? 0 : p.size();
  return all;
}

}  // namespace

Json run_nmnist(const RunOptions& options) {
  const nir::Graph graph = nir::test::nmnist_network();
  const nir::FlatGraph flat = nir::flatten(graph);
  const Network network(
      nir::network_of(flat, nir::settle(flat, {nir::Unit::kSecond, {}, nir::Pulse::kDiracUnit, Reset::kToValue})).description);
  const std::vector<nir::test::PlainEvent> events = events_or_drawn();
  Time until = kMillisecond;
  std::vector<Spike> input;
  for (const auto& e : events) {
    input.push_back({e.time, static_cast<std::uint32_t>(network.population_index("input")), e.input});
    until = std::max(until, e.time + kMillisecond);
  }
  const auto session = make_simulator(options.threads)->compile(network)->start();
  std::vector<double> wall_ms;
  Recording last;
  OperationCounts counts;
  session->set_profiling(options.profile);
  for (int k = 0; k < kPresentations; ++k) {
    session->reset(static_cast<std::uint64_t>(k));
    last = {};
    const OperationCounts before = session->counts();
    const Stopwatch running;
    session->advance(until, input, last);
    wall_ms.push_back(running.wall_s() * 1e3);
    counts = session->counts();
    counts -= before;
  }
  const Totals all = totals_of(network, counts);
  const double ms = median(wall_ms);
  Json json = {{"network", "nmnist"},
               {"threads", options.threads},
               {"recording", std::filesystem::exists(recording()) ? "sample_nmnist.bin" : "drawn: no sample_nmnist.bin here"},
               {"neurons", all.neurons},
               {"simulated_ms", to_ms(until)},
               {"input_events", events.size()},
               {"spikes_per_input_event", per_event(network, counts, static_cast<double>(events.size()))},
               {"synaptic_events", all.synaptic_events},
               {"neuron_updates", all.updates},
               {"ms_per_presentation", ms},
               {"ms_least", *std::min_element(wall_ms.begin(), wall_ms.end())},
               {"ms_most", *std::max_element(wall_ms.begin(), wall_ms.end())},
               {"real_time_factor", ms / to_ms(until)},
               {"events_per_s", static_cast<double>(all.synaptic_events) / ms * 1e3},
               {"same_spikes", same_spikes(network, graph, last, nir::test::plain_run(graph, events, until, false))}};
  if (options.profile) json["profile"] = report::profile_json(session->profile(), network);
  return json;
}

}  // namespace spikeloop::bench
