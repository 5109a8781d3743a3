// SPDX-License-Identifier: Apache-2.0
#include "core/nir/neurons.hpp"

#include <cmath>
#include <limits>
#include <tuple>

namespace spikeloop::nir {
namespace {

constexpr double kNoThreshold = 9e11;

/// Parameters of neuron i of a node.
struct Parameters {
  const FlatNode& node;
  std::vector<double> tau, tau_syn, r, v_leak, theta, v_reset, w_in;

  explicit Parameters(const FlatNode& n)
      : node(n),
        tau(per_neuron(n, membrane_parameter(*n.node) ? membrane_parameter(*n.node) : "tau", 1)),
        tau_syn(per_neuron(n, "tau_syn", 1)),
        r(per_neuron(n, "r", 1)),
        v_leak(per_neuron(n, "v_leak")),
        theta(per_neuron(n, "v_threshold", kNoThreshold)),
        v_reset(per_neuron(n, "v_reset")),
        w_in(per_neuron(n, "w_in", 1)) {}

  double gain(std::size_t i) const { return r[i] * w_in[i]; }
};

/// v > theta, where ours is v >= threshold.
Spiking spiking(const Parameters& p, std::size_t i, Reset reset) {
  Spiking s;
  s.v_threshold_mv = std::nextafter(p.theta[i], std::numeric_limits<double>::infinity());
  s.reset = reset;
  s.v_reset_mv = reset == Reset::kToValue ? p.v_reset[i] : 0;
  return s;
}

NeuronModel model(const Parameters& p, std::size_t i, const Conventions& c, double bias) {
  const bool leaky = membrane_parameter(*p.node.node) != nullptr;
  Membrane m{p.tau[i] * c.unit_ms, p.v_leak[i], bias, kPersistentMs};
  const Spiking s = spiking(p, i, c.reset);
  if (!leaky) m.tau_m_ms = c.unit_ms;  // v' = R I, a unit of time in every unit of time
  if (!leaky) return If{m, s};
  if (p.node.type().starts_with("Cuba")) return LifExp{m, s, p.tau_syn[i] * c.unit_ms, {}};
  if (p.node.type() == "LI") return Li{m};
  return Lif{m, s};
}

auto fields(const NeuronModel& model) {
  const Membrane& m = membrane_of(model);
  const Spiking none, *s = spiking_of(model);
  if (s == nullptr) s = &none;
  const auto* e = std::get_if<LifExp>(&model);
  return std::tuple(model.index(), m.tau_m_ms, m.v_rest_mv, m.bias_mv, m.tau_apical_ms, s->v_threshold_mv, s->v_reset_mv, s->reset,
                    e ? e->tau_syn_ms : 0);
}

}  // namespace

Neurons neurons_of(const FlatNode& node, const Conventions& conventions, const std::vector<double>& bias) {
  const Parameters p(node);
  Neurons n;
  n.synaptic = node.type().starts_with("Cuba");
  const bool leaky = membrane_parameter(*node.node) != nullptr;
  for (std::size_t i = 0; i < p.r.size(); ++i) {
    n.models.push_back(model(p, i, conventions, bias[i] == 0 ? 0 : p.gain(i) * bias[i]));
    n.current.push_back(p.gain(i));
    n.jump.push_back(p.gain(i) / (n.synaptic ? p.tau_syn[i] : leaky ? p.tau[i] : 1));
  }
  return n;
}

bool equal(const NeuronModel& a, const NeuronModel& b) { return fields(a) == fields(b); }

}  // namespace spikeloop::nir
