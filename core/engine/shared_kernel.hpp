// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/engine/layout.hpp"
#include "core/network.hpp"

namespace spikeloop::engine {

/// The synapses of a convolution or a pooling onto a slice of its target: one kernel for all of them, and nothing for each. A spike finds
/// its targets by the geometry.
class SharedKernel {
 public:
  /// The geometry; `weights` are by draw index, (out channel, in channel of the group, row, column), or one for all.
  SharedKernel(const Network& network, const Projection& projection, Slice slice);

  std::uint64_t entries() const { return std::uint64_t{out_[0]} * own_ * c_.kernel[0] * c_.kernel[1]; }
  void set_weights(std::vector<float> weights) { weights_ = std::move(weights); }
  std::size_t bytes() const { return weights_.size() * sizeof(float); }

  /// Calls f(target, weight) for every synapse of a source, targets counted from the slice's first and ascending.
  template <class F>
  void for_each(std::uint32_t source, F&& f) const {
    const std::uint32_t plane = in_[1] * in_[2], channel = source / plane, group = channel / own_, k = channel % own_;
    const Taps rows = taps(0, source % plane / in_[2]), columns = taps(1, source % in_[2]);
    for (std::uint32_t o = group * fed_; o < (group + 1) * fed_; ++o)
      for (std::uint32_t y = rows.first; y < rows.end; y += rows.step)
        for (std::uint32_t x = columns.first; x < columns.end; x += columns.step) {
          const std::uint32_t target = (o * out_[1] + y) * out_[2] + x;
          if (target < slice_.begin || target >= slice_.end) continue;
          const std::uint32_t i = (rows.at - y * c_.stride[0]) / c_.dilation[0], j = (columns.at - x * c_.stride[1]) / c_.dilation[1];
          f(target - slice_.begin,
            weights_.size() == 1 ? weights_[0] : weights_[((std::size_t{o} * own_ + k) * c_.kernel[0] + i) * c_.kernel[1] + j]);
        }
  }

  std::uint32_t count(std::uint32_t source) const {
    std::uint32_t n = 0;
    for_each(source, [&](std::uint32_t, float) { ++n; });
    return n;
  }

 private:
  /// Outputs along an axis that see a position: first, first + step, ... before end; `at` is the position in the padded source.
  struct Taps {
    std::uint32_t first = 0, end = 0, step = 1, at = 0;
  };
  Taps taps(std::size_t axis, std::uint32_t position) const {
    const std::uint32_t at = position + c_.padding[axis], stride = c_.stride[axis], dilation = c_.dilation[axis];
    const std::uint32_t reach = dilation * (c_.kernel[axis] - 1);
    Taps t{at < reach ? 0 : (at - reach + stride - 1) / stride, std::min(out_[axis + 1], at / stride + 1), 1, at};
    while (t.first < t.end && (at - t.first * stride) % dilation != 0) ++t.first;  // at most `dilation` times
    while (t.step < dilation && t.step * stride % dilation != 0) ++t.step;
    return t;
  }

  Convolution c_;
  std::uint32_t in_[3], out_[3];  ///< channels, height, width
  std::uint32_t own_, fed_;       ///< channels of a group: of the source, of the target
  Slice slice_;
  std::vector<float> weights_ = {0.0f};
};

/// True if a projection keeps one kernel: a convolution or pooling with one delay that does not learn.
bool keeps_kernel(const Projection& p);

}  // namespace spikeloop::engine
