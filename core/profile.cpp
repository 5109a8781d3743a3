// SPDX-License-Identifier: Apache-2.0
#include "core/profile.hpp"

#include <algorithm>

namespace spikeloop {

const char* phase_name(Phase phase) {
  constexpr std::array names = {"drive", "deliver", "update", "plasticity", "exchange", "record"};
  return names.at(static_cast<std::size_t>(phase));
}

Profile& Profile::operator+=(const Profile& other) {
  populations.resize(std::max(populations.size(), other.populations.size()));
  for (std::size_t p = 0; p < other.populations.size(); ++p)
    for (std::size_t k = 0; k < kPhases; ++k) {
      populations[p][k].seconds += other.populations[p][k].seconds;
      populations[p][k].operations += other.populations[p][k].operations;
    }
  spans.insert(spans.end(), other.spans.begin(), other.spans.end());
  left_out += other.left_out;
  return *this;
}

}  // namespace spikeloop
