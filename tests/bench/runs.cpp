// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/runs.hpp"

#include <cmath>
#include <functional>
#include <map>
#include <stdexcept>

#include "backends/simulator/simulator.hpp"
#include "report/profile.hpp"
#include "tests/bench/measure.hpp"
#include "tests/bench/networks.hpp"

namespace spikeloop::bench {
namespace {

/// A network that is run for a while and counted.
struct Entry {
  std::function<NetworkDescription(const RunOptions&)> describe;
  double ms = 1000;
  double warm_up_ms = 100;  ///< not counted
};

std::function<NetworkDescription(const RunOptions&)> brunel_entry(const Brunel& with) {
  return [with](const RunOptions& options) {
    Brunel b = with;
    if (options.neurons) b.neurons = options.neurons;
    b.seed = options.seed;
    return brunel(b);
  };
}

const std::map<std::string, Entry>& entries() {
  using enum Brunel::Synapse;
  static const std::map<std::string, Entry> kEntries = {
      {"brunel_delta", {brunel_entry({})}},
      {"brunel_exp", {brunel_entry({.synapse = kExponential})}},
      {"brunel_stored", {brunel_entry({.stored_weights = true})}},
      {"brunel_sparse", {brunel_entry({.neurons = 50'000, .excitatory_in_degree = 800})}},
      {"brunel_stdp", {brunel_entry({.plastic = true})}},
      {"cuba", {[](const RunOptions& o) { return cuba(o.seed); }, 10'000}},
      {"microcircuit",
       {[](const RunOptions& o) {
          const double neurons = static_cast<double>(o.neurons ? o.neurons : kMicrocircuitNeurons);
          return microcircuit(neurons / static_cast<double>(kMicrocircuitNeurons), o.seed);
        },
        1000, 500}}};
  return kEntries;
}

/// One-to-one projections are the drive from outside; all others are the network's own.
bool is_own(const Projection& projection) { return !std::holds_alternative<OneToOne>(projection.connect); }

/// Synapses of the network itself; counted where only their expectation is known.
std::uint64_t own_synapses(const Network& network, const Session& session) {
  std::uint64_t sum = 0;
  for (std::size_t k = 0; k < network.projections().size(); ++k) {
    const Projection& p = network.projections()[k];
    if (!is_own(p)) continue;
    const bool drawn = std::holds_alternative<FixedProbability>(p.connect);
    sum += drawn ? session.connectivity(k).sources.size() : static_cast<std::uint64_t>(network.expected_synapses(p));
  }
  return sum;
}

struct Events {
  std::uint64_t delivered = 0;  ///< as the session counted them
  double by_fan_out = 0;        ///< spikes x mean fan-out, to check the former against
  std::uint64_t plastic = 0;    ///< weight changes
};

Events events_of(const Network& network, const OperationCounts& counts) {
  Events events;
  for (std::size_t k = 0; k < network.projections().size(); ++k) {
    const Projection& p = network.projections()[k];
    if (!is_own(p)) continue;
    const std::size_t source = network.population_index(p.source);
    events.delivered += counts.projections[k].synaptic_events;
    events.plastic += counts.projections[k].plastic_updates;
    events.by_fan_out += static_cast<double>(counts.populations[source].spikes) * network.expected_synapses(p) /
                         static_cast<double>(network.populations()[source].size());
  }
  return events;
}

void add_neurons(Json& json, const Network& network, const OperationCounts& counts) {
  std::uint64_t neurons = 0, updates = 0;
  Json rates = Json::object();
  for (std::size_t k = 0; k < network.populations().size(); ++k) {
    const Population& p = network.populations()[k];
    if (p.is_source()) continue;
    neurons += p.size();
    updates += counts.populations[k].updates;
    rates[p.name] = static_cast<double>(counts.populations[k].spikes) / static_cast<double>(p.size()) / (to_ms(counts.simulated) * 1e-3);
  }
  json["neurons"] = neurons;
  json["rate_hz"] = rates;
  json["neuron_updates"] = updates;
}

/// Mean and standard deviation of the weights that learned.
void add_plastic_weights(Json& json, const Network& network, const Session& session) {
  for (std::size_t k = 0; k < network.projections().size(); ++k) {
    if (network.projections()[k].rule.empty()) continue;
    double sum = 0, squares = 0;
    const std::vector<float> weights = session.weights(k);
    for (const double w : weights) sum += w, squares += w * w;
    const double n = static_cast<double>(weights.size()), mean = sum / n;
    json["plastic_weights"] = {{"mean_mv", mean}, {"std_mv", std::sqrt(std::max(0.0, squares / n - mean * mean))}};
  }
}

Json run_counted(const std::string& name, const Entry& entry, const RunOptions& options) {
  const double ms = options.ms > 0 ? options.ms : entry.ms;
  const std::uint64_t resident_before = resident_bytes();
  const Stopwatch building;
  const Network network(entry.describe(options));
  const std::unique_ptr<Session> session = make_simulator(options.threads)->compile(network)->start();
  const double build_s = building.wall_s();
  const std::uint64_t peak_building = peak_resident_bytes(), built = resident_bytes();

  NullSink nobody;
  session->advance(from_ms(entry.warm_up_ms), {}, nobody);
  OperationCounts counts = session->counts();
  session->set_profiling(options.profile);
  const Stopwatch running;
  session->advance(from_ms(entry.warm_up_ms + ms), {}, nobody);
  const double simulate_s = running.wall_s(), cpu_s = running.cpu_s();
  const std::uint64_t resident_after = resident_bytes(), peak = peak_resident_bytes();
  const OperationCounts before = std::exchange(counts, session->counts());
  counts -= before;

  const Events events = events_of(network, counts);
  const double resident = static_cast<double>(resident_after) - static_cast<double>(resident_before);
  const std::uint64_t synapses = own_synapses(network, *session);
  Json json = {{"network", name}, {"threads", options.threads}, {"seed", options.seed}, {"simulated_ms", ms}, {"synapses", synapses}};
  add_neurons(json, network, counts);
  json.update({{"build_s", build_s}, {"simulate_s", simulate_s}, {"cpu_s", cpu_s}});
  json["synaptic_events"] = events.delivered;
  json["synaptic_events_by_fan_out"] = std::llround(events.by_fan_out);
  json["events_per_s"] = static_cast<double>(events.delivered) / simulate_s;
  json["real_time_factor"] = simulate_s / (ms * 1e-3);
  json["bytes_per_synapse"] = resident / static_cast<double>(synapses);
  const engine::Memory told = memory_in_simulator(network, options.threads);
  json["bytes_per_synapse_told"] = told.connectivity / told.synapses;
  json["bytes_told"] = told.total();
  json["peak_bytes"] = peak;
  json["peak_bytes_while_building"] = peak_building;
  json["building_over_built"] = static_cast<double>(peak_building - resident_before) / static_cast<double>(built - resident_before);
  if (events.plastic) json["plastic_updates"] = events.plastic;
  add_plastic_weights(json, network, *session);
  if (options.profile) json["profile"] = report::profile_json(session->profile(), network);
  return json;
}

}  // namespace

std::vector<std::string> run_names() {
  std::vector<std::string> names = {"feed_forward", "few_active", "nmnist"};
  for (const auto& [name, entry] : entries()) names.push_back(name);
  return names;
}

Json run(const std::string& name, const RunOptions& options) {
  if (name == "feed_forward") return run_feed_forward(options);
  if (name == "few_active") return run_few_active(options);
  if (name == "nmnist") return run_nmnist(options);
  const auto entry = entries().find(name);
  if (entry == entries().end()) throw std::invalid_argument("no network " + name + "; " + did_you_mean(name, run_names()));
  return run_counted(name, entry->second, options);
}

}  // namespace spikeloop::bench
