// SPDX-License-Identifier: Apache-2.0
#include "cli/claims/claims.hpp"

#include <fmt/format.h>

#include "cli/claims/angles.hpp"
#include "cli/claims/detection.hpp"
#include "cli/claims/gate.hpp"
#include "cli/claims/help.hpp"
#include "cli/claims/shipped.hpp"
#include "cli/claims/stream.hpp"
#include "cli/claims/window.hpp"
#include "core/errors.hpp"

namespace spikeloop::cli {

const std::vector<Claim>& claims() {
  static const std::vector<Claim> table = {detection_claim(), gate_claim(), help_claim(), window_claim(), angles_claim(), stream_claim()};
  return table;
}

const Claim& find_claim(const std::string& name) {
  std::vector<std::string> names;
  for (const Claim& claim : claims()) {
    if (claim.name == name) return claim;
    names.push_back(claim.name);
  }
  const std::string near = did_you_mean(name, names);
  throw DescriptionError(fmt::format("there is no claim \"{}\"; {}", name,
                                     near.empty() ? "`spikeloop claim` lists them" : fmt::format("did you mean \"{}\"?", near)));
}

std::string_view shipped_network(std::string_view name) {
  for (const ShippedNetwork& network : shipped_networks())
    if (network.name == name) return network.text;
  throw BugError(fmt::format("the claim \"{}\" came without its network", name));
}

}  // namespace spikeloop::cli
