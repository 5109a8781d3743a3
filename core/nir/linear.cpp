// SPDX-License-Identifier: Apache-2.0
#include "core/nir/linear.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/errors.hpp"

namespace spikeloop::nir {
namespace {

constexpr std::size_t kMostParts = 4096;

/// All of one value: that value.
std::vector<double> shortened(std::vector<double> values) {
  if (values.size() > 1 && std::all_of(values.begin(), values.end(), [&](double v) { return v == values.front(); })) values.resize(1);
  return values;
}

LinearMap dense_of(const FlatNode& node) {
  const Array& w = *node.node->parameter("weight");
  const std::uint64_t in = w.shape.back(), out = w.shape[w.shape.size() - 2], n = size_of(w.shape),
                      groups = n / std::max<std::uint64_t>(1, in * out);
  LinearMap map{groups * in, groups * out, DenseMap{}, 1, 0};
  std::vector<double> weights = w.reals();
  if (w.shape.size() == 2) {
    map.kind = DenseMap{std::move(weights)};
    return map;
  }
  SparseMap sparse;  // leading dimensions are blocks that do not mix
  for (std::uint64_t i = 0; i < n; ++i) {
    const std::uint64_t g = i / (in * out), t = i / in % out, s = i % in;
    sparse.entries.push_back({static_cast<std::uint32_t>(g * in + s), static_cast<std::uint32_t>(g * out + t), weights[i], 0});
  }
  map.kind = std::move(sparse);
  return map;
}

/// y_k = w_k x_k, d_k later.
LinearMap diagonal(const FlatNode& node, const std::vector<double>& weights, const std::vector<double>& delays) {
  const std::vector<double> w = shortened(weights), d = shortened(delays);
  LinearMap map{node.size(), node.size(), IdentityMap{}, 1, 0};
  if (w.size() == 1 && d.size() == 1) {
    map.scale = w.front(), map.delay = d.front();
    return map;
  }
  SparseMap sparse;
  for (std::uint32_t i = 0; i < map.sources; ++i)
    sparse.entries.push_back({i, i, w.size() == 1 ? w[0] : w[i], d.size() == 1 ? d[0] : d[i]});
  map.kind = std::move(sparse);
  return map;
}

LinearMap kernel_of(const FlatNode& node) {
  KernelMap k{window_of(*node.node, node.in_shape), {}};
  const Window& w = k.window;
  if (const Array* weight = node.node->parameter("weight"))
    k.weights = weight->reals();
  else
    k.weights = {node.type() == "AvgPool2d" ? 1.0 / (static_cast<double>(w.kernel[0]) * w.kernel[1]) : 1.0};
  return {w.in[0] * w.in[1] * w.in[2], w.out[0] * w.out[1] * w.out[2], std::move(k), 1, 0};
}

void for_each_tap(const KernelMap& k, const LinearMap& map, const std::function<void(std::uint64_t, std::uint64_t, double, double)>& each) {
  const Window& w = k.window;
  const std::uint64_t in_channels = w.in[0] / w.groups, out_channels = w.out[0] / w.groups;
  std::uint64_t target = 0;
  for (std::uint64_t o = 0; o < w.out[0]; ++o)
    for (std::uint64_t y = 0; y < w.out[1]; ++y)
      for (std::uint64_t x = 0; x < w.out[2]; ++x, ++target)
        for (std::uint64_t c = 0; c < in_channels; ++c)
          for (std::uint64_t i = 0; i < w.kernel[0]; ++i)
            for (std::uint64_t j = 0; j < w.kernel[1]; ++j) {
              const std::uint64_t row = y * w.stride[0] + i * w.dilation[0], column = x * w.stride[1] + j * w.dilation[1];  // padded
              if (row < w.padding[0] || row - w.padding[0] >= w.in[1] || column < w.padding[1] || column - w.padding[1] >= w.in[2])
                continue;
              const std::uint64_t channel = o / out_channels * in_channels + c;
              const std::uint64_t source = (channel * w.in[1] + row - w.padding[0]) * w.in[2] + column - w.padding[1];
              each(source, target, map.scale * kernel_weight(k, o, c, i, j), map.delay);
            }
}

/// Nothing of `first`'s result beyond its edges is more than the zeros that `second` pads it with.
bool edges_fit(const Window& a, const Window& b) {
  for (std::size_t i = 0; i < 2; ++i) {
    if (b.padding[i] == 0) continue;
    const std::uint64_t reach = std::uint64_t{a.dilation[i]} * (a.kernel[i] - 1);
    if (a.stride[i] + a.padding[i] <= reach || a.out[i + 1] * a.stride[i] < a.in[i + 1] + a.padding[i]) return false;
  }
  return true;
}

/// One kernel for two, or nothing where there is none: one of them must leave channels alone.
bool merge_kernels(const KernelMap& a, const KernelMap& b, KernelMap& out) {
  const Window &u = a.window, &v = b.window;
  const auto channelwise = [](const Window& w) { return w.groups == w.in[0] && w.groups == w.out[0]; };
  if ((!channelwise(u) && !channelwise(v)) || !edges_fit(u, v)) return false;
  Window& w = out.window;
  w = u;
  w.out = v.out;
  w.groups = channelwise(u) ? v.groups : u.groups;
  w.dilation = {1, 1};
  for (std::size_t i = 0; i < 2; ++i) {
    w.kernel[i] = v.dilation[i] * u.stride[i] * (v.kernel[i] - 1) + u.dilation[i] * (u.kernel[i] - 1) + 1;
    w.stride[i] = u.stride[i] * v.stride[i];
    w.padding[i] = u.padding[i] + v.padding[i] * u.stride[i];
  }
  const std::uint64_t in = w.in[0] / w.groups, taps = std::uint64_t{w.kernel[0]} * w.kernel[1];
  size_of({w.out[0], in, taps});
  out.weights.assign(w.out[0] * in * taps, 0.0);
  for (std::uint64_t o = 0; o < w.out[0]; ++o)
    for (std::uint64_t c = 0; c < in; ++c)
      for (std::uint64_t p = 0; p < std::uint64_t{v.kernel[0]} * v.kernel[1]; ++p)
        for (std::uint64_t q = 0; q < std::uint64_t{u.kernel[0]} * u.kernel[1]; ++q) {
          const std::uint64_t pi = p / v.kernel[1], pj = p % v.kernel[1], qi = q / u.kernel[1], qj = q % u.kernel[1];
          const std::uint64_t row = pi * v.dilation[0] * u.stride[0] + qi * u.dilation[0],
                              column = pj * v.dilation[1] * u.stride[1] + qj * u.dilation[1];
          const double first = channelwise(u) ? kernel_weight(a, o / (v.out[0] / v.groups) * (v.in[0] / v.groups) + c, 0, qi, qj)
                                              : kernel_weight(a, o, c, qi, qj);
          const double second = channelwise(u) ? kernel_weight(b, o, c, pi, pj) : kernel_weight(b, o, 0, pi, pj);
          out.weights[((o * in + c) * w.kernel[0] + row) * w.kernel[1] + column] += first * second;
        }
  out.weights = shortened(std::move(out.weights));
  return true;
}

bool has_own_delays(const LinearMap& map) {
  const auto* s = std::get_if<SparseMap>(&map.kind);
  return s && std::any_of(s->entries.begin(), s->entries.end(), [&](const auto& e) { return e.delay != s->entries.front().delay; });
}

DenseMap dense_product(const LinearMap& first, const LinearMap& second) {
  size_of({first.sources, second.targets});
  DenseMap product{std::vector<double>(first.sources * second.targets, 0.0)};
  if (const auto* b = std::get_if<DenseMap>(&second.kind)) {
    for_each_weight(first, [&](std::uint64_t s, std::uint64_t m, double w, double) {
      for (std::uint64_t t = 0; t < second.targets; ++t)
        product.weights[t * first.sources + s] += second.scale * b->weights[t * second.sources + m] * w;
    });
    return product;
  }
  const auto& a = std::get<DenseMap>(first.kind);
  for_each_weight(second, [&](std::uint64_t m, std::uint64_t t, double w, double) {
    for (std::uint64_t s = 0; s < first.sources; ++s)
      product.weights[t * first.sources + s] += first.scale * a.weights[m * first.sources + s] * w;
  });
  return product;
}

SparseMap sparse_product(const LinearMap& first, const LinearMap& second) {
  std::vector<std::vector<SparseMap::Entry>> onward(second.sources);
  std::uint64_t n = 0;
  for_each_weight(second, [&](std::uint64_t m, std::uint64_t t, double w, double d) {
    if (++n > kMostValues) throw NodeFault("would be unrolled into too many weights");
    onward[m].push_back({0, static_cast<std::uint32_t>(t), w, d});
  });
  SparseMap product;
  for_each_weight(first, [&](std::uint64_t s, std::uint64_t m, double w, double d) {
    for (const auto& e : onward[m]) product.entries.push_back({static_cast<std::uint32_t>(s), e.target, w * e.weight, d + e.delay});
    if (product.entries.size() > kMostValues) throw NodeFault("would be unrolled into too many weights");
  });
  const auto key = [](const SparseMap::Entry& e) { return std::tuple(e.source, e.target, e.delay); };
  std::sort(product.entries.begin(), product.entries.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  std::vector<SparseMap::Entry> merged;
  for (const auto& e : product.entries)
    if (!merged.empty() && key(merged.back()) == key(e))
      merged.back().weight += e.weight;
    else
      merged.push_back(e);
  product.entries = std::move(merged);
  return product;
}

}  // namespace

LinearMap linear_map(const FlatNode& node) {
  const std::string& type = node.type();
  if (type == "Linear" || type == "Affine") return dense_of(node);
  if (type == "Scale") return diagonal(node, per_neuron(node, "scale"), {0});
  if (type == "Delay") {
    const std::vector<double> delays = per_neuron(node, "delay");
    if (std::any_of(delays.begin(), delays.end(), [](double d) { return d < 0; })) throw NodeFault("has a delay below 0");
    return diagonal(node, {1}, delays);
  }
  if (type.starts_with("Conv") || type.ends_with("Pool2d")) return kernel_of(node);
  return {node.size(), node.size(), IdentityMap{}, 1, 0};  // ports, Output, Flatten
}

std::vector<double> linear_bias(const FlatNode& node) {
  const Array* a = node.node->parameter("bias");
  if (a == nullptr || !(node.type() == "Affine" || node.type().starts_with("Conv"))) return {};  // elsewhere the name means nothing
  const std::vector<double> b = a->reals();
  std::vector<double> bias(node.size());
  if (b.empty() || bias.empty()) return {};
  const std::uint64_t each =
      node.type() == "Affine" ? 1 : bias.size() / node.shape.front();  // values of an image share that of the channel
  for (std::size_t i = 0; i < bias.size(); ++i) bias[i] = b[i / each % b.size()];
  return bias;
}

LinearMap compose(const LinearMap& first, const LinearMap& second) {
  LinearMap map{first.sources, second.targets, IdentityMap{}, first.scale * second.scale, first.delay + second.delay};
  if (std::holds_alternative<IdentityMap>(first.kind)) {
    map.kind = second.kind;
    return map;
  }
  if (std::holds_alternative<IdentityMap>(second.kind)) {
    map.kind = first.kind;
    return map;
  }
  const bool dense = std::holds_alternative<DenseMap>(first.kind) || std::holds_alternative<DenseMap>(second.kind);
  const auto *a = std::get_if<KernelMap>(&first.kind), *b = std::get_if<KernelMap>(&second.kind);
  KernelMap kernel;
  if (dense && !has_own_delays(first) && !has_own_delays(second)) {
    map.kind = dense_product(first, second);
    const auto delay_of = [](const LinearMap& m) {
      const auto* s = std::get_if<SparseMap>(&m.kind);
      return s && !s->entries.empty() ? s->entries.front().delay : 0;
    };
    map.delay += delay_of(first) + delay_of(second);
    map.scale = 1;
  } else if (a && b && merge_kernels(*a, *b, kernel)) {
    map.kind = std::move(kernel);
  } else {
    map.kind = sparse_product(first, second);
    map.scale = 1, map.delay = 0;  // in the entries
  }
  return map;
}

void for_each_weight(const LinearMap& map, const std::function<void(std::uint64_t, std::uint64_t, double, double)>& each) {
  if (const auto* d = std::get_if<DenseMap>(&map.kind)) {
    for (std::uint64_t t = 0; t < map.targets; ++t)
      for (std::uint64_t s = 0; s < map.sources; ++s) each(s, t, map.scale * d->weights[t * map.sources + s], map.delay);
  } else if (const auto* k = std::get_if<KernelMap>(&map.kind)) {
    for_each_tap(*k, map, each);
  } else if (const auto* s = std::get_if<SparseMap>(&map.kind)) {
    for (const auto& e : s->entries) each(e.source, e.target, map.scale * e.weight, map.delay + e.delay);
  } else {
    for (std::uint64_t i = 0; i < map.sources; ++i) each(i, i, map.scale, map.delay);
  }
}

void apply(const LinearMap& map, std::span<const double> x, std::span<double> y) {
  if (const auto* d = std::get_if<DenseMap>(&map.kind)) {  // most values of x are 0: they are spikes
    for (std::uint64_t s = 0; s < map.sources; ++s)
      if (x[s] != 0)
        for (std::uint64_t t = 0; t < map.targets; ++t) y[t] += map.scale * d->weights[t * map.sources + s] * x[s];
    return;
  }
  for_each_weight(map, [&](std::uint64_t s, std::uint64_t t, double w, double) { y[t] += w * x[s]; });
}

namespace {

class Follower {
 public:
  explicit Follower(const FlatGraph& graph) : graph_(graph), busy_(graph.nodes.size()) {}

  Inflow inflow(std::size_t node) {
    Inflow all;
    all.bias.assign(graph_.nodes[node].in_shape.empty() ? graph_.nodes[node].size() : size_of(graph_.nodes[node].in_shape), 0.0);
    for (const std::size_t s : graph_.sources[node]) {
      const FlatNode& n = graph_.nodes[s];
      const NodeType* type = node_type(n.type());
      if (type->keeps_state || n.type() == "Threshold" || (n.type() == "Input" && !n.port)) {
        all.parts.push_back({s, {n.size(), n.size(), IdentityMap{}, 1, 0}});
        continue;
      }
      if (busy_[s]) throw NodeFault(fmt::format("is in a cycle without a neuron, through \"{}\"", n.name));
      busy_[s] = true;
      const LinearMap map = linear_map(n);
      Inflow before = inflow(s);
      if (before.bias.size() != map.sources) before.bias.assign(map.sources, 0.0);  // nothing leads to it, so that its shape did not tell
      for (const Inflow::Part& p : before.parts) all.parts.push_back({p.source, compose(p.map, map)});
      apply(map, before.bias, all.bias);
      const std::vector<double> own = linear_bias(n);
      for (std::size_t i = 0; i < own.size(); ++i) all.bias[i] += own[i];
      busy_[s] = false;
      if (all.parts.size() > kMostParts) throw NodeFault(fmt::format("is reached on more than {} paths", kMostParts));
    }
    return all;
  }

 private:
  const FlatGraph& graph_;
  std::vector<bool> busy_;
};

}  // namespace

Inflow inflow_of(const FlatGraph& graph, std::size_t node) {
  try {
    return Follower(graph).inflow(node);
  } catch (const NodeFault& e) {
    throw DescriptionError(
        {Diagnostic{"node.nodes." + graph.nodes[node].name, fmt::format("or what leads to it {}", e.what()), "", "", 0, 0}});
  }
}

}  // namespace spikeloop::nir
