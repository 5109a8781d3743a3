// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/// Random numbers of a virtual board: each is a function of seed, stream and index alone, so that nothing depends on order.
namespace spikeloop::firmware {

/// splitmix64's finaliser (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195).
constexpr std::uint64_t mix_bits(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/// 64 random bits.
constexpr std::uint64_t random_bits(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15ULL;
  return mix_bits(mix_bits(mix_bits(seed + kGolden) + (stream + 1) * kGolden) + (index + 1) * kGolden);
}

/// Uniform in (0, 1).
constexpr double random_uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  return (static_cast<double>(random_bits(seed, stream, index) >> 11) + 0.5) * 0x1p-53;
}

/// Standard normal but for its tails, which end at 6: the sum of twelve uniform numbers of 16 bits.
constexpr double random_normal(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  double sum = 0;
  for (unsigned word = 0; word < 3; ++word) {
    const std::uint64_t bits = random_bits(seed, stream, 3 * index + word);
    for (unsigned shift = 0; shift < 64; shift += 16) sum += static_cast<double>(bits >> shift & 0xFFFF) + 0.5;
  }
  return sum / 65536 - 6;
}

}  // namespace spikeloop::firmware
