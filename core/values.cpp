// SPDX-License-Identifier: Apache-2.0
#include "core/values.hpp"

#include <algorithm>
#include <cmath>

#include "core/errors.hpp"
#include "core/random.hpp"

namespace spikeloop {
namespace {

constexpr std::uint64_t kAttemptStride = 0x9E3779B97F4A7C15ull;
constexpr int kMaxAttempts = 1000;

double draw_unbounded(const Value& value, std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  struct Visitor {
    std::uint64_t seed, stream, index;
    double operator()(const Constant& v) const { return v.value; }
    double operator()(const Normal& v) const { return v.mean + v.std * random_normal(seed, stream, index); }
    double operator()(const Uniform& v) const { return v.low + (v.high - v.low) * random_unit(seed, stream, index); }
    double operator()(const LogNormal& v) const { return std::exp(v.mean_log + v.std_log * random_normal(seed, stream, index)); }
    double operator()(const Exponential& v) const { return -v.mean * std::log1p(-random_unit(seed, stream, index)); }
    double operator()(const Listed& v) const { return v.values->at(index); }
    double operator()(const Identity&) const { throw BugError("identity is not drawn by index"); }
    double operator()(const ForwardProduct&) const { throw BugError("a forward product is not drawn by index"); }
  };
  return std::visit(Visitor{seed, stream, index}, value.kind);
}

bool inside(const Bounds& bounds, double x) { return (!bounds.min || x >= *bounds.min) && (!bounds.max || x <= *bounds.max); }

}  // namespace

bool is_constant(const Value& value) { return std::holds_alternative<Constant>(value.kind); }

double draw(const Value& value, std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  double x = draw_unbounded(value, seed, stream, index);
  if (value.bounds.redraw)
    for (int attempt = 1; attempt < kMaxAttempts && !inside(value.bounds, x); ++attempt)
      x = draw_unbounded(value, seed, stream + static_cast<std::uint64_t>(attempt) * kAttemptStride, index);
  if (value.bounds.min) x = std::max(x, *value.bounds.min);
  if (value.bounds.max) x = std::min(x, *value.bounds.max);
  return x;
}

}  // namespace spikeloop
