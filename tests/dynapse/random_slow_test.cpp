// SPDX-License-Identifier: Apache-2.0
// Random networks map or are refused, and are never mapped wrongly: what the words do is compared with what the network says.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "core/engine/synapses.hpp"
#include "core/random.hpp"
#include "tests/dynapse/support.hpp"

namespace spikeloop::dynapse {
namespace {

/// Draws of one network, in order.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : seed_(seed) {}
  std::uint64_t below(std::uint64_t n) { return random_below(seed_, 0x77, next_++, n); }
  double unit() { return random_unit(seed_, 0x77, next_++); }

 private:
  std::uint64_t seed_, next_ = 0;
};

Population random_neurons(const std::string& name, Draws& draw) {
  static constexpr double kTaus[] = {10, 20, 35};
  const std::uint64_t size = draw.below(5) == 0 ? 1 + draw.below(600) : 1 + draw.below(60);
  Population p = neurons(name, size, kTaus[draw.below(3)], draw.below(2) == 0 ? 5 : 8);
  if (draw.below(3) == 0) {
    Lif lif;
    lif.tau_m_ms = 20;
    lif.v_floor_mv = 0;
    lif.v_threshold_mv = 0.5 + draw.unit();
    p.kind = NeuronModel{lif};
  }
  return p;
}

Connect random_connect(std::uint64_t sources, std::uint64_t targets, Draws& draw) {
  switch (draw.below(4)) {
    case 0:
      return FixedProbability{std::min(1.0, 20 * draw.unit() / static_cast<double>(sources)), true};
    case 1:
      return FixedInDegree{1 + draw.below(std::min<std::uint64_t>(sources, 48)), draw.below(2) == 0, true};
    case 2:
      return sources == targets ? Connect{OneToOne{}} : Connect{FixedTotalNumber{1 + draw.below(200), true, true}};
    default:
      return sources <= 40 ? Connect{AllToAll{}} : Connect{FixedInDegree{8, true, true}};
  }
}

NetworkDescription random_network(std::uint64_t seed) {
  Draws draw(seed);
  NetworkDescription d;
  d.seed = seed;
  const std::uint64_t inputs = 1 + draw.below(2), populations = 1 + draw.below(6);
  for (std::uint64_t i = 0; i < inputs; ++i) d.populations.push_back(external(fmt::format("in{}", i), 1 + draw.below(120)));
  for (std::uint64_t i = 0; i < populations; ++i) d.populations.push_back(random_neurons(fmt::format("n{}", i), draw));
  const std::uint64_t projections = 1 + draw.below(8);
  for (std::uint64_t i = 0; i < projections; ++i) {
    const Population &source = d.populations[draw.below(d.populations.size())], &target = d.populations[inputs + draw.below(populations)];
    Projection p = projection(source.name, target.name, 0.1 + draw.unit());
    p.name = fmt::format("p{}", i);
    p.connect = random_connect(source.size(), target.size(), draw);
    if (draw.below(4) == 0) p.port = Port::kApical;
    if (draw.below(2) == 0) p.weight.kind = Normal{0.3, 0.4};
    d.projections.push_back(std::move(p));
  }
  if (draw.below(2) == 0) d.probes = {spikes_of(d.populations[inputs + draw.below(populations)].name)};
  return d;
}

/// (source population, neuron, target population, neuron, type) -> weight in mV, of the network itself.
std::map<Graph::key_type, double> wanted_of(const Network& network) {
  std::map<Graph::key_type, double> wanted;
  for (const Projection& p : network.projections()) {
    const auto from = static_cast<std::uint32_t>(network.population_index(p.source)),
               to = static_cast<std::uint32_t>(network.population_index(p.target));
    engine::for_each_initial_weight(network, p, [&](std::uint32_t s, std::uint32_t t, float w) {
      if (w == 0) return;
      const bool slow = p.port == Port::kApical;
      const SynapseType type = w > 0 ? (slow ? SynapseType::kSlowExcitatory : SynapseType::kFastExcitatory)
                                     : (slow ? SynapseType::kSlowInhibitory : SynapseType::kFastInhibitory);
      wanted[{from, s, to, t, type}] += std::abs(static_cast<double>(w));
    });
  }
  return wanted;
}

const CoreSetting& setting_of(const Compiled& c, const ChipPlace& at) {
  for (const CoreSetting& core : c.quantised.cores)
    if (core.chip == at.chip && core.core == at.core) return core;
  throw BugError("no setting");
}

/// The weight, in thresholds, that a synapse needs to be among the 64 that a neuron may have; 0 if all may stay.
double smallest_kept(const Compiled& c, std::uint32_t neuron) {
  std::vector<float> weights;
  for (const Circuit::Synapse& s : c.circuit.fan_in(neuron)) weights.push_back(s.weight);
  if (weights.size() <= 64) return 0;
  std::nth_element(weights.begin(), weights.begin() + 63, weights.end(), std::greater<>());
  return static_cast<double>(weights[63]);
}

/// Nothing is there that the network has not; what is missing is less than a word, or was pruned, being smaller than 64 others of its
/// neuron. The error of all weights of a core has at most a quarter of their energy.
void expect_right(const Network& network, const Compiled& c, bool pruned = false) {
  const Mapping mapping = mapping_of(network, dynapse1(), c);
  const Graph graph = rebuild(mapping);
  ASSERT_EQ(decode(encode(decode(c.configuration))), decode(c.configuration));
  const auto wanted = wanted_of(network);
  for (const auto& [key, count] : graph) ASSERT_TRUE(wanted.contains(key));
  std::map<std::pair<unsigned, unsigned>, std::pair<double, double>> energy;  // by core, which has one unit a type: of errors, of weights
  for (const auto& [key, weight] : wanted) {
    const auto& [from, s, to, t, type] = key;
    const std::uint32_t neuron = c.circuit.first[to] + t;
    const CoreSetting& core = setting_of(c, mapping.populations[to].places[t]);
    const double threshold = static_cast<double>(c.circuit.threshold_mv[neuron]),
                 unit = core.unit[static_cast<std::size_t>(type)] * threshold;
    const auto at = graph.find(key);
    const double error = weight - (at == graph.end() ? 0 : at->second * unit);
    auto& [of_errors, of_weights] = energy[{core.chip, core.core}];
    of_errors += error * error / (threshold * threshold), of_weights += weight * weight / (threshold * threshold);
    if (at == graph.end()) {
      ASSERT_LE(weight, std::max(0.8 * unit, pruned ? smallest_kept(c, neuron) * threshold * 1.0001 : 0)) << "a synapse is missing";
    } else if (!pruned) {  // 64 synapses have one word each, however large, and their core has its units from them
      ASSERT_LE(std::abs(weight - at->second * unit), std::max(0.8 * unit, 0.5 * weight)) << "a synapse has another weight";
    }
  }
  for (const auto& [core, of] : energy) ASSERT_LE(of.first, 0.25 * of.second) << "the weights of a core are others";
  for (const std::uint32_t used : c.quantised.cam_used) ASSERT_LE(used, 64U);
}

TEST(RandomNetworks, MapOrAreRefusedAndAreNeverMappedWrongly) {
  std::map<std::string, int> reasons;
  int mapped = 0;
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    const Network network(random_network(seed));
    MapOptions options;
    options.prune = seed % 5 == 0;
    const Outcome outcome = compile(network, dynapse1(), options);
    if (outcome.violations.empty()) {
      ++mapped;
      ASSERT_EQ(rebuild(mapping_of(network, dynapse1(), outcome.compiled)), graph_of(outcome.compiled));
      expect_right(network, outcome.compiled, options.prune);
      if (HasFatalFailure()) FAIL() << "seed " << seed;
      continue;
    }
    for (const Violation& v : outcome.violations) {
      ASSERT_FALSE(v.change.empty());
      ASSERT_TRUE(v.resource.empty() || v.need > v.limit) << to_string(to_diagnostic(v));
    }
    ++reasons[outcome.violations.front().resource.substr(0, 9)];
  }
  EXPECT_GT(mapped, 500);
  EXPECT_GT(reasons["CAM words"], 20);
  std::string text = fmt::format("mapped {}", mapped);
  for (const auto& [resource, n] : reasons) text += fmt::format(", refused for {} {}", resource, n);
  RecordProperty("outcome", text);
}

TEST(RandomNetworks, OfTheWholeBoardMapOrAreRefused) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    NetworkDescription d;
    d.seed = seed;
    const std::uint64_t populations = 8, reach = 1 + seed % 2;
    for (std::uint64_t i = 0; i < populations; ++i) d.populations.push_back(neurons(fmt::format("n{}", i), 512 - 16 * (seed % 3)));
    for (std::uint64_t i = 0; i < populations; ++i)
      for (std::uint64_t k = 0; k < reach; ++k) {
        Projection p = projection(fmt::format("n{}", (i + k) % populations), fmt::format("n{}", i), 0.1);
        p.connect = FixedInDegree{32 / reach, true, true};
        d.projections.push_back(std::move(p));
      }
    const Network network(std::move(d));
    const Outcome outcome = compile(network, dynapse1(), {.attempts = 1});
    if (outcome.violations.empty()) {
      ASSERT_EQ(rebuild(mapping_of(network, dynapse1(), outcome.compiled)), graph_of(outcome.compiled));
      expect_right(network, outcome.compiled);
    } else {
      EXPECT_GT(reach, 1U) << text_of(outcome.violations);
    }
    if (HasFatalFailure()) FAIL() << "seed " << seed;
  }
}

}  // namespace
}  // namespace spikeloop::dynapse
