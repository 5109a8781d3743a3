// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <stdexcept>
#include <string>

#include "core/nir/flat.hpp"

namespace spikeloop::nir {

/// A fault of one node; caught where the path of the node is known.
class NodeFault : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A two-dimensional window; the one-dimensional convolution is one of height 1.
struct Window {
  std::array<std::uint64_t, 3> in{}, out{};  ///< channels, height, width
  std::array<std::uint32_t, 2> kernel{1, 1}, stride{1, 1}, padding{0, 0}, dilation{1, 1};
  std::uint32_t groups = 1;
};

/// What such a node says of its window by itself: kernel, stride, padding, dilation and groups; throws NodeFault.
Window kernel_of(const Node& node);

/// The window of a Conv1d, Conv2d, SumPool2d or AvgPool2d that takes an input of this shape; throws NodeFault.
Window window_of(const Node& node, const Shape& in);

/// What a node gives when it takes `in`, which is empty where it is not known (yet); empty if that cannot be told. Throws NodeFault where
/// the two do not fit.
Shape shape_of(const Node& node, const Shape& in);

/// The product of a shape; throws NodeFault beyond kMostValues.
std::uint64_t size_of(const Shape& shape);

/// "[2, 3]".
std::string to_text(const Shape& shape);

}  // namespace spikeloop::nir
