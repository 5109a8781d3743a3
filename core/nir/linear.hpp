// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/nir/flat.hpp"
#include "core/nir/shapes.hpp"

/// What lies between neurons: linear maps, composed without unrolling where that is possible.
namespace spikeloop::nir {

struct IdentityMap {};
/// All weights, (targets, sources), row-major.
struct DenseMap {
  std::vector<double> weights;
};
/// A shared kernel: (out channels, in channels / groups, height, width), row-major; of one value: all taps have it.
struct KernelMap {
  Window window;
  std::vector<double> weights;
};
/// Single weights, with a delay each in the file's unit of time.
struct SparseMap {
  struct Entry {
    std::uint32_t source = 0, target = 0;
    double weight = 0, delay = 0;
  };
  std::vector<Entry> entries;
};

/// y = scale * (kind x), `delay` later.
struct LinearMap {
  std::uint64_t sources = 0, targets = 0;
  std::variant<IdentityMap, DenseMap, KernelMap, SparseMap> kind;
  double scale = 1;
  double delay = 0;  ///< the file's unit of time
};

/// The map of a node that is no neuron, and what it adds to its result (one value, one a target, or none). Throws NodeFault.
LinearMap linear_map(const FlatNode& node);
std::vector<double> linear_bias(const FlatNode& node);

/// `second` after `first`; throws NodeFault beyond kMostValues weights. A pool before a convolution stays one kernel.
LinearMap compose(const LinearMap& first, const LinearMap& second);

/// Calls `each(source, target, weight, delay)` for every weight, those of 0 included; scale and delay of the map are in them.
void for_each_weight(const LinearMap& map, const std::function<void(std::uint64_t, std::uint64_t, double, double)>& each);

/// y += map x, delays aside.
void apply(const LinearMap& map, std::span<const double> x, std::span<double> y);

/// Weight (out channel, channel in the group, row, column) of a kernel.
inline double kernel_weight(const KernelMap& k, std::uint64_t out, std::uint64_t in, std::uint64_t row, std::uint64_t column) {
  if (k.weights.size() == 1) return k.weights.front();
  const Window& w = k.window;
  return k.weights[((out * (w.in[0] / w.groups) + in) * w.kernel[0] + row) * w.kernel[1] + column];
}

/// What reaches a neuron or an Output: a map from each neuron or Input, and a constant.
struct Inflow {
  struct Part {
    std::size_t source = 0;  ///< index in the flat graph
    LinearMap map;
  };
  std::vector<Part> parts;
  std::vector<double> bias;  ///< one a target
};

/// The inflow of a node: paths are followed back to neurons, Inputs and Thresholds. Throws DescriptionError for a cycle without a neuron,
/// and for what does not fit.
Inflow inflow_of(const FlatGraph& graph, std::size_t node);

}  // namespace spikeloop::nir
