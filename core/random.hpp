// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Random123/philox.h>

#include <cstdint>
#include <string_view>

/// Counter-based randomness (Philox 4x32-10; Salmon et al. 2011, DOI 10.1145/2063384.2063405): a draw is a pure function of
/// (seed, stream, index), so nothing depends on the order of drawing, on threads or on checkpoints.
namespace spikeloop {

/// 128 random bits.
struct Bits {
  std::uint64_t low = 0, high = 0;
};

inline Bits random_bits(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  using Philox = r123::Philox4x32;
  const Philox::ctr_type counter = {{static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32),
                                     static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)}};
  const Philox::key_type key = {{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}};
  const Philox::ctr_type r = Philox()(counter, key);
  return {r[0] | static_cast<std::uint64_t>(r[1]) << 32, r[2] | static_cast<std::uint64_t>(r[3]) << 32};
}

/// 64 random bits to a double in [0, 1), a multiple of 2^-53.
inline double to_unit(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

/// Uniform in [0, 1).
inline double random_unit(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  return to_unit(random_bits(seed, stream, index).low);
}

/// Uniform integer in [0, n), n > 0 (multiply-shift; the bias of at most n / 2^64 is below anything observable).
inline std::uint64_t random_below(std::uint64_t seed, std::uint64_t stream, std::uint64_t index, std::uint64_t n) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((static_cast<Wide>(random_bits(seed, stream, index).low) * n) >> 64);
}

/// The number that a standard normal variate exceeds with probability 1 - p, 0 < p < 1, to about 1e-16 (Wichura 1988, DOI 10.2307/2347330:
/// rational functions, without a logarithm for 85 % of all p).
double normal_quantile(double p);

/// Standard normal, by inversion.
inline double random_normal(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  return normal_quantile(random_unit(seed, stream, index) + 0x1p-54);  // never 0, never 1
}

/// A stream's number from the name of what it belongs to and its purpose ("weight", "delay", "source", ...).
constexpr std::uint64_t stream_of(std::string_view identity, std::string_view purpose) {
  std::uint64_t h = 0xcbf29ce484222325ull;
  for (const std::string_view part : {identity, std::string_view("/"), purpose})
    for (const char c : part) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return h;
}

/// The stream of one trial, so that trials differ.
constexpr std::uint64_t stream_of_trial(std::uint64_t stream, std::uint64_t trial) { return stream + trial * 0x9E3779B97F4A7C15ull; }

}  // namespace spikeloop
