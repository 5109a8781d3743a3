// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "core/network.hpp"

namespace spikeloop {

/// Why the forward weights from one population of a description to another have no product: there is no path of basal projections, or the
/// paths come back on themselves. Empty if they have one. Names must be filled in.
std::string no_forward_product(const NetworkDescription& description, const std::string& from, const std::string& to);

/// The product of the initial forward (basal) weights from population `from` to population `to`, summed over all paths: (size of `to`,
/// size of `from`), row-major, scaled to this root mean square. Entry (k, i) says how much one spike of i pushes k, were every neuron
/// between them linear. Throws DescriptionError if all of it is zero.
std::vector<double> forward_product(const NetworkDescription& description, const std::string& from, const std::string& to, double rms);

}  // namespace spikeloop
