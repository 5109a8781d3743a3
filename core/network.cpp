// SPDX-License-Identifier: Apache-2.0
#include "core/network.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "core/controller.hpp"
#include "core/random.hpp"
#include "core/recording.hpp"

namespace spikeloop {
namespace {

template <class Named>
std::size_t index_of(const std::vector<Named>& items, std::string_view name, const char* what) {
  for (std::size_t i = 0; i < items.size(); ++i)
    if (items[i].name == name) return i;
  std::vector<std::string> names;
  for (const Named& item : items) names.push_back(item.name);
  const std::string near = did_you_mean(name, names);
  throw DescriptionError("there is no " + std::string(what) + " \"" + std::string(name) + "\"" +
                         (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
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

/// Hashes what a checkpoint relies on: who there is, how they move, which synapses there are and how long they take.
struct Fingerprint {
  std::uint64_t hash = kHashStart;

  void text(const std::string& s) { hash = hash_bytes(hash_bytes(hash, s.data(), s.size()), "\0", 1); }
  void number(double x) { hash = hash_bytes(hash, &x, sizeof x); }
  void number(std::uint64_t x) { hash = hash_bytes(hash, &x, sizeof x); }
  void number(std::int64_t x) { number(static_cast<std::uint64_t>(x)); }

  void neuron(const NeuronModel& model) {
    const Membrane& m = membrane_of(model);
    for (const double x : {m.tau_m_ms, m.v_rest_mv, m.bias_mv, m.tau_apical_ms}) number(x);
    if (const Spiking* s = spiking_of(model)) {
      for (const double x : {s->v_threshold_mv, s->v_reset_mv, s->refractory_ms, s->v_floor_mv.value_or(-1e300)}) number(x);
      number(static_cast<std::uint64_t>(s->reset));
    }
    if (const auto* e = std::get_if<LifExp>(&model)) number(e->tau_syn_ms), number(e->tau_syn_inhibitory_ms.value_or(e->tau_syn_ms));
    if (const auto* a = std::get_if<Alif>(&model)) number(a->tau_adaptation_ms), number(a->adaptation_mv);
  }

  void value(const Value& v) {
    number(v.kind.index());
    std::visit([this](const auto& x) { parameters(x); }, v.kind);
    for (const auto& bound : {v.bounds.min, v.bounds.max})
      if (bound) number(*bound);
  }
  void parameters(const Constant& v) { number(v.value); }
  void parameters(const Normal& v) { number(v.mean), number(v.std); }
  void parameters(const Uniform& v) { number(v.low), number(v.high); }
  void parameters(const LogNormal& v) { number(v.mean_log), number(v.std_log); }
  void parameters(const Exponential& v) { number(v.mean); }
  void parameters(const Listed& v) {
    for (const double x : *v.values) number(x);
  }
  void parameters(const Identity&) {}
  void parameters(const ForwardProduct& v) { number(v.rms); }

  void operator()(const OneToOne&) {}
  void operator()(const AllToAll& c) { number(std::uint64_t{c.autapses}); }
  void operator()(const FixedProbability& c) { number(c.probability), number(std::uint64_t{c.autapses}); }
  void operator()(const FixedInDegree& c) { number(c.count), number(std::uint64_t{c.multapses}), number(std::uint64_t{c.autapses}); }
  void operator()(const FixedTotalNumber& c) { number(c.count), number(std::uint64_t{c.multapses}), number(std::uint64_t{c.autapses}); }
  void operator()(const Pairs& c) {
    for (const auto& ids : {c.sources, c.targets})
      for (const std::uint32_t i : *ids) number(std::uint64_t{i});
  }
  void operator()(const Tensor&) {}
  void operator()(const Convolution& c) {
    for (const auto& pair : {c.kernel, c.stride, c.padding}) number(std::uint64_t{pair[0]}), number(std::uint64_t{pair[1]});
    if (c.groups == 1 && c.dilation == std::array<std::uint32_t, 2>{1, 1}) return;  // older checkpoints know neither
    for (const std::uint32_t x : {c.dilation[0], c.dilation[1], c.groups}) number(std::uint64_t{x});
  }
  void operator()(const Pooling& c) {
    for (const auto& pair : {c.kernel, c.stride}) number(std::uint64_t{pair[0]}), number(std::uint64_t{pair[1]});
  }
};

}  // namespace

NetworkDescription with_names(NetworkDescription d) {
  for (Projection& p : d.projections) {
    if (p.name.empty() && !p.source.empty() && !p.target.empty()) p.name = default_name(p);
    if (p.random_key.empty()) p.random_key = p.name;
  }
  for (Probe& p : d.probes)
    if (const std::string& of = p.population.empty() ? p.projection : p.population; p.name.empty() && !of.empty())
      p.name = of + "." + variable_name(p.variable);
  return d;
}

std::string default_name(const Projection& p) {
  const char* port = p.port == Port::kBasal ? "" : p.port == Port::kApical ? ".apical" : ".modulator";
  return p.source + "->" + p.target + port;
}

std::uint64_t Population::size() const { return std::accumulate(shape.begin(), shape.end(), std::uint64_t{1}, std::multiplies<>()); }

const char* variable_name(Probe::Variable variable) {
  constexpr std::array names = {"spikes",    "potential", "basal_current", "apical_current",
                                "threshold", "pre_trace", "post_trace",    "weights"};
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
  original_ = with_names(std::move(original_));
  if (auto faults = validate(original_); !faults.empty()) throw DescriptionError(std::move(faults));
  description_ = expand_controllers(original_);
  description_ = with_names(std::move(description_));
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
  Fingerprint f;
  f.number(resolution());
  for (const Population& p : populations()) {
    f.text(p.name);
    for (const std::uint64_t n : p.shape) f.number(n);
    f.text(p.is_source() ? source_name(p.source()) : model_name(p.neuron()));
    if (!p.is_source()) f.neuron(p.neuron());
  }
  for (const Projection& p : projections()) {
    for (const std::string* s : {&p.name, &p.source, &p.target, &p.rule}) f.text(*s);
    f.number(static_cast<std::uint64_t>(p.port));
    f.number(p.connect.index());
    std::visit([&f](const auto& c) { f(c); }, p.connect);
    f.value(p.delay_ms);
  }
  return f.hash;
}

}  // namespace spikeloop
