// SPDX-License-Identifier: Apache-2.0
#include "core/network.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/controller.hpp"
#include "core/recording.hpp"
#include "core/random.hpp"

namespace spikeloop {
namespace {

template <class Named>
std::size_t index_of(const std::vector<Named>& items, std::string_view name, const char* what) {
  for (std::size_t i = 0; i < items.size(); ++i)
    if (items[i].name == name) return i;
  std::vector<std::string> names;
  for (const Named& item : items) names.push_back(item.name);
  const std::string near = did_you_mean(name, names);
  throw DescriptionError("there is no " + std::string(what) + " \"" + std::string(name) + "\"" + (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j)
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])}));
  }
  return row.back();
}

std::string default_name(const Projection& p) {
  const char* port = p.port == Port::kBasal ? "" : p.port == Port::kApical ? ".apical" : ".modulator";
  return p.source + "->" + p.target + port;
}

void fill_in_names(NetworkDescription& d) {
  for (Projection& p : d.projections) {
    if (p.name.empty()) p.name = default_name(p);
    if (p.random_key.empty()) p.random_key = p.name;
  }
  for (Probe& p : d.probes)
    if (p.name.empty()) p.name = (p.population.empty() ? p.projection : p.population) + "." + variable_name(p.variable);
}

}  // namespace

std::uint64_t Population::size() const {
  return std::accumulate(shape.begin(), shape.end(), std::uint64_t{1}, std::multiplies<>());
}

const char* variable_name(Probe::Variable variable) {
  constexpr std::array names = {"spikes", "potential", "basal_current", "apical_current", "threshold", "pre_trace", "post_trace", "weights"};
  return names.at(static_cast<std::size_t>(variable));
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& names) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
  if (name.size() > 200) return best;
  for (const std::string& candidate : names) {
    if (candidate.size() > 200) continue;
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) best = candidate, best_distance = distance;
  }
  return best;
}

Network::Network(NetworkDescription description) : original_(std::move(description)) {
  fill_in_names(original_);
  if (auto faults = validate(original_); !faults.empty()) throw DescriptionError(std::move(faults));
  description_ = expand_controllers(original_);
  fill_in_names(description_);
}

std::size_t Network::population_index(std::string_view name) const { return index_of(description_.populations, name, "population"); }
std::size_t Network::projection_index(std::string_view name) const { return index_of(description_.projections, name, "projection"); }

const Rule* Network::rule_of(const Projection& projection) const {
  return projection.rule.empty() ? nullptr : &description_.rules[index_of(description_.rules, projection.rule, "rule")];
}

double Network::expected_synapses(const Projection& projection) const {
  const Population& source = populations()[population_index(projection.source)];
  const Population& target = populations()[population_index(projection.target)];
  return spikeloop::expected_synapses(projection.connect, source, target);
}

std::uint64_t Network::fingerprint() const {
  std::uint64_t h = kHashStart;
  const auto text = [&h](const std::string& s) { h = hash_bytes(hash_bytes(h, s.data(), s.size()), "\0", 1); };
  const auto number = [&h](auto x) { h = hash_bytes(h, &x, sizeof x); };
  number(resolution());
  for (const Population& p : populations()) {
    text(p.name);
    number(p.size());
    number(p.kind.index());
    text(p.is_source() ? source_name(p.source()) : model_name(p.neuron()));
    if (p.is_source()) continue;
    const Membrane& m = membrane_of(p.neuron());
    for (double x : {m.tau_m_ms, m.v_rest_mv, m.bias_mv, m.tau_apical_ms}) number(x);
    if (const Spiking* s = spiking_of(p.neuron())) {
      for (double x : {s->v_threshold_mv, s->v_reset_mv, s->refractory_ms}) number(x);
      number(s->reset);
    }
  }
  for (const Projection& p : projections()) {
    for (const std::string* s : {&p.name, &p.source, &p.target, &p.rule}) text(*s);
    number(p.connect.index());
    number(p.port);
  }
  return h;
}

}  // namespace spikeloop
