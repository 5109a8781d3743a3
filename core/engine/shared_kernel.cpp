// SPDX-License-Identifier: Apache-2.0
#include "core/engine/shared_kernel.hpp"

namespace spikeloop::engine {
namespace {

void set_image(const Population& p, std::uint32_t (&image)[3]) {
  const std::size_t rank = p.shape.size();
  image[0] = rank == 2 ? 1 : static_cast<std::uint32_t>(p.shape[0]);
  for (std::size_t i = 0; i < 2; ++i) image[i + 1] = static_cast<std::uint32_t>(p.shape[rank - 2 + i]);
}

}  // namespace

SharedKernel::SharedKernel(const Network& network, const Projection& p, Slice slice) : slice_(slice) {
  set_image(network.populations()[network.population_index(p.source)], in_);
  set_image(network.populations()[network.population_index(p.target)], out_);
  if (const auto* pool = std::get_if<Pooling>(&p.connect))
    c_ = {pool->kernel, pool->stride, {0, 0}, {1, 1}, in_[0]};
  else
    c_ = std::get<Convolution>(p.connect);
  own_ = in_[0] / c_.groups, fed_ = out_[0] / c_.groups;
}

bool keeps_kernel(const Projection& p) {
  return (std::holds_alternative<Convolution>(p.connect) || std::holds_alternative<Pooling>(p.connect)) && is_constant(p.delay_ms) &&
         p.rule.empty();
}

}  // namespace spikeloop::engine
