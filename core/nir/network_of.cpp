// SPDX-License-Identifier: Apache-2.0
#include "core/nir/network_of.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/errors.hpp"
#include "core/nir/linear.hpp"
#include "core/nir/neurons.hpp"

namespace spikeloop::nir {
namespace {

/// Sums of so many bits are exact in the engine's float32 inputs, with a little room for spikes that coincide.
constexpr int kExactBits = 22;

Value listed(std::vector<double> values) { return {Listed{std::make_shared<const std::vector<double>>(std::move(values))}, {}}; }

bool all_equal(const std::vector<double>& v) {
  return std::all_of(v.begin(), v.end(), [&](double x) { return x == v.front(); });
}

/// How much of each weight reaches each target: one projection of a map in each of its uses.
struct Use {
  Port port = Port::kBasal;
  double sign = 1;
  Time delay = 0;  ///< on top of the map's
};

class Builder {
 public:
  Builder(const FlatGraph& graph, const Conventions& conventions, std::optional<Time> sample_every)
      : graph_(graph), c_(conventions), sample_every_(sample_every) {}

  NirNetwork run() {
    d().resolution = kNanosecond;
    for (const FlatNode& n : graph_.nodes) {
      if (n.type() == "Threshold")
        fault(n, "is a step function of a continuous signal, which has no events", "run it as a stepped tool would, with --as");
      if (n.type() == "Input" && !n.port) add_input(n);
    }
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
      if (node_type(graph_.nodes[i].type())->keeps_state) add_neurons(i);
    for (const std::size_t o : graph_.outputs) add_output(o);
    if (!faults_.empty()) throw DescriptionError(std::move(faults_));
    for (Population& p : d().populations)
      if (const auto image = images_.find(p.name); image != images_.end()) p.shape = image->second;
    return std::move(result_);
  }

 private:
  NetworkDescription& d() { return result_.description; }
  void note(std::string text) { result_.notes.push_back(std::move(text)); }
  void fault(const FlatNode& n, std::string what, std::string suggestion) {
    faults_.push_back({"node.nodes." + n.name, std::move(what), std::move(suggestion), "", 0, 0});
  }

  void add_input(const FlatNode& n) {
    d().populations.push_back({n.name, n.shape, SourceModel{ExternalSource{}}, {}, {}});
    d().probes.push_back({"", n.name, "", Probe::Variable::kSpikes, 0, 1});
  }

  void add_neurons(std::size_t index) {
    const FlatNode& n = graph_.nodes[index];
    const Inflow inflow = inflow_of(graph_, index);
    const bool one_bias = inflow.bias.empty() || all_equal(inflow.bias);
    Neurons neurons = neurons_of(n, c_, one_bias ? inflow.bias : std::vector<double>(n.size(), 0.0));
    Population p{n.name, n.shape, neurons.models.front(), Value{Constant{0}, {}}, {}};
    if (!std::all_of(neurons.models.begin(), neurons.models.end(), [&](const auto& m) { return equal(m, neurons.models.front()); }))
      result_.own.emplace(n.name, neurons.models);
    d().populations.push_back(std::move(p));
    if (node_type(n.type())->spikes) d().probes.push_back({"", n.name, "", Probe::Variable::kSpikes, 0, 1});
    if (sample_every_) d().probes.push_back({"", n.name, "", Probe::Variable::kPotential, 0, to_ms(*sample_every_)});
    add_bias(n, inflow.bias, neurons, one_bias);
    const double grid = grid_of(n, inflow, neurons);
    for (const Inflow::Part& part : inflow.parts) add_projections(n, part, neurons, grid);
  }

  /// A constant input that differs between neurons; through a synaptic current it sets in with that one's time constant.
  void add_bias(const FlatNode& n, const std::vector<double>& bias, const Neurons& neurons, bool in_models) {
    if (std::all_of(bias.begin(), bias.end(), [](double b) { return b == 0; })) return;
    std::vector<double> weights(bias.size());
    for (std::size_t i = 0; i < bias.size(); ++i) weights[i] = bias[i] * neurons.current[i];
    const auto add = [&](const std::string& name, SourceModel source, std::vector<double> w) {
      d().populations.push_back({name, {1}, std::move(source), {}, {}});
      d().projections.push_back({"", name, n.name, Port::kBasal, AllToAll{}, listed(std::move(w)), 1, {Constant{1e-6}, {}}, "", ""});
    };
    if (!in_models) add(n.name + ".bias", CurrentSource{{{0, 1.0}}}, weights);
    if (!neurons.synaptic) return;
    for (double& w : weights) w = -w;
    add(n.name + ".bias_onset", SpikeListSource{{{0, 0}}}, weights);
  }

  /// The grid that weights of rectangular pulses are rounded to, so that every sum of them is exact and taking a current back leaves
  /// nothing.
  double grid_of(const FlatNode& n, const Inflow& inflow, const Neurons& neurons) {
    if (c_.pulse != Pulse::kRect) return 0;
    std::vector<double> sum(n.size(), 0.0);
    for (const Inflow::Part& part : inflow.parts)
      for_each_weight(part.map, [&](std::uint64_t, std::uint64_t t, double w, double) { sum[t] += 2 * std::abs(w * neurons.current[t]); });
    const double most = sum.empty() ? 0 : *std::max_element(sum.begin(), sum.end());
    return most > 0 ? std::exp2(std::ceil(std::log2(most)) - kExactBits) : 0;
  }

  void add_projections(const FlatNode& n, const Inflow::Part& part, const Neurons& neurons, double grid) {
    const FlatNode& source = graph_.nodes[part.source];
    if (!(source.type() == "Input" || node_type(source.type())->spikes)) {
      if (source.type() != "Threshold")
        fault(n, fmt::format("takes the potential of \"{}\", a continuous signal that has no events", source.name),
              "run it as a stepped tool would, with --as");
      return;
    }
    std::vector<Use> uses;
    const Time dt = c_.dt_ns();
    if (c_.pulse != Pulse::kRect)
      uses = {{Port::kBasal, 1, 0}};
    else if (neurons.synaptic)  // a step of input gives I = w (1 - exp(-t / tau_syn)): a lasting current less a decaying one
      uses = {{Port::kApical, 1, 0}, {Port::kBasal, -1, 0}, {Port::kApical, -1, dt}, {Port::kBasal, 1, dt}};
    else
      uses = {{Port::kApical, 1, 0}, {Port::kApical, -1, dt}};
    std::vector<double> gain = c_.pulse == Pulse::kRect ? neurons.current : neurons.jump;
    if (c_.pulse == Pulse::kDiracStep)
      for (double& g : gain) g *= *c_.dt;
    const Projection base = projection(source, n, part.map, gain, grid);
    if (const auto* pairs = std::get_if<Pairs>(&base.connect); pairs && pairs->sources->empty()) {  // e.g. windows that see only padding
      note(fmt::format("from \"{}\" to \"{}\": no weight but 0, so that they are not connected", source.name, n.name));
      return;
    }
    if (uses.size() > 1 && !std::exchange(pulses_noted_, true))
      note(
          "a rectangular pulse sets a current and takes it back: 2 synaptic events for each spike and synapse (4 where the neuron has a "
          "synaptic "
          "current), and operations and energy count all of them");
    for (const Use& use : uses) {
      Projection p = base;
      p.port = use.port;
      p.weight_scale = use.sign;
      delay(p, part.map, use.delay);
      p.name = name_of(default_name(p));
      d().projections.push_back(std::move(p));
    }
  }

  std::string name_of(const std::string& wanted) {
    const std::size_t n = ++taken_[wanted];
    return n == 1 ? wanted : fmt::format("{}#{}", wanted, n);
  }

  /// At least one tick.
  void delay(Projection& p, const LinearMap& map, Time more) const {
    const auto whole = [&](double file_delay) { return to_ms(std::max(kNanosecond, from_ms(file_delay * c_.unit_ms)) + more); };
    const auto* s = std::get_if<SparseMap>(&map.kind);
    p.delay_ms = {Constant{whole(map.delay + (s && !s->entries.empty() ? s->entries.front().delay : 0))}, {}};
    if (!s || std::all_of(s->entries.begin(), s->entries.end(), [&](const auto& e) { return e.delay == s->entries.front().delay; })) return;
    std::vector<double> delays;
    for (const auto& e : s->entries)
      if (e.weight != 0) delays.push_back(whole(map.delay + e.delay));
    p.delay_ms = listed(std::move(delays));
  }

  /// Ports, signs and delays aside.
  Projection projection(const FlatNode& source, const FlatNode& target, const LinearMap& map, const std::vector<double>& gain,
                        double grid) {
    Projection p;
    p.source = source.name, p.target = target.name;
    const auto rounded = [&](double w) { return grid > 0 ? std::round(w / grid) * grid : w; };
    const bool uniform = all_equal(gain);
    if (const auto* k = std::get_if<KernelMap>(&map.kind); k && uniform && can_be(source, k->window.in) && can_be(target, k->window.out)) {
      make(source, k->window.in), make(target, k->window.out);
      kernel(p, *k, map.scale * gain.front(), rounded);
    } else if (const auto* dense = std::get_if<DenseMap>(&map.kind)) {
      std::vector<float> weights(dense->weights.size());
      for (std::uint64_t t = 0; t < map.targets; ++t)
        for (std::uint64_t s = 0; s < map.sources; ++s)
          weights[s * map.targets + t] = static_cast<float>(rounded(map.scale * dense->weights[t * map.sources + s] * gain[t]));
      p.connect = Tensor{std::make_shared<const std::vector<float>>(std::move(weights)), ""};
    } else if (std::holds_alternative<IdentityMap>(map.kind)) {
      std::vector<double> weights = gain;
      for (double& w : weights) w = rounded(w * map.scale);
      p.connect = OneToOne{};
      p.weight = uniform ? Value{Constant{weights.front()}, {}} : listed(std::move(weights));
    } else {
      single(p, map, gain, rounded);
    }
    return p;
  }

  /// Whether a population can be such an image. Channels of lines (Conv1d) get a row each, unless they are rows of an image already.
  bool can_be(const FlatNode& n, const std::array<std::uint64_t, 3>& image) const {
    const auto seen = images_.find(n.name);
    const Shape& shape = seen == images_.end() ? n.shape : seen->second;
    if (shape == Shape(image.begin(), image.end()) || (image[0] == 1 && shape == Shape{image[1], image[2]})) return true;
    return image[1] == 1 && shape == Shape{image[0], image[2]} && seen == images_.end();
  }
  void make(const FlatNode& n, const std::array<std::uint64_t, 3>& image) {
    const bool lines = n.shape == Shape{image[0], image[2]} && image[1] == 1 && image[0] != 1;
    images_.emplace(n.name, lines ? Shape(image.begin(), image.end()) : n.shape);
  }

  template <class Rounded>
  static void kernel(Projection& p, const KernelMap& k, double gain, const Rounded& rounded) {
    const Window& w = k.window;
    p.connect = Convolution{w.kernel, w.stride, w.padding, w.dilation, w.groups};
    std::vector<double> weights = k.weights;
    for (double& x : weights) x = rounded(x * gain);
    const bool plain_pool =
        w.groups == w.in[0] && w.groups == w.out[0] && w.padding[0] + w.padding[1] == 0 && w.dilation[0] * w.dilation[1] == 1;
    if (plain_pool && weights.size() == 1) p.connect = Pooling{w.kernel, w.stride};
    p.weight = weights.size() == 1 ? Value{Constant{weights.front()}, {}} : listed(std::move(weights));
  }

  template <class Rounded>
  void single(Projection& p, const LinearMap& map, const std::vector<double>& gain, const Rounded& rounded) {
    std::vector<std::uint32_t> sources, targets;
    std::vector<double> weights;
    for_each_weight(map, [&](std::uint64_t s, std::uint64_t t, double w, double) {
      if (w == 0) return;
      sources.push_back(static_cast<std::uint32_t>(s)), targets.push_back(static_cast<std::uint32_t>(t));
      weights.push_back(rounded(w * gain[t]));
    });
    if (!std::holds_alternative<SparseMap>(map.kind) || weights.size() > map.targets)
      note(
          fmt::format("from \"{}\" to \"{}\": {} single weights, for no one kernel or matrix says it", p.source, p.target, weights.size()));
    p.connect = Pairs{std::make_shared<const std::vector<std::uint32_t>>(std::move(sources)),
                      std::make_shared<const std::vector<std::uint32_t>>(std::move(targets))};
    p.weight = listed(std::move(weights));
  }

  void add_output(std::size_t index) {
    for (const Inflow::Part& part : inflow_of(graph_, index).parts) {
      const std::string& name = graph_.nodes[part.source].name;
      if (std::find(result_.outputs.begin(), result_.outputs.end(), name) == result_.outputs.end()) result_.outputs.push_back(name);
      if (!std::holds_alternative<IdentityMap>(part.map.kind))
        note(fmt::format("the Output \"{}\" is a weighted sum of \"{}\", which is shown as it is", graph_.nodes[index].name, name));
    }
  }

  const FlatGraph& graph_;
  const Conventions& c_;
  std::optional<Time> sample_every_;
  NirNetwork result_;
  std::map<std::string, std::size_t> taken_;
  bool pulses_noted_ = false;
  std::map<std::string, Shape> images_;  ///< of populations that a kernel sees
  std::vector<Diagnostic> faults_;
};

}  // namespace

NirNetwork network_of(const FlatGraph& graph, const Conventions& conventions, std::optional<Time> sample_every) {
  return Builder(graph, conventions, sample_every).run();
}

}  // namespace spikeloop::nir
