// SPDX-License-Identifier: Apache-2.0
#include "proto/convert.hpp"

namespace spikeloop::proto {
namespace {

static_assert(v1::RESET_TO_VALUE == static_cast<int>(Reset::kToValue) + 1);
static_assert(v1::RESET_SUBTRACT == static_cast<int>(Reset::kSubtract) + 1);

template <class Access>
void fields(const Access& a, auto& model) {
  using T = std::remove_cvref_t<decltype(model)>;
  a("tau_m_ms", model.tau_m_ms), a("v_rest_mv", model.v_rest_mv), a("bias_mv", model.bias_mv), a("tau_apical_ms", model.tau_apical_ms);
  if constexpr (std::is_base_of_v<Spiking, T>) {
    a("v_threshold_mv", model.v_threshold_mv), a("v_reset_mv", model.v_reset_mv), a("reset", model.reset);
    a("refractory_ms", model.refractory_ms), a("v_floor_mv", model.v_floor_mv);
  }
  if constexpr (std::is_same_v<T, Alif>) a("tau_adaptation_ms", model.tau_adaptation_ms), a("adaptation_mv", model.adaptation_mv);
  if constexpr (std::is_same_v<T, LifExp>) a("tau_syn_ms", model.tau_syn_ms), a("tau_syn_inhibitory_ms", model.tau_syn_inhibitory_ms);
}

template <class Access>
void homeostasis_fields(const Access& a, auto& h) {
  a("target_hz", h.target_hz), a("rate", h.rate), a("threshold_min_mv", h.threshold_min_mv);
}

template <class Model>
NeuronModel read(const Reader& reader) {
  Model model;
  fields(reader, model);
  return model;
}

NeuronModel read_neuron(const Reader& reader, const v1::Neuron& message) {
  switch (message.model_case()) {
    case v1::Neuron::kLif:
      return read<Lif>(reader.at("lif", message.lif()));
    case v1::Neuron::kIf:
      return read<If>(reader.at("if", message.if_()));
    case v1::Neuron::kAlif:
      return read<Alif>(reader.at("alif", message.alif()));
    case v1::Neuron::kLifExp:
      return read<LifExp>(reader.at("lif_exp", message.lif_exp()));
    case v1::Neuron::kLi:
      return read<Li>(reader.at("li", message.li()));
    case v1::Neuron::MODEL_NOT_SET:
      break;
  }
  reader.fault("", "does not say which model", "use `lif {}`, `if {}`, `alif {}`, `lif_exp {}` or `li {}`");
  return {};
}

struct NeuronWriter {
  v1::Neuron& message;
  void operator()(const Lif& m) const { fields(Writer(*message.mutable_lif()), m); }
  void operator()(const If& m) const { fields(Writer(*message.mutable_if_()), m); }
  void operator()(const Alif& m) const { fields(Writer(*message.mutable_alif()), m); }
  void operator()(const LifExp& m) const { fields(Writer(*message.mutable_lif_exp()), m); }
  void operator()(const Li& m) const { fields(Writer(*message.mutable_li()), m); }
};

}  // namespace

Population read_population(const Reader& reader, const v1::Population& message) {
  Population population;
  reader("name", population.name);
  if (message.shape_size() > 0) population.shape.assign(message.shape().begin(), message.shape().end());
  if (message.has_neuron()) population.kind = read_neuron(reader.at("neuron", message.neuron()), message.neuron());
  if (message.has_source()) population.kind = read_source(reader.at("source", message.source()), message.source());
  if (!message.has_neuron() && !message.has_source())
    reader.fault("", "is neither neurons nor a source", "add e.g. `neuron { lif {} }` or `source { external {} }`");
  if (message.has_v_initial_mv())
    population.v_initial_mv = read_value(reader.at("v_initial_mv", message.v_initial_mv()), message.v_initial_mv());
  if (message.has_homeostasis()) homeostasis_fields(reader.at("homeostasis", message.homeostasis()), population.homeostasis.emplace());
  return population;
}

void write_population(const Population& population, v1::Population& message) {
  Writer{message}("name", population.name);
  message.mutable_shape()->Assign(population.shape.begin(), population.shape.end());
  if (population.is_source()) write_source(population.source(), *message.mutable_source());
  if (!population.is_source()) std::visit(NeuronWriter{*message.mutable_neuron()}, population.neuron());
  if (population.v_initial_mv) write_value(*population.v_initial_mv, *message.mutable_v_initial_mv());
  if (population.homeostasis) homeostasis_fields(Writer(*message.mutable_homeostasis()), *population.homeostasis);
}

}  // namespace spikeloop::proto
