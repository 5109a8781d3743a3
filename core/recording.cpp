// SPDX-License-Identifier: Apache-2.0
#include "core/recording.hpp"

#include "core/errors.hpp"

namespace spikeloop {
namespace {

template <class Counts, class Combine>
void combine(std::vector<Counts>& mine, const std::vector<Counts>& theirs, Combine each) {
  if (mine.empty()) mine.resize(theirs.size());
  if (mine.size() != theirs.size()) throw BugError("operation counts of different networks cannot be added");
  for (std::size_t i = 0; i < mine.size(); ++i) each(mine[i], theirs[i]);
}

/// Calls `each(field of a, field of b)` for every count.
void for_each_pair(ChipOperations& a, const ChipOperations& b, auto&& each) {
  each(a.spikes, b.spikes), each(a.played, b.played), each(a.routes, b.routes);
  each(a.broadcasts, b.broadcasts), each(a.hops, b.hops), each(a.matches, b.matches);
  each(a.synaptic_events, b.synaptic_events);
}

void accumulate(std::optional<ChipCounts>& a, const std::optional<ChipCounts>& b, std::uint64_t sign) {
  if (!b) return;
  if (!a) a = ChipCounts{{}, b->neurons_per_core, b->unseen_neurons};
  for_each_pair(a->operations, b->operations, [&](std::uint64_t& x, std::uint64_t y) { x += sign * y; });
}

/// sign is +1 or -1; unsigned arithmetic wraps, so that subtraction is addition of the complement.
void accumulate(OperationCounts& a, const OperationCounts& b, std::uint64_t sign) {
  combine(a.populations, b.populations, [&](PopulationCounts& x, const PopulationCounts& y) {
    x.spikes += sign * y.spikes;
    x.updates += sign * y.updates;
  });
  combine(a.projections, b.projections, [&](ProjectionCounts& x, const ProjectionCounts& y) {
    x.synaptic_events += sign * y.synaptic_events;
    x.plastic_updates += sign * y.plastic_updates;
  });
  accumulate(a.chip, b.chip, sign);
  a.simulated += static_cast<Time>(sign) * b.simulated;
  a.late += sign * b.late;
  a.dropped += sign * b.dropped;
  a.overflowed += sign * b.overflowed;
}

template <class T>
std::uint64_t hash_value(std::uint64_t hash, const T& value) {
  return hash_bytes(hash, &value, sizeof value);
}

}  // namespace

ChipOperations& ChipOperations::operator+=(const ChipOperations& other) {
  for_each_pair(*this, other, [](std::uint64_t& a, std::uint64_t b) { a += b; });
  return *this;
}

ChipOperations& ChipOperations::operator-=(const ChipOperations& other) {
  for_each_pair(*this, other, [](std::uint64_t& a, std::uint64_t b) { a -= b; });
  return *this;
}

OperationCounts& OperationCounts::operator+=(const OperationCounts& other) {
  accumulate(*this, other, 1);
  return *this;
}

OperationCounts& OperationCounts::operator-=(const OperationCounts& other) {
  accumulate(*this, other, ~std::uint64_t{0});
  return *this;
}

void Recording::sample(Time time, std::uint32_t probe, std::span<const double> values) {
  samples.push_back({time, probe, {values.begin(), values.end()}});
}

std::uint64_t Recording::hash() const {
  std::uint64_t h = kHashStart;
  for (const Spike& s : spikes) h = hash_value(hash_value(hash_value(h, s.time), s.population), s.neuron);
  for (const Sample& s : samples) {
    h = hash_value(hash_value(h, s.time), s.probe);
    h = hash_bytes(h, s.values.data(), s.values.size() * sizeof(double));
  }
  return h;
}

std::uint64_t hash_bytes(std::uint64_t hash, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  for (std::size_t i = 0; i < size; ++i) hash = (hash ^ bytes[i]) * 0x100000001b3ull;
  return hash;
}

}  // namespace spikeloop
