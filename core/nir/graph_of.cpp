// SPDX-License-Identifier: Apache-2.0
#include "core/nir/graph_of.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "core/engine/synapses.hpp"
#include "core/errors.hpp"

namespace spikeloop::nir {
namespace {

constexpr double kMostWeights = 1e8;

Array reals(std::vector<std::uint64_t> shape, std::vector<double> values, Stored stored = Stored::kFloat64) {
  return {stored, std::move(shape), std::move(values)};
}
Array integers(std::vector<std::uint32_t> values) {
  return {Stored::kInt64, {values.size()}, std::vector<std::int64_t>(values.begin(), values.end())};
}
Array integer(std::int64_t value) { return {Stored::kInt64, {}, std::vector<std::int64_t>{value}}; }

class Exporter {
 public:
  explicit Exporter(const Network& network) : network_(network) {}

  Graph run() {
    graph_.version = "1.0.7";
    if (!network_.controllers().empty()) fault("controllers", "feedback control cannot be said in NIR", "");
    for (std::size_t k = 0; k < network_.projections().size(); ++k) fold_constant(k);
    for (std::size_t i = 0; i < network_.populations().size(); ++i) population(i);
    for (std::size_t k = 0; k < network_.projections().size(); ++k)
      if (!folded_.contains(network_.projections()[k].source)) projection(k);
    for (const auto& [target, bias] : biases_)
      fault(fmt::format("populations[{}]", network_.population_index(target)),
            fmt::format("\"{}\" has a bias of its synaptic current, which NIR has in a matrix only, and none leads to it", target), "");
    if (resets_.size() > 1) fault("populations", "some reset to a value and some subtract: a NIR file has one rule for all", "use one");
    if (!faults_.empty()) throw DescriptionError(std::move(faults_));
    return std::move(graph_);
  }

 private:
  void fault(std::string path, std::string what, std::string suggestion) {
    faults_.push_back({std::move(path), std::move(what), std::move(suggestion), "", 0, 0});
  }
  static Array shape_of(const Population& p) {
    return {Stored::kInt64, {p.shape.size()}, std::vector<std::int64_t>(p.shape.begin(), p.shape.end())};
  }

  /// A current that never changes moves the resting point of neurons with a leak; one that sets in with the time constant of a synaptic
  /// current is such a one and a spike at time 0 that takes the beginning away. Together they are what imported biases are.
  void fold_constant(std::size_t k) {
    const Projection& p = network_.projections()[k];
    const Population &source = network_.populations()[network_.population_index(p.source)],
                     &target = network_.populations()[network_.population_index(p.target)];
    if (!source.is_source() || target.is_source() || p.port != Port::kBasal || !p.rule.empty() || !begins_at_once(p)) return;
    for (const Projection& other : network_.projections())
      if (other.source == p.source && other.target != p.target) return;  // one population for each: no part of it may be left
    const bool synaptic = std::holds_alternative<LifExp>(target.neuron());
    const auto* current = std::get_if<CurrentSource>(&source.source());
    const auto* list = std::get_if<SpikeListSource>(&source.source());
    const bool lasts = current && current->steps.size() == 1 && current->steps[0].time == 0 &&
                       (synaptic || std::holds_alternative<Lif>(target.neuron()) || std::holds_alternative<Li>(target.neuron()));
    const bool begins = list && synaptic && source.size() == 1 && list->events.size() == 1 && list->events[0].time == 0;
    if (!lasts && !begins) return;
    std::vector<double>&moved = currents_[p.target], &bias = biases_[p.target];
    moved.resize(target.size()), bias.resize(target.size());
    engine::for_each_initial_weight(network_, p, [&](std::uint32_t, std::uint32_t t, float w) {
      const double x = static_cast<double>(w) * (lasts ? current->steps[0].value_mv : 1);
      moved[t] += x;
      if (begins) bias[t] -= x;
    });
    if (std::all_of(bias.begin(), bias.end(), [](double b) { return b == 0; })) biases_.erase(p.target);
    folded_.insert(p.source);
  }

  bool begins_at_once(const Projection& p) const {
    return is_constant(p.delay_ms) && std::get<Constant>(p.delay_ms.kind).value < 1.5 * to_ms(network_.resolution());
  }

  /// A bias is part of a matrix that leads to its neurons, whichever.
  void place_bias(Node& node, const std::string& target) {
    const auto bias = biases_.find(target);
    if (bias == biases_.end() || node.type != "Linear") return;
    node.type = "Affine";
    node.parameters.emplace("bias", reals({bias->second.size()}, bias->second));
    biases_.erase(bias);
  }

  void population(std::size_t i) {
    const Population& p = network_.populations()[i];
    if (folded_.contains(p.name)) return;
    const std::string path = fmt::format("populations[{}]", i);
    if (p.name.find('/') != std::string::npos) fault(path + ".name", "has a slash, which no name in a NIR file has", "rename it");
    if (p.is_source()) {
      if (!std::holds_alternative<ExternalSource>(p.source()))
        fault(path + ".source", fmt::format("\"{}\" is of the kind {}: NIR has only Inputs", p.name, source_name(p.source())),
              "use external");
      graph_.nodes.push_back({p.name, "Input", {{"shape", shape_of(p)}}, {}, nullptr});
      return;
    }
    if (p.homeostasis) fault(path + ".homeostasis", "cannot be said in NIR", "leave it out");
    if (p.v_initial_mv && !(is_constant(*p.v_initial_mv) && std::get<Constant>(p.v_initial_mv->kind).value == 0))
      fault(path + ".v_initial_mv", "cannot be said in NIR, where potentials start at 0", "leave it out");
    if (!p.v_initial_mv && membrane_of(p.neuron()).v_rest_mv != 0)
      fault(path + ".v_initial_mv", "is the resting potential here, and 0 in NIR", "set it to 0");
    neuron(p, path);
    if (leads_nowhere(p.name)) {
      graph_.nodes.push_back({"output:" + p.name, "Output", {{"shape", shape_of(p)}}, {}, nullptr});
      graph_.edges.emplace_back(p.name, "output:" + p.name);
    }
  }

  bool leads_nowhere(const std::string& name) const {
    for (const Projection& k : network_.projections())
      if (k.source == name && k.target != name) return false;
    return true;
  }

  void neuron(const Population& p, const std::string& path) {
    const NeuronModel& model = p.neuron();
    const Membrane& m = membrane_of(model);
    const auto all = [&](double value) { return reals(p.shape, std::vector<double>(p.size(), value)); };
    Node n{p.name, "LIF", {{"r", all(1)}}, {}, nullptr};
    if (std::holds_alternative<If>(model)) n.type = "IF";
    if (std::holds_alternative<Li>(model)) n.type = "LI";
    if (std::holds_alternative<LifExp>(model)) n.type = "CubaLIF";
    if (std::holds_alternative<Alif>(model)) fault(path + ".neuron.alif", "adapts its threshold, which cannot be said in NIR", "use lif");
    std::vector<double> leak(p.size(), m.v_rest_mv + m.bias_mv);  // a constant current moves the resting point
    if (const auto current = currents_.find(p.name); current != currents_.end())
      for (std::size_t j = 0; j < leak.size(); ++j) leak[j] += current->second[j];
    if (n.type != "IF") n.parameters.emplace("v_leak", reals(p.shape, std::move(leak)));
    if (n.type == "IF" && m.bias_mv != 0) fault(path + ".neuron.if.bias_mv", "cannot be said in NIR without a leak", "use a lif");
    if (n.type != "IF") n.parameters.emplace(n.type == "CubaLIF" ? "tau_mem" : "tau", all(m.tau_m_ms * 1e-3));
    if (const auto* e = std::get_if<LifExp>(&model)) {
      n.parameters.emplace("tau_syn", all(e->tau_syn_ms * 1e-3));
      n.parameters.emplace("w_in", all(1));
      if (e->tau_syn_inhibitory_ms.value_or(e->tau_syn_ms) != e->tau_syn_ms)
        fault(path + ".neuron.lif_exp.tau_syn_inhibitory_ms", "is not tau_syn_ms, and NIR has one synaptic current", "make them equal");
    }
    if (const Spiking* s = spiking_of(model)) {
      resets_.insert(s->reset);
      if (s->refractory_ms > 0)
        fault(path + ".neuron", "is refractory after a spike, which cannot be said in NIR", "set refractory_ms to 0");
      if (s->v_floor_mv) fault(path + ".neuron", "has a floor, which cannot be said in NIR", "leave it out");
      if (s->reset == Reset::kSubtract && s->v_reset_mv != 0)
        fault(path + ".neuron", "subtracts down to a v_reset_mv other than 0", "set it to 0");
      n.parameters.emplace("v_threshold",
                           all(std::nextafter(s->v_threshold_mv, -std::numeric_limits<double>::infinity())));  // >= there is > here
      n.parameters.emplace("v_reset", all(s->v_reset_mv));
    }
    graph_.nodes.push_back(std::move(n));
  }

  /// By what a weight is multiplied so that an impulse of area 1 jumps by it: seconds.
  static double jump_time(const NeuronModel& model) {
    if (const auto* e = std::get_if<LifExp>(&model)) return e->tau_syn_ms * 1e-3;
    return std::holds_alternative<If>(model) ? 1 : membrane_of(model).tau_m_ms * 1e-3;
  }

  void projection(std::size_t k) {
    const Projection& p = network_.projections()[k];
    const std::string path = fmt::format("projections[{}]", k);
    if (p.port != Port::kBasal)
      return fault(path + ".port", fmt::format("\"{}\" does not end at the basal port, the only one of NIR", p.name), "");
    if (!p.rule.empty()) fault(path + ".rule", fmt::format("\"{}\" learns, which cannot be said in NIR", p.name), "leave the rule out");
    if (!is_constant(p.delay_ms)) return fault(path + ".delay", fmt::format("\"{}\" has more than one delay", p.name), "use one");
    if (network_.expected_synapses(p) > kMostWeights && !std::holds_alternative<Convolution>(p.connect))
      return fault(path, fmt::format("\"{}\" would be a matrix of more than {:.0e} weights", p.name, kMostWeights), "");
    const Population& target = network_.populations()[network_.population_index(p.target)];
    const Population& source = network_.populations()[network_.population_index(p.source)];
    if (target.is_source()) return;
    const double gain = jump_time(target.neuron());
    std::string from = p.source;
    if (const double delay = std::get<Constant>(p.delay_ms.kind).value; delay > to_ms(network_.resolution()) * 1.5) {
      const std::string name = "delay:" + p.name;
      graph_.nodes.push_back(
          {name, "Delay", {{"delay", reals(source.shape, std::vector<double>(source.size(), delay * 1e-3))}}, {}, nullptr});
      graph_.edges.emplace_back(from, name);
      from = name;
    }
    const std::string name = p.name.find('/') == std::string::npos ? p.name : fmt::format("projection {}", k);
    graph_.nodes.push_back(weights(name, p, source, target, gain));
    place_bias(graph_.nodes.back(), p.target);
    graph_.edges.emplace_back(from, name);
    graph_.edges.emplace_back(name, p.target);
  }

  Node weights(const std::string& name, const Projection& p, const Population& source, const Population& target, double gain) const {
    if (const auto* c = std::get_if<Convolution>(&p.connect); c && source.shape.size() == 3 && target.shape.size() == 3) {
      std::vector<double> kernel(target.shape[0] * (source.shape[0] / c->groups) * c->kernel[0] * c->kernel[1]);
      const auto* listed = std::get_if<Listed>(&p.weight.kind);
      if (listed || is_constant(p.weight)) {
        for (std::size_t i = 0; i < kernel.size(); ++i)
          kernel[i] = gain * p.weight_scale * (listed ? (*listed->values)[i] : std::get<Constant>(p.weight.kind).value);
        return {name,
                "Conv2d",
                {{"weight", reals({target.shape[0], source.shape[0] / c->groups, c->kernel[0], c->kernel[1]}, std::move(kernel))},
                 {"input_shape", integers({static_cast<std::uint32_t>(source.shape[1]), static_cast<std::uint32_t>(source.shape[2])})},
                 {"stride", integers({c->stride[0], c->stride[1]})},
                 {"padding", integers({c->padding[0], c->padding[1]})},
                 {"dilation", integers({c->dilation[0], c->dilation[1]})},
                 {"groups", integer(c->groups)},
                 {"bias", reals({target.shape[0]}, std::vector<double>(target.shape[0], 0.0))}},
                {},
                nullptr};
      }
    }
    std::vector<double> matrix(source.size() * target.size(), 0.0);
    engine::for_each_initial_weight(network_, p, [&](std::uint32_t s, std::uint32_t t, float w) {
      matrix[std::size_t{t} * source.size() + s] += gain * static_cast<double>(w);
    });
    return {name, "Linear", {{"weight", reals({target.size(), source.size()}, std::move(matrix))}}, {}, nullptr};
  }

  const Network& network_;
  Graph graph_;
  std::set<Reset> resets_;
  std::map<std::string, std::vector<double>> currents_;  ///< mV by target: of sources that became part of its resting point
  std::map<std::string, std::vector<double>> biases_;    ///< mV by target: of synaptic currents
  std::set<std::string> folded_;                         ///< sources of these
  std::vector<Diagnostic> faults_;
};

}  // namespace

Graph graph_of(const Network& network) { return Exporter(network).run(); }

}  // namespace spikeloop::nir
