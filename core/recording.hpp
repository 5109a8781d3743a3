// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace spikeloop {

class Network;

/// One spike of the network: when, and which neuron of which population (index into `Network::populations()`).
struct Spike {
  Time time = 0;
  std::uint32_t population = 0;
  std::uint32_t neuron = 0;

  friend bool operator==(const Spike&, const Spike&) = default;
};

/// One sample of a state probe: one value per neuron (or synapse).
struct Sample {
  Time time = 0;
  std::uint32_t probe = 0;  ///< index into `Network::probes()`
  std::vector<double> values;

  friend bool operator==(const Sample&, const Sample&) = default;
};

/// Receives what a session observes, in the order (time, population, neuron); samples of a tick after its spikes.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void spike(const Spike& spike) = 0;
  virtual void sample(Time time, std::uint32_t probe, std::span<const double> values) = 0;
};

/// A sink that forgets everything.
class NullSink final : public Sink {
 public:
  void spike(const Spike&) override {}
  void sample(Time, std::uint32_t, std::span<const double>) override {}
};

/// Operations of one population.
struct PopulationCounts {
  std::uint64_t spikes = 0;   ///< emitted
  std::uint64_t updates = 0;  ///< neuron updates executed (state advanced because something arrived or was due)
};

/// Operations of one projection.
struct ProjectionCounts {
  std::uint64_t synaptic_events = 0;  ///< (spike, synapse) pairs delivered
  std::uint64_t plastic_updates = 0;  ///< weight changes applied, potentiation and depression counted separately
};

/// What a chip of routed cores has done for the spikes that were played into it and that the host has seen.
struct ChipOperations {
  std::uint64_t spikes = 0;           ///< of the chip's neurons, seen by the host
  std::uint64_t played = 0;           ///< events played into the chip: one a spike and route
  std::uint64_t routes = 0;           ///< one for each destination of a spike, the host included, and each played event
  std::uint64_t broadcasts = 0;       ///< one for each core that an event reached
  std::uint64_t hops = 0;             ///< between chips, and out to the host
  std::uint64_t matches = 0;          ///< CAM words that an event matched
  std::uint64_t synaptic_events = 0;  ///< (spike, synapse of the network) pairs: a synapse may have several CAM words, or none
  friend bool operator==(const ChipOperations&, const ChipOperations&) = default;
  ChipOperations& operator+=(const ChipOperations& other);
  ChipOperations& operator-=(const ChipOperations& other);
};

/// Counts of a chip; those of another size of cores, or with neurons that nobody sees, do not tell what everything costs.
struct ChipCounts {
  ChipOperations operations;
  std::uint64_t neurons_per_core = 0;
  std::uint64_t unseen_neurons = 0;  ///< of the chip, whose spikes the host does not see
  friend bool operator==(const ChipCounts&, const ChipCounts&) = default;
};

/// What was executed and what was lost, since the session's start or `restore`; energy is made of it.
struct OperationCounts {
  std::vector<PopulationCounts> populations;
  std::vector<ProjectionCounts> projections;
  std::optional<ChipCounts> chip;  ///< where a board has run the network: what energy is made of there
  Time simulated = 0;              ///< simulated time
  std::uint64_t late = 0;          ///< input spikes that came too late and were dropped
  std::uint64_t dropped = 0;       ///< events lost by a device; known when the next trial begins
  std::uint64_t overflowed = 0;    ///< events lost by a full buffer

  OperationCounts& operator+=(const OperationCounts& other);
  OperationCounts& operator-=(const OperationCounts& other);
};

/// Everything that came out of a run.
class Recording final : public Sink {
 public:
  std::vector<Spike> spikes;
  std::vector<Sample> samples;
  OperationCounts counts;

  void spike(const Spike& s) override { spikes.push_back(s); }
  void sample(Time time, std::uint32_t probe, std::span<const double> values) override;
  /// A hash of every spike and of every bit of every sample; equal runs have equal hashes.
  std::uint64_t hash() const;
};

/// Extends a 64-bit FNV-1a style hash by the bytes of a value; start with `kHashStart`.
inline constexpr std::uint64_t kHashStart = 0xcbf29ce484222325ull;
std::uint64_t hash_bytes(std::uint64_t hash, const void* data, std::size_t size);

}  // namespace spikeloop
