// SPDX-License-Identifier: Apache-2.0
#include "core/engine/layout.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "core/engine/poisson.hpp"
#include "core/engine/shared_kernel.hpp"

namespace spikeloop::engine {
namespace {

constexpr std::uint32_t kChunk = PoissonCounts::kChunk;  ///< neurons; slices begin at multiples of it
constexpr std::uint32_t kLineOfInputs = 16;              ///< floats in a cache line
constexpr double kFewSynapses = 64;    ///< per input: with fewer, one wide lane is better than many narrow ones that each have little to do
constexpr double kMostSynapses = 4e9;  ///< in a lane: rows are counted in 32 bits
constexpr double kWeight = sizeof(float), kSegment = 8;  ///< bytes
constexpr std::size_t kMostLanes = 16'384;
constexpr double kShortRow = 32;  ///< rows that are shorter together than this are not merged

Group group_of(const Network& network, std::uint32_t k) {
  const Projection& p = network.projections()[k];
  Group g;
  g.source = static_cast<std::uint32_t>(network.population_index(p.source));
  g.projections = {k};
  const Population& source = network.populations()[g.source];
  g.dense = is_dense(p);
  g.plastic = !p.rule.empty();
  g.current = source.is_source() && std::holds_alternative<CurrentSource>(source.source());
  g.drive = drawn_at_arrival(network, g.source);
  g.stored = g.plastic || std::holds_alternative<Tensor>(p.connect) || !is_constant(p.weight);
  g.uniform_delay = is_constant(p.delay_ms);
  if (!g.stored) g.weight = constant_weight(p);
  g.kernel = keeps_kernel(p) && !g.current && !g.drive;
  if (g.uniform_delay) g.delay = ticks_of(std::get<Constant>(p.delay_ms.kind).value, network.resolution());
  return g;
}

/// May the rows of b hang behind those of a?
bool merge(const Network& network, const Group& a, const Group& b) {
  const auto alone = [](const Group& g) { return g.dense || g.plastic || g.current || g.drive || g.kernel; };
  if (alone(a) || alone(b) || a.source != b.source || a.stored != b.stored || a.weight != b.weight) return false;
  if (a.uniform_delay != b.uniform_delay || (a.uniform_delay && a.delay != b.delay)) return false;
  const Projection& mine = network.projections()[b.projections.front()];
  return std::none_of(a.projections.begin(), a.projections.end(), [&](std::uint32_t k) {
    const Projection& p = network.projections()[k];
    return p.target == mine.target && p.port == mine.port;
  });
}

double synapses_of(const Network& network, const Group& g) {
  double sum = 0;
  for (const std::uint32_t k : g.projections) sum += network.expected_synapses(network.projections()[k]);
  return sum;
}

/// About how many delays a row has: what lies within two standard deviations.
double distinct_delays(const Network& network, const Group& g) {
  const Value& delay = network.projections()[g.projections.front()].delay_ms;
  const double tick_ms = to_ms(network.resolution());
  if (const auto* n = std::get_if<Normal>(&delay.kind)) return 1 + 4 * n->std / tick_ms;
  if (const auto* u = std::get_if<Uniform>(&delay.kind)) return 1 + (u->high - u->low) / tick_ms;
  return 64;
}

/// What hardly any draw exceeds (one in 10^8 or so).
double largest_likely(const Value& value) {
  const auto of = [](const auto& v) -> double {
    using T = std::decay_t<decltype(v)>;
    if constexpr (std::is_same_v<T, Constant>)
      return v.value;
    else if constexpr (std::is_same_v<T, Normal>)
      return v.mean + 5.5 * v.std;
    else if constexpr (std::is_same_v<T, Uniform>)
      return v.high;
    else if constexpr (std::is_same_v<T, LogNormal>)
      return std::exp(v.mean_log + 5.5 * v.std_log);
    else if constexpr (std::is_same_v<T, Exponential>)
      return 18 * v.mean;
    else if constexpr (std::is_same_v<T, Listed>)
      return v.values->empty() ? 0 : *std::max_element(v.values->begin(), v.values->end());
    else
      return 1;
  };
  return std::min(std::visit(of, value.kind), value.bounds.max.value_or(std::numeric_limits<double>::infinity()));
}

double segments_of(const Network& network, const Group& g, double synapses, double lanes) {
  return std::min(synapses, lanes * static_cast<double>(network.populations()[g.source].size()) * distinct_delays(network, g));
}

/// What the rows of a group take in all lanes.
double bytes_of(const Network& network, const Layout& layout, const Group& g, double synapses) {
  constexpr double kRow = 4, kPlasticRow = 56;
  const double target = layout.lanes.front().slots > kNarrowSlots ? 4 : 2, lanes = static_cast<double>(layout.lanes.size());
  const double sources = static_cast<double>(network.populations()[g.source].size());
  if (g.kernel) {  // rows have only their lengths
    const Projection& p = network.projections()[g.projections.front()];
    const double entries = g.stored ? static_cast<double>(SharedKernel(network, p, {}).entries()) : 1;
    return lanes * ((sources + 1) * kRow + kWeight * entries);
  }
  const double rows = g.dense ? 0 : sources * kRow * (1 + (g.projections.size() > 1 ? static_cast<double>(g.projections.size()) : 0));
  double bytes = synapses * ((g.dense ? 0 : target) + (g.stored ? kWeight : 0)) + lanes * rows;
  if (g.plastic) {
    const Rule& rule = *network.rule_of(network.projections()[g.projections.front()]);
    bytes += (rule.commit == Commit::kTrial ? kWeight * synapses : 0) + lanes * sources * kPlasticRow;
  }
  if (!g.uniform_delay) bytes += lanes * sources * kRow + kSegment * segments_of(network, g, synapses, lanes);
  return bytes;
}

std::vector<Group> groups_of(const Network& network) {
  std::vector<Group> groups;
  for (std::uint32_t k = 0; k < network.projections().size(); ++k) {
    const Group mine = group_of(network, k);
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return merge(network, g, mine); });
    if (same == groups.end())
      groups.push_back(mine);
    else
      same->projections.push_back(k);
  }
  std::vector<Group> apart;  // short rows gain nothing, and would pay for the table of who is where in them
  for (Group& g : groups) {
    if (g.projections.size() < 2 || synapses_of(network, g) >= kShortRow * static_cast<double>(network.populations()[g.source].size())) {
      apart.push_back(std::move(g));
      continue;
    }
    for (const std::uint32_t k : g.projections) apart.push_back(group_of(network, k));
  }
  return apart;
}

/// Lane l of n owns an equal share of every population, in chunks, so that small populations are not cut. Lane 0 has a part of every
/// population: its copy of what all lanes keep (pre traces, gates) is always up to date.
LaneLayout lane_of(const Network& network, const std::vector<InputKinds>& kinds, std::size_t lane, std::size_t lanes) {
  LaneLayout layout;
  for (std::size_t p = 0; p < kinds.size(); ++p) {
    const Population& population = network.populations()[p];
    const std::uint64_t n = population.size(), chunks = (n + kChunk - 1) / kChunk;
    const auto edge = [&](std::uint64_t l) { return static_cast<std::uint32_t>(std::min(n, (chunks * l + lanes - 1) / lanes * kChunk)); };
    const Slice slice{edge(lane), edge(lane + 1)};
    layout.slices.push_back(slice);
    layout.inputs.push_back({});
    if (population.is_source()) continue;
    layout.inputs.back() = {layout.slots, (slice.size() + kLineOfInputs - 1) / kLineOfInputs * kLineOfInputs, kinds[p].count};
    layout.slots = layout.inputs.back().end();
  }
  return layout;
}

}  // namespace

bool is_dense(const Projection& p) {
  const auto* all = std::get_if<AllToAll>(&p.connect);
  return is_constant(p.delay_ms) && ((all && (all->autapses || p.source != p.target)) || std::holds_alternative<Tensor>(p.connect));
}

double most_delays(const Network& network, const Group& group) {
  double ticks = 1;
  for (const std::uint32_t k : group.projections)
    ticks = std::max(ticks, largest_likely(network.projections()[k].delay_ms) / to_ms(network.resolution()));
  return std::ceil(ticks);
}

DelaySort delay_sort(const Network& network, const Group& group) {
  constexpr double kShare = 0.25;
  const double ticks = most_delays(network, group), synapses = std::max(1.0, synapses_of(network, group));
  DelaySort sort;
  sort.bytes = ticks <= std::numeric_limits<std::uint8_t>::max() ? 1 : ticks <= std::numeric_limits<std::uint16_t>::max() ? 2 : 4;
  const double rows = sizeof(std::uint16_t) + (group.stored ? kWeight : 0) + kSegment * segments_of(network, group, synapses, 1) / synapses;
  sort.passes = static_cast<std::uint32_t>(std::ceil(sort.bytes / (kShare * rows)));
  return sort;
}

InputKinds input_kinds(const Network& network, std::size_t population) {
  const Population& p = network.populations()[population];
  InputKinds kinds;
  if (p.is_source()) return kinds;
  const auto* exponential = std::get_if<LifExp>(&p.neuron());
  if (exponential && exponential->tau_syn_inhibitory_ms.value_or(exponential->tau_syn_ms) != exponential->tau_syn_ms)
    kinds.inhibitory = kinds.count++;
  const auto reached = [&](Port port) {
    return std::any_of(network.projections().begin(), network.projections().end(), [&](const Projection& k) {
      if (k.target != p.name || k.port != port) return false;
      const Population& source = network.populations()[network.population_index(k.source)];
      return !source.is_source() || !std::holds_alternative<CurrentSource>(source.source());
    });
  };
  if (reached(Port::kApical)) kinds.apical = kinds.count++;
  if (reached(Port::kModulator)) kinds.modulator = kinds.count++;
  return kinds;
}

float constant_weight(const Projection& p) { return static_cast<float>(draw(p.weight, 0, 0, 0) * p.weight_scale); }

Tick ticks_of(double delay_ms, Time resolution) {
  return std::max(Tick{1}, static_cast<Tick>(std::min(std::round(delay_ms / to_ms(resolution)), 1e15)));
}

bool drawn_at_arrival(const Network& network, std::size_t population) {
  const Population& p = network.populations()[population];
  const auto* poisson = p.is_source() ? std::get_if<PoissonSource>(&p.source()) : nullptr;
  if (!poisson || poisson->rate_hz * static_cast<double>(network.resolution()) * 1e-9 < kCountsFrom) return false;
  const auto leaves = [&](const Projection& k) { return k.source == p.name; };
  if (std::none_of(network.projections().begin(), network.projections().end(), leaves)) return false;
  return std::all_of(network.projections().begin(), network.projections().end(), [&](const Projection& k) {
    return !leaves(k) ||
           (std::holds_alternative<OneToOne>(k.connect) && is_constant(k.delay_ms) && k.rule.empty() && k.port == Port::kBasal);
  });
}

Layout layout_of(const Network& network, std::size_t threads) {
  Layout layout;
  for (std::size_t p = 0; p < network.populations().size(); ++p) layout.kinds.push_back(input_kinds(network, p));
  layout.groups = groups_of(network);
  layout.group_of.resize(network.projections().size());
  double synapses = 0, most = 0;
  for (std::uint32_t g = 0; g < layout.groups.size(); ++g) {
    for (const std::uint32_t k : layout.groups[g].projections) layout.group_of[k] = g;
    synapses += synapses_of(network, layout.groups[g]);
    most = std::max(most, synapses_of(network, layout.groups[g]));
  }
  bool wide = synapses < kFewSynapses * lane_of(network, layout.kinds, 0, 1).slots;
  threads = std::max<std::size_t>(1, threads);
  const auto fits = [&](std::size_t lanes) {
    if (most / static_cast<double>(lanes) > kMostSynapses) return false;
    return wide || lane_of(network, layout.kinds, 0, lanes).slots <= kNarrowSlots;  // lane 0 has the largest share
  };
  std::size_t lanes = threads;
  while (!fits(lanes)) {
    lanes += threads;
    if (lanes > kMostLanes && !wide) wide = true, lanes = threads;  // so many populations that the first neurons of each fill a lane
    if (lanes > kMostLanes)
      throw CapacityError("the network has too many synapses of one kind for the simulator; split the projection, or its population");
  }
  for (std::size_t l = 0; l < lanes; ++l) layout.lanes.push_back(lane_of(network, layout.kinds, l, lanes));
  return layout;
}

Memory memory_of(const Network& network, const Layout& layout) {
  constexpr double kNeuron = 60, kInput = 12, kSource = 24;
  Memory m;
  for (const Group& g : layout.groups) {
    if (g.current || g.drive) continue;
    const double synapses = synapses_of(network, g), bytes = bytes_of(network, layout, g, synapses);
    m.rows.push_back({g.projections, synapses, bytes});
    m.synapses += synapses;
    m.connectivity += bytes;
    if (g.uniform_delay) continue;
    const DelaySort sort = delay_sort(network, g);
    m.building = std::max(m.building, synapses * sort.bytes / sort.passes);
  }
  for (std::size_t p = 0; p < layout.kinds.size(); ++p) {
    const Population& population = network.populations()[p];
    m.state += static_cast<double>(population.size()) * (population.is_source() ? kSource : kNeuron + kInput * layout.kinds[p].count);
  }
  return m;
}

}  // namespace spikeloop::engine
