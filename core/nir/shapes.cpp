// SPDX-License-Identifier: Apache-2.0
#include "core/nir/shapes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace spikeloop::nir {
namespace {

const Array& need(const Node& node, const std::string& key) {
  const Array* a = node.parameter(key);
  if (a == nullptr) throw NodeFault(fmt::format("has no {}", key));
  return *a;
}

Shape shape_parameter(const Node& node, const std::string& key) {
  Shape shape;
  for (const double x : need(node, key).reals()) {
    if (!(x >= 1 && x <= 1e9)) throw NodeFault(fmt::format("has {} {}; each must be at least 1", key, x));
    shape.push_back(static_cast<std::uint64_t>(x));
  }
  if (shape.empty()) shape = {1};
  size_of(shape);
  return shape;
}

void expect_size(const Shape& in, std::uint64_t wanted) {
  if (!in.empty() && size_of(in) != wanted) throw NodeFault(fmt::format("takes {} values, and gets {}", wanted, to_text(in)));
}

Shape linear_shape(const Node& node, const Shape& in) {
  const Array& w = need(node, "weight");
  if (w.shape.size() < 2) throw NodeFault(fmt::format("has a weight of shape {}; it needs two dimensions, (out, in)", to_text(w.shape)));
  Shape out(w.shape.begin(), w.shape.end() - 1);
  Shape wanted = w.shape;
  wanted.erase(wanted.end() - 2);
  expect_size(in, size_of(wanted));
  if (const Array* b = node.parameter("bias"); b && b->size() != size_of(out) && b->size() != 1 && b->size() != out.back())
    throw NodeFault(fmt::format("has a bias of shape {}, and gives {}", to_text(b->shape), to_text(out)));
  return out;
}

/// Padding may be a text: "valid" is none, "same" keeps the size (strides of 1).
std::array<std::uint32_t, 2> padding_of(const Node& node, const Window& w, std::size_t axes) {
  const Array* p = node.parameter("padding");
  if (p == nullptr || !p->is_text()) {
    const auto n = per_axis(node, "padding", axes, 0);
    for (const std::int64_t x : n)
      if (x < 0 || x > 1 << 20) throw NodeFault(fmt::format("has the padding {}", x));
    return {axes == 2 ? static_cast<std::uint32_t>(n[0]) : 0, static_cast<std::uint32_t>(n.back())};
  }
  const auto& texts = std::get<std::vector<std::string>>(p->values);
  const std::string text = texts.empty() ? "" : texts.front();
  if (text == "valid") return {0, 0};
  if (text != "same") throw NodeFault(fmt::format("has the padding \"{}\"; write numbers, \"same\" or \"valid\"", text.substr(0, 40)));
  std::array<std::uint32_t, 2> same{};
  for (std::size_t i = 0; i < 2; ++i) {
    const std::uint32_t reach = w.dilation[i] * (w.kernel[i] - 1);
    if (w.stride[i] != 1 || reach % 2 != 0)
      throw NodeFault("has the padding \"same\" with a stride, or with a kernel of even size; write the padding as numbers");
    same[i] = reach / 2;
  }
  return same;
}

std::array<std::uint32_t, 2> two(const Node& node, const std::string& key, std::size_t axes, std::int64_t fallback) {
  const auto n = per_axis(node, key, axes, fallback);
  for (const std::int64_t x : n)
    if (x < 1 || x > 1 << 20) throw NodeFault(fmt::format("has the {} {}; it must be at least 1", key, x));
  return {axes == 2 ? static_cast<std::uint32_t>(n[0]) : 1, static_cast<std::uint32_t>(n.back())};
}

void set_kernel(Window& w, const Node& node, std::size_t axes) {
  if (node.type == "Conv1d" || node.type == "Conv2d") {
    const Array& weight = need(node, "weight");
    if (weight.shape.size() != axes + 2) throw NodeFault(fmt::format("has a weight of shape {}", to_text(weight.shape)));
    for (std::size_t i = 0; i < weight.shape.size(); ++i)
      if (weight.shape[i] == 0 || weight.shape[i] > 1 << 20)
        throw NodeFault(fmt::format("has a weight of shape {}", to_text(weight.shape)));
    w.kernel = {axes == 2 ? static_cast<std::uint32_t>(weight.shape[2]) : 1, static_cast<std::uint32_t>(weight.shape.back())};
    w.stride = two(node, "stride", axes, 1), w.dilation = two(node, "dilation", axes, 1);
    w.groups = static_cast<std::uint32_t>(two(node, "groups", 1, 1)[1]);
    w.out[0] = weight.shape[0], w.in[0] = weight.shape[1] * w.groups;
    if (w.out[0] % w.groups != 0) throw NodeFault(fmt::format("has {} output channels in {} groups", w.out[0], w.groups));
    if (const Array* b = node.parameter("bias"); b && b->size() != w.out[0] && b->size() != 1)
      throw NodeFault(fmt::format("has a bias of shape {}, and {} output channels", to_text(b->shape), w.out[0]));
  } else {
    w.kernel = two(node, "kernel_size", axes, 1);
    w.stride = node.parameter("stride") ? two(node, "stride", axes, 1) : w.kernel;
  }
  w.padding = padding_of(node, w, axes);
}

Shape neuron_shape(const Node& node, const Shape& in) {
  Shape shape;
  for (const auto& [key, a] : node.parameters) {
    if (a.is_text()) throw NodeFault(fmt::format("has a text as {}", key));
    if (a.size() == 0) throw NodeFault(fmt::format("has no value in {}", key));
    if (a.size() > 1 && shape.empty()) shape = a.shape;
    if (a.size() > 1 && a.shape != shape)
      throw NodeFault(fmt::format("has parameters of shapes {} and {}", to_text(shape), to_text(a.shape)));
  }
  if (shape.empty()) return in;  // single values, for as many as come
  expect_size(in, size_of(shape));
  return shape;
}

Shape flatten_shape(const Node& node, Shape in) {
  if (in.empty() && node.parameter("input_type")) in = shape_parameter(node, "input_type");
  if (in.empty()) return {};
  const auto rank = static_cast<std::int64_t>(in.size());
  std::int64_t start = per_axis(node, "start_dim", 1, 0).front(), end = per_axis(node, "end_dim", 1, -1).front();
  if (start < 0) start += rank;
  if (end < 0) end += rank;
  if (start < 0 || end >= rank || start > end)
    throw NodeFault(fmt::format("flattens the dimensions {} to {} of {}", start, end, to_text(in)));
  Shape out(in.begin(), in.begin() + start);
  out.push_back(1);
  for (std::int64_t i = start; i <= end; ++i) out.back() *= in[static_cast<std::size_t>(i)];
  out.insert(out.end(), in.begin() + end + 1, in.end());
  return out;
}

}  // namespace

std::string to_text(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

std::uint64_t size_of(const Shape& shape) {
  std::uint64_t n = 1;
  for (const std::uint64_t d : shape) {
    if (d != 0 && n > kMostValues / d) throw NodeFault(fmt::format("is of shape {}: more than {} values", to_text(shape), kMostValues));
    n *= d;
  }
  return n;
}

Window kernel_of(const Node& node) {
  Window w;
  set_kernel(w, node, node.type == "Conv1d" ? 1 : 2);
  return w;
}

Window window_of(const Node& node, const Shape& in) {
  const std::size_t axes = node.type == "Conv1d" ? 1 : 2;
  Window w = kernel_of(node);
  const bool pool = w.in[0] == 0;
  if (in.size() == axes + 1) {
    if (!pool && in[0] != w.in[0]) throw NodeFault(fmt::format("takes {} channels, and gets {}", w.in[0], to_text(in)));
    w.in = {in[0], axes == 2 ? in[1] : 1, in.back()};
  } else if (in.size() == axes && (pool || w.in[0] == 1)) {  // without channels
    w.in = {1, axes == 2 ? in[0] : 1, in.back()};
  } else {
    throw NodeFault(fmt::format("needs channels and {}, and gets {}", axes == 2 ? "an image" : "a line", to_text(in)));
  }
  if (pool) w.out[0] = w.in[0], w.groups = static_cast<std::uint32_t>(w.in[0]);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::uint64_t padded = w.in[i + 1] + 2 * std::uint64_t{w.padding[i]},
                        reach = std::uint64_t{w.dilation[i]} * (w.kernel[i] - 1) + 1;
    if (padded < reach) throw NodeFault(fmt::format("has a kernel that is larger than its input {}", to_text(in)));
    w.out[i + 1] = (padded - reach) / w.stride[i] + 1;
  }
  return w;
}

Shape shape_of(const Node& node, const Shape& in) {
  const std::string& type = node.type;
  if (type == "Input" || type == "Output") {
    const Shape shape = shape_parameter(node, "shape");
    if (!in.empty()) expect_size(in, size_of(shape));
    return shape;
  }
  if (type == "Linear" || type == "Affine") return linear_shape(node, in);
  if (type == "Flatten") return flatten_shape(node, in);
  if (type == "Scale" || type == "Delay" || type == "Threshold") return neuron_shape(node, in);
  if (const NodeType* t = node_type(type); t && t->keeps_state) return neuron_shape(node, in);
  Shape from = in;  // convolutions and pools
  if (from.empty() && node.parameter("input_shape")) {
    from = shape_parameter(node, "input_shape");
    const Array& w = need(node, "weight");
    if (w.shape.size() > 1) from.insert(from.begin(), w.shape[1] * static_cast<std::uint64_t>(per_axis(node, "groups", 1, 1).front()));
  }
  if (from.empty()) return {};
  const Window w = window_of(node, from);
  Shape out = type == "Conv1d" ? Shape{w.out[0], w.out[2]} : Shape(w.out.begin(), w.out.end());
  size_of(out);
  return out;
}

}  // namespace spikeloop::nir
