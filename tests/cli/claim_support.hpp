// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/claims/angles.hpp"
#include "cli/inputs.hpp"

namespace spikeloop::cli::test {

inline NetworkDescription angles_as_described() {
  return load_network_of(std::string(SPIKELOOP_SOURCE_DIR) + "/examples/claims/angles_network.txtpb");
}

inline ClaimResult run_angles(const NetworkDescription& network) {
  return angles(network, {1, true, std::string(SPIKELOOP_SOURCE_DIR) + "/examples/data"});
}

/// The findings that do not hold.
inline std::string broken(const ClaimResult& result) {
  std::string names;
  for (const Finding& f : result.findings)
    if (!f.passes()) names += f.name + "\n";
  return names;
}

}  // namespace spikeloop::cli::test
