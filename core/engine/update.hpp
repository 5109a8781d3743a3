// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace spikeloop::engine {

/// How populations are updated.
enum class Update {
  kAuto,   ///< what costs less
  kLazy,   ///< only neurons that something reached (tests)
  kDense,  ///< every neuron at every tick (tests)
};

}  // namespace spikeloop::engine
