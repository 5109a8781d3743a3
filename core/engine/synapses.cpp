// SPDX-License-Identifier: Apache-2.0
#include "core/engine/synapses.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/engine/connect.hpp"

namespace spikeloop::engine {

namespace {

/// Weight and delay of the synapse with a draw index.
class Draws {
 public:
  Draws(const Network& network, const Projection& p)
      : p_(p),
        seed_(network.seed()),
        weight_stream_(stream_of(p.random_key, "weight")),
        delay_stream_(stream_of(p.random_key, "delay")),
        resolution_(network.resolution()) {
    if (const auto* t = std::get_if<Tensor>(&p.connect)) tensor_ = t->weights.get();
  }
  float weight(std::uint64_t index) const {
    const double w = tensor_ ? static_cast<double>((*tensor_)[index]) : draw(p_.weight, seed_, weight_stream_, index);
    return static_cast<float>(w * p_.weight_scale);
  }
  Tick delay(std::uint64_t index) const { return ticks_of(draw(p_.delay_ms, seed_, delay_stream_, index), resolution_); }

 private:
  const Projection& p_;
  std::uint64_t seed_, weight_stream_, delay_stream_;
  Time resolution_;
  const std::vector<float>* tensor_ = nullptr;
};

/// Where in the lane the synapses of a projection end.
struct Target {
  Slice slice;
  std::uint32_t slot = 0, inhibitory = 0;  ///< of neuron 0 of the slice; the second for negative weights
};

class Builder {
 public:
  Builder(const Network& network, const Group& group, const std::vector<Target>& targets)
      : network_(network), group_(group), targets_(targets) {}

  void dense(Synapses& s) const {
    const Target& to = targets_.front();
    s.base = to.slot, s.width = to.slice.size();
    if (!group_.stored) return;
    const Draws draws(network_, projection(0));
    const std::uint64_t m = network_.populations()[network_.population_index(projection(0).target)].size();
    s.weights.reserve(std::uint64_t{s.sources} * s.width);
    for (std::uint64_t i = 0; i < s.sources; ++i)
      for (std::uint32_t t = to.slice.begin; t < to.slice.end; ++t) s.weights.push_back(draws.weight(i * m + t));
  }

  /// Only the lengths of the rows, and the kernel.
  void kernel(Synapses& s) const {
    const Target& to = targets_.front();
    auto shared = std::make_shared<SharedKernel>(network_, projection(0), to.slice);
    const Draws draws(network_, projection(0));
    std::vector<float> weights(group_.stored ? shared->entries() : 1, s.weight);
    for (std::uint64_t i = 0; group_.stored && i < weights.size(); ++i) weights[i] = draws.weight(i);
    shared->set_weights(std::move(weights));
    s.base = to.slot, s.inhibitory = to.inhibitory - to.slot;
    s.begin.assign(std::size_t{s.sources} + 1, 0);
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < s.sources; ++i) {
      sum += shared->count(i);
      if (sum > std::numeric_limits<std::uint32_t>::max())
        throw CapacityError("a lane has more than 4,294,967,295 synapses of one kind; run with more threads");
      s.begin[i + 1] = static_cast<std::uint32_t>(sum);
    }
    s.kernel = std::move(shared);
  }

  void sparse(Synapses& s, bool wide) const {
    count(s);
    if (group_.stored) s.weights.resize(s.begin.back());
    if (wide)
      sparse(s, s.wide_targets);
    else
      sparse(s, s.targets);
  }

 private:
  /// Rows of the sources [first, last).
  struct Range {
    std::size_t first = 0, last = 0;
  };

  template <class Targets>
  void sparse(Synapses& s, Targets& targets) const {
    targets.resize(s.begin.back());
    if (group_.uniform_delay) {
      fill<std::uint8_t>(s, targets, {0, s.sources}, nullptr);
      return;
    }
    const DelaySort sort = delay_sort(network_, group_);
    if (sort.bytes <= 1 && with_delays<std::uint8_t>(s, targets, sort.passes)) return;
    if (sort.bytes <= 2 && with_delays<std::uint16_t>(s, targets, sort.passes)) return;
    if (!with_delays<std::uint32_t>(s, targets, sort.passes))
      throw CapacityError("projection \"" + projection(0).name +
                          "\" draws a delay of more than 4,294,967,295 ticks; use a coarser resolution_ms, or bounds for the delay");
  }

  const Projection& projection(std::size_t i) const { return network_.projections()[group_.projections[i]]; }

  /// The length of every row, and of its parts.
  void count(Synapses& s) const {
    const std::size_t parts = group_.projections.size();
    s.begin.assign(std::size_t{s.sources} + 1, 0);
    if (parts > 1) s.parts.assign(std::size_t{s.sources} * parts, 0);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < parts; ++i)
      for_each_synapse(network_, projection(i), targets_[i].slice, [&](std::uint32_t source, std::uint32_t, std::uint64_t) {
        ++s.begin[source + 1], ++sum;
        if (parts > 1) ++s.parts[source * parts + i];
      });
    if (sum > std::numeric_limits<std::uint32_t>::max())
      throw CapacityError("a lane has more than 4,294,967,295 synapses of one kind; run with more threads");
    std::partial_sum(s.begin.begin(), s.begin.end(), s.begin.begin());
  }

  /// Puts every synapse of the range into its row, and its delay into `delays` (if not null), counted from the first of the range. False if
  /// a delay does not fit there.
  template <class Delay, class Targets>
  bool fill(Synapses& s, Targets& targets, Range range, Buffer<Delay>* delays) const {
    const std::uint32_t from = s.begin[range.first];
    Tick largest = 0;
    for (std::size_t i = 0; i < group_.projections.size(); ++i) {
      const Draws draws(network_, projection(i));
      const Target& to = targets_[i];
      const std::uint32_t slot = to.slot - s.base - to.slice.begin, inhibitory = to.inhibitory - s.base - to.slice.begin;
      const auto place = [&](std::uint32_t source, std::uint32_t target, std::uint64_t index, auto stored, auto delayed) {
        if (delayed.value && (source < range.first || source >= range.last)) return;
        const std::uint32_t at = s.begin[source]++;  // where the row goes on; put right below
        float w = s.weight;
        if constexpr (stored.value) s.weights[at] = w = draws.weight(index);
        targets[at] = static_cast<typename Targets::value_type>(target + (w < 0 ? inhibitory : slot));
        if constexpr (delayed.value) {
          const Tick delay = draws.delay(index);
          largest = std::max(largest, delay);
          (*delays)[at - from] = static_cast<Delay>(delay);
        }
      };
      const auto run = [&](auto stored, auto delayed) {
        for_each_synapse(network_, projection(i), to.slice, [&](std::uint32_t source, std::uint32_t target, std::uint64_t index) {
          place(source, target, index, stored, delayed);
        });
      };
      if (delays && group_.stored)
        run(std::true_type{}, std::true_type{});
      else if (delays)
        run(std::false_type{}, std::true_type{});
      else if (group_.stored)
        run(std::true_type{}, std::false_type{});
      else
        run(std::false_type{}, std::false_type{});
    }
    for (std::size_t source = range.last; source-- > range.first;) s.begin[source] = source > range.first ? s.begin[source - 1] : from;
    return largest <= static_cast<Tick>(std::numeric_limits<Delay>::max());
  }

  /// The rows are filled some at a time, so that only their delays are in memory. False if a delay does not fit into a Delay.
  template <class Delay, class Targets>
  bool with_delays(Synapses& s, Targets& targets, std::uint32_t passes) const {
    s.first_segment.clear(), s.segments.clear();
    s.first_segment.reserve(std::size_t{s.sources} + 1);
    s.segments.reserve(most_segments(s));  // only what is used of it becomes memory
    for (std::size_t pass = 0; pass < passes; ++pass) {
      const Range range{s.sources * pass / passes, s.sources * (pass + 1) / passes};
      Buffer<Delay> delays(s.begin[range.last] - s.begin[range.first]);
      if (!fill(s, targets, range, &delays)) return false;
      sort_rows(s, targets, range, delays);
    }
    s.first_segment.push_back(static_cast<std::uint32_t>(s.segments.size()));
    return true;
  }

  std::size_t most_segments(const Synapses& s) const {
    const double delays = most_delays(network_, group_);
    std::size_t most = 0;
    for (std::size_t source = 0; source < s.sources; ++source)
      most += static_cast<std::size_t>(std::min<double>(s.begin[source + 1] - s.begin[source], delays));
    return most;
  }

  /// Each row by delay, and its segments.
  template <class Delay, class Targets>
  void sort_rows(Synapses& s, Targets& targets, Range range, const Buffer<Delay>& delays) const {
    Buffer<std::uint64_t> order;
    Targets row;
    Buffer<float> weights;
    for (std::size_t source = range.first; source < range.last; ++source) {
      s.first_segment.push_back(static_cast<std::uint32_t>(s.segments.size()));
      const std::uint32_t begin = s.begin[source], n = s.begin[source + 1] - begin;
      order.resize(n);
      sort_by_delay(delays.data() + (begin - s.begin[range.first]), n, order);
      row.assign(targets.begin() + begin, targets.begin() + begin + n);
      if (group_.stored) weights.assign(s.weights.begin() + begin, s.weights.begin() + begin + n);
      for (std::uint32_t i = 0; i < n; ++i) {
        const auto from = static_cast<std::uint32_t>(order[i]), delay = static_cast<std::uint32_t>(order[i] >> 32);
        if (i == 0 || delay != s.segments.back().delay) s.segments.push_back({0, delay});
        ++s.segments.back().size;
        targets[begin + i] = row[from];
        if (group_.stored) s.weights[begin + i] = weights[from];
      }
    }
  }

  /// (delay, position) of a row's synapses in ascending order.
  template <class Delay>
  static void sort_by_delay(const Delay* delays, std::uint32_t n, Buffer<std::uint64_t>& order) {
    if constexpr (sizeof(Delay) > 1) {
      for (std::uint32_t i = 0; i < n; ++i) order[i] = std::uint64_t{delays[i]} << 32 | i;
      std::sort(order.begin(), order.end());
    } else {  // by counting
      std::array<std::uint32_t, 257> first{};
      for (std::uint32_t i = 0; i < n; ++i) ++first[delays[i] + 1u];
      std::partial_sum(first.begin(), first.end(), first.begin());
      for (std::uint32_t i = 0; i < n; ++i) order[first[delays[i]]++] = std::uint64_t{delays[i]} << 32 | i;
    }
  }

  const Network& network_;
  const Group& group_;
  const std::vector<Target>& targets_;
};

/// Merged rows know slots; rows of one projection that neurons are looked up by count from the slice's first.
std::vector<Target> targets_of(const Network& network, const Group& group, const LaneLayout& lane) {
  std::vector<Target> targets;
  for (const std::uint32_t k : group.projections) {
    const Projection& p = network.projections()[k];
    const std::size_t population = network.population_index(p.target);
    const Inputs& inputs = lane.inputs[population];
    const InputKinds kinds = input_kinds(network, population);
    Target t;
    t.slice = lane.slices[population];
    t.slot = t.inhibitory = inputs.begin + kinds.of(p.port) * inputs.stride;
    const bool by_sign = p.port == Port::kBasal && !group.plastic && !group.current;
    if (by_sign) t.inhibitory += kinds.inhibitory * inputs.stride;
    targets.push_back(t);
  }
  return targets;
}

}  // namespace

Synapses build_synapses(const Network& network, const Group& group, const LaneLayout& lane) {
  const std::vector<Target> targets = targets_of(network, group, lane);
  const Builder builder(network, group, targets);
  Synapses s;
  s.dense = group.dense;
  s.uniform_delay = group.uniform_delay;
  s.delay = group.delay;
  s.sources = static_cast<std::uint32_t>(network.populations()[group.source].size());
  s.weight = group.weight;
  if (group.plastic || group.current || group.drive) s.base = targets.front().slot;
  if (group.dense)
    builder.dense(s);
  else if (group.kernel)
    builder.kernel(s);
  else
    builder.sparse(s, lane.slots > kNarrowSlots);
  if (group.uniform_delay) s.least_delay = s.largest_delay = s.delay;
  for (const Segment& segment : s.segments)
    s.least_delay = std::min<Tick>(s.least_delay, segment.delay), s.largest_delay = std::max<Tick>(s.largest_delay, segment.delay);
  return s;
}

std::pair<std::uint32_t, float> Synapses::of_kernel(std::uint64_t synapse) const {
  const std::uint32_t source = source_of(synapse);
  std::uint64_t at = begin[source];
  std::pair<std::uint32_t, float> found;
  kernel->for_each(source, [&](std::uint32_t target, float w) {
    if (at++ == synapse) found = {target + (w < 0 ? inhibitory : 0), w};
  });
  return found;
}

void Synapses::unroll(bool wide) {
  if (!kernel) return;
  const std::uint64_t n = size();
  if (wide) wide_targets.reserve(n);
  if (!wide) targets.reserve(n);
  weights.reserve(n);
  for (std::uint32_t source = 0; source < sources; ++source)
    kernel->for_each(source, [&](std::uint32_t target, float w) {
      const std::uint32_t slot = target + (w < 0 ? inhibitory : 0);
      if (wide)
        wide_targets.push_back(slot);
      else
        targets.push_back(static_cast<std::uint16_t>(slot));
      weights.push_back(w);
    });
  kernel.reset();
}

void for_each_initial_weight(const Network& network, const Projection& projection,
                             const std::function<void(std::uint32_t, std::uint32_t, float)>& each) {
  const Draws draws(network, projection);
  const auto targets = static_cast<std::uint32_t>(network.populations()[network.population_index(projection.target)].size());
  for_each_synapse(network, projection, Slice{0, targets},
                   [&](std::uint32_t s, std::uint32_t t, std::uint64_t index) { each(s, t, draws.weight(index)); });
}

}  // namespace spikeloop::engine
