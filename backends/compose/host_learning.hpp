// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/backend.hpp"
#include "core/mapping.hpp"

/// A chip that cannot learn, and beside it a host that runs what the chip does not: controllers, sources that draw, and every plasticity
/// rule.
namespace spikeloop::compose {

struct HostLearningOptions {
  /// Where populations live, as the chip's back end has it.
  std::function<std::vector<Home>(const Network&)> homes;
  /// The chip gets new weights before the first trial after so many commits, and before every trial in which nothing learns.
  unsigned commit_interval = 1;
  /// Where populations on the host drive the chip, chip and host exchange spikes this often: the delay of the loop.
  Time exchange = 5 * kMillisecond;
};

/// The chip with the host beside it, as one back end. What the simulator `host` runs is a network of its own (host_network.hpp); rules
/// there see the chip's spikes as they were seen, and change weights that the chip is given. Where no population of the host projects to
/// the chip, the chip runs a whole `advance` and the host follows; else both run `exchange` at a time, the host first, which sees the
/// chip's spikes one such time late; the chip gets the host's at their own time. Potentials on the chip cannot be seen: their probes stay
/// silent. Its sessions are `ComposedSession`s.
std::unique_ptr<Backend> make_host_learning(std::shared_ptr<const Backend> chip, std::shared_ptr<const Backend> host,
                                            HostLearningOptions options);

/// The session of a composed back end.
class ComposedSession : public Session {
 public:
  /// The part on the chip.
  virtual Session& chip() = 0;
};

}  // namespace spikeloop::compose
