// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "firmware-interface/dynapse1/words.hpp"

namespace spikeloop::firmware {

/// splitmix64: the same numbers everywhere.
class RandomBits {
 public:
  explicit RandomBits(std::uint64_t seed) : state_(seed) {}
  std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  /// In [0, n).
  unsigned below(unsigned n) { return static_cast<unsigned>(bits() % n); }

 private:
  std::uint64_t state_;
};

/// Legal chip words of every kind, all values of all fields.
class RandomWords : public RandomBits {
 public:
  using RandomBits::RandomBits;
  ChipWord next();
};

}  // namespace spikeloop::firmware
