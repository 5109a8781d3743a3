// SPDX-License-Identifier: Apache-2.0
#include "tests/nir/convolutional.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "tests/nir/support.hpp"

namespace spikeloop::nir::test {
namespace {

/// Values that are not 0, by place.
using Values = std::map<std::size_t, double>;

struct Image {
  std::size_t channels = 0, height = 0, width = 0;
  std::size_t size() const { return channels * height * width; }
};

std::size_t number_of(const Node& node, const char* key, std::size_t axis, std::size_t otherwise) {
  const Array* a = node.parameter(key);
  return a == nullptr ? otherwise : static_cast<std::size_t>(a->reals()[a->size() > 1 ? axis : 0]);
}

/// Kernel, stride and the like along one axis.
struct Axis {
  std::size_t kernel = 1, stride = 1, padding = 0, dilation = 1;

  Axis(const Node& node, std::size_t axis) {
    const bool pool = node.type.ends_with("Pool2d");
    kernel = pool ? number_of(node, "kernel_size", axis, 1) : node.parameter("weight")->shape[2 + axis];
    stride = number_of(node, "stride", axis, pool ? kernel : 1);
    padding = number_of(node, "padding", axis, 0);
    dilation = number_of(node, "dilation", axis, 1);
  }
  std::size_t length(std::size_t in) const { return (in + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1; }
  /// Whether tap `k` carries position `at` to some output, and which.
  bool reaches(std::size_t at, std::size_t k, std::size_t outputs, std::size_t& out) const {
    const std::size_t padded = at + padding, back = k * dilation;
    if (padded < back || (padded - back) % stride != 0) return false;
    out = (padded - back) / stride;
    return out < outputs;
  }
};

/// A node between neurons, as it carries values on.
class Carrier {
 public:
  Carrier(const Node& node, Image in) : node_(&node), in_(in), out_(in) {
    if (node.type == "Linear" || node.type == "Affine") {
      out_ = {1, 1, node.parameter("weight")->shape[0]};
    } else if (is_window()) {
      const Axis rows(node, 0), columns(node, 1);
      out_ = {node.type == "Conv2d" ? node.parameter("weight")->shape[0] : in.channels, rows.length(in.height), columns.length(in.width)};
    }
    if (const Array* w = node.parameter("weight")) weights_ = w->reals();
  }
  Image out() const { return out_; }

  Values carry(const Values& values) const {
    if (is_window()) return through_window(values);
    if (weights_.empty()) return values;  // Flatten
    Values y;
    for (const auto& [place, x] : values)
      for (std::size_t t = 0; t < out_.size(); ++t) y[t] += weights_[t * in_.size() + place] * x;
    return y;
  }

 private:
  bool is_window() const { return node_->type == "Conv2d" || node_->type.ends_with("Pool2d"); }

  Values through_window(const Values& values) const {
    const Axis rows(*node_, 0), columns(*node_, 1);
    const bool pool = weights_.empty();
    const std::size_t groups = pool ? in_.channels : number_of(*node_, "groups", 0, 1);
    const std::size_t own = in_.channels / groups, fed = out_.channels / groups;
    Values y;
    for (const auto& [place, x] : values) {
      const std::size_t channel = place / (in_.height * in_.width), row = place / in_.width % in_.height, column = place % in_.width;
      for (std::size_t o = channel / own * fed; o < (channel / own + 1) * fed; ++o)
        for (std::size_t i = 0; i < rows.kernel; ++i)
          for (std::size_t j = 0; j < columns.kernel; ++j) {
            std::size_t to_row = 0, to_column = 0;
            if (!rows.reaches(row, i, out_.height, to_row) || !columns.reaches(column, j, out_.width, to_column)) continue;
            double w = node_->type == "AvgPool2d" ? 1.0 / static_cast<double>(rows.kernel * columns.kernel) : 1.0;
            if (!pool) w = weights_[((o * own + channel % own) * rows.kernel + i) * columns.kernel + j];
            y[(o * out_.height + to_row) * out_.width + to_column] += w * x;
          }
    }
    return y;
  }

  const Node* node_;
  Image in_, out_;
  std::vector<double> weights_;
};

/// Neurons with what lies before them.
struct Layer {
  std::vector<Carrier> carriers;
  std::vector<double> v;
  double r = 1, threshold = 0, v_reset = 0;
  std::map<Time, Values> due;
};

std::vector<Layer> layers_of(const Graph& chain) {
  std::vector<Layer> layers;
  std::vector<Carrier> carriers;
  Image image;
  for (const Node& n : chain.nodes) {
    if (n.type == "Input") {
      const std::vector<double> s = n.parameter("shape")->reals();
      image = {static_cast<std::size_t>(s[0]), static_cast<std::size_t>(s[1]), static_cast<std::size_t>(s[2])};
    } else if (n.type == "IF") {
      layers.push_back({std::move(carriers),
                        std::vector<double>(image.size(), 0.0),
                        n.parameter("r")->reals()[0],
                        n.parameter("v_threshold")->reals()[0],
                        n.parameter("v_reset")->reals()[0],
                        {}});
      carriers.clear();
    } else if (n.type != "Output") {
      carriers.emplace_back(n, image);
      image = carriers.back().out();
    }
  }
  return layers;
}

void send(Layer& layer, const Values& spikes, Time due) {
  Values values = spikes;
  for (const Carrier& c : layer.carriers) values = c.carry(values);
  for (const auto& [place, x] : values) layer.due[due][place] += x;
}

}  // namespace

std::vector<double> dyadic(std::mt19937& random, std::size_t n, double low, double high, double grid) {
  const auto first = static_cast<std::int64_t>(low / grid), last = static_cast<std::int64_t>(high / grid);
  std::vector<double> values(n);
  for (double& v : values) v = grid * static_cast<double>(first + static_cast<std::int64_t>(random() % (last - first + 1)));
  return values;
}

std::vector<PlainSpike> plain_run(const Graph& chain, const std::vector<PlainEvent>& events, Time until, bool subtract) {
  constexpr Time kHop = 1;
  std::vector<Layer> layers = layers_of(chain);
  std::map<Time, Values> inputs;
  for (const PlainEvent& e : events) inputs[e.time][e.input] += 1;
  for (const auto& [time, values] : inputs) send(layers[0], values, time + kHop);
  std::vector<PlainSpike> spikes;
  for (std::size_t l = 0; l < layers.size(); ++l) {  // nothing comes back: layer after layer
    Layer& layer = layers[l];
    while (!layer.due.empty() && layer.due.begin()->first < until) {
      const auto [now, values] = *layer.due.begin();
      layer.due.erase(layer.due.begin());
      Values fired;
      for (const auto& [place, x] : values) {
        double& v = layer.v[place];
        v += layer.r * x;
        if (v <= layer.threshold) continue;
        v = subtract ? v - layer.threshold : layer.v_reset;
        fired[place] = 1;
        spikes.push_back({now, l, static_cast<std::uint32_t>(place)});
        if (v > layer.threshold) layer.due[now + 1][place] += 0;  // still above it: again at the next tick
      }
      if (l + 1 < layers.size() && !fired.empty()) send(layers[l + 1], fired, now + kHop);
    }
  }
  std::sort(spikes.begin(), spikes.end());
  return spikes;
}

Graph nmnist_network() {
  std::mt19937 random(7);
  const auto conv = [&](const char* name, std::uint64_t out, std::uint64_t in, std::uint64_t kernel, std::int64_t stride) {
    return node(name, "Conv2d",
                {{"weight", reals({out, in, kernel, kernel}, dyadic(random, out * in * kernel * kernel, -0.5, 1))},
                 {"bias", reals({out}, std::vector<double>(out, 0.0))},
                 {"stride", integers({2}, {stride, stride})},
                 {"padding", integers({2}, {1, 1})},
                 {"dilation", integers({2}, {1, 1})},
                 {"groups", integers({}, {1})}});
  };
  const auto dense = [&](const char* name, std::uint64_t out, std::uint64_t in) {
    return node(name, "Linear", {{"weight", reals({out, in}, dyadic(random, out * in, -0.5, 1))}});
  };
  const auto fire = [](const char* name, double threshold) {
    return node(name, "IF", {{"r", reals({}, {1})}, {"v_threshold", reals({}, {threshold})}, {"v_reset", reals({}, {0})}});
  };
  const auto pool = [](const char* name) {
    return node(name, "SumPool2d",
                {{"kernel_size", integers({2}, {2, 2})}, {"stride", integers({2}, {2, 2})}, {"padding", integers({2}, {0, 0})}});
  };
  return chain({node("input", "Input", {{"shape", integers({3}, {2, 34, 34})}}), conv("conv1", 16, 2, 5, 2), fire("if1", 17),
                conv("conv2", 16, 16, 3, 1), fire("if2", 29), pool("pool1"), conv("conv3", 8, 16, 3, 1), fire("if3", 16.5), pool("pool2"),
                node("flat", "Flatten", {{"start_dim", integers({}, {0})}, {"end_dim", integers({}, {-1})}}), dense("fc1", 256, 128),
                fire("if4", 62), dense("fc2", 10, 256), fire("if5", 1.5), node("output", "Output", {{"shape", integers({1}, {10})}})});
}

}  // namespace spikeloop::nir::test
