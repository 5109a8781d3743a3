// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace spikeloop {

/// What a session does with its time.
enum class Phase {
  kDrive,       ///< drawing Poisson input where it arrives
  kDeliver,     ///< spikes to the inputs of their targets
  kUpdate,      ///< neurons: advance, threshold, reset
  kPlasticity,  ///< traces and weights
  kExchange,    ///< emitted spikes into the queues of all
  kRecord,      ///< what probes see, to the sink
};
inline constexpr std::size_t kPhases = 6;
/// "drive", "deliver", ...
const char* phase_name(Phase phase);

/// Where the time of a session went, by phase and population. Measuring costs some time itself: about 30 ns per population and tick.
struct Profile {
  struct Cell {
    double seconds = 0;
    std::uint64_t operations = 0;  ///< drive, deliver and plasticity: synaptic events; update: neurons visited; exchange and record: spikes
  };
  /// Drive, update: by the population that is updated or driven; deliver, plasticity: by the one that spiked. The last row is work that
  /// belongs to no single one.
  std::vector<std::array<Cell, kPhases>> populations;

  /// A stretch of the run between two exchanges, on one thread's share of the network.
  struct Span {
    std::uint32_t lane = 0;
    double start_s = 0, seconds = 0;       ///< start_s: since profiling began
    std::array<double, kPhases> phases{};  ///< summed over the ticks of the stretch
  };
  std::vector<Span> spans;     ///< the first kMostSpans
  std::uint64_t left_out = 0;  ///< later ones
  static constexpr std::size_t kMostSpans = 100'000;

  Profile& operator+=(const Profile& other);
};

}  // namespace spikeloop
