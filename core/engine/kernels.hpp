// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

/// The vectorised inner loops. Each is compiled for several instruction sets and the best that the machine has is chosen when it runs;
/// every operation rounds by itself (no fused multiply-add), so that all machines compute the same bits.
namespace spikeloop::engine {

/// One tick of the closed form for every neuron of a block. Pointers to what the model does not have are null.
struct Sweep {
  std::size_t neurons = 0;
  std::int32_t tick = 0;  ///< the low 32 bits of the tick
  bool leaky = true;

  double v_rest = 0, bias = 0;
  const double* extra = nullptr;      ///< current of each neuron on top of the bias, mV
  double membrane = 0;                ///< decay of v in one tick
  double membrane_rate = 0;           ///< tick / tau_m, for models without a leak
  double v_floor = 0;                 ///< - infinity if there is none
  const double* threshold = nullptr;  ///< of each neuron; null if all have the same
  double one_threshold = 0;           ///< + infinity for neurons that do not spike

  double* v = nullptr;
  const std::int32_t* hold = nullptr;  ///< v is held up to and including this tick (low 32 bits, at most 2^30 away)
  double* adaptation = nullptr;
  double adaptation_decay = 0;

  /// An exponential current: what it adds to v in one tick per mV, what is left of it after one tick, and what arrived.
  struct Current {
    double* value = nullptr;
    float* input = nullptr;
    double kernel = 0, decay = 0;
  };
  Current excitatory, inhibitory, apical, modulator;  ///< the modulator's kernel is 0
  float* delta = nullptr;                             ///< input that moves v at once; null if the basal input is a current

  std::uint32_t* fired = nullptr;  ///< room for `neurons`: those that reached their threshold, not yet reset
};

struct SweepResult {
  std::size_t fired = 0;      ///< entries written to Sweep::fired, ascending
  std::uint64_t touched = 0;  ///< neurons that input reached
};

/// Advances every neuron by one tick, adds and clears its input, and finds who reached the threshold.
SweepResult sweep(const Sweep& s);

/// The random words of one tick, see `add_poisson_counts`.
struct PoissonKey {
  std::uint32_t key[2] = {0, 0};  ///< of the generator
  std::uint32_t tick = 0;
  std::uint32_t stream[2] = {0, 0};
};

/// Counts by Walker's alias method (1977, DOI 10.1145/355744.355749): the low bits of a random word choose a column; a word below `keep` of
/// its column means the column's number, any other the column's alias; both on top of `least`.
struct AliasTable {
  std::vector<std::uint32_t> keep;
  std::vector<std::int32_t> alias;
  std::int32_t least = 0;
};

/// sum[i] += weight x count of neuron 64 `chunk` + i, for i < neurons; returns the sum of the counts. Word 2 h + o of block 16 c + b of the
/// generator belongs to neuron 64 c + 32 h + 2 b + o.
std::uint64_t add_poisson_counts(const PoissonKey& key, const AliasTable& table, std::uint32_t chunk, std::size_t neurons, float weight,
                                 float* sum);

/// Potentiation of a row by the post spikes that it has not seen: `to` += amplitude x decay(tick - since the pre spike), one spike after
/// the other and each within the bounds.
struct Potentiation {
  static constexpr int kRecent = 4;
  const std::uint16_t* targets = nullptr;
  std::size_t synapses = 0;
  const std::int32_t* recent[kRecent] = {};  ///< of every neuron, its last spikes, oldest first: low 32 bits of the tick
  std::int32_t first = 0;                    ///< ticks before this one have been seen
  std::int32_t pre = 0;                      ///< tick of the pre trace
  const float* decay = nullptr;              ///< of the pre trace, by ticks
  std::int32_t decays = 0;                   ///< how many
  float amplitude = 0, low = 0, high = 0;
  float* to = nullptr;  ///< weights or changes
};

/// Returns how many changes were made. Synapses for which this is not enough (more than kRecent spikes, or one later than the decays reach)
/// are left as they are and appended to `left`.
std::uint64_t potentiate(const Potentiation& p, std::vector<std::uint32_t>& left);

/// sum[j] += rows[0][j] + rows[1][j] + ..., in this order.
void add_rows(float* sum, const float* const* rows, std::size_t count, std::size_t width);

}  // namespace spikeloop::engine
