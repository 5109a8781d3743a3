// SPDX-License-Identifier: Apache-2.0
#include "core/models.hpp"

#include <array>
#include <type_traits>

namespace spikeloop {

const char* model_name(const NeuronModel& model) {
  constexpr std::array names = {"lif", "if", "alif", "lif_exp", "li"};
  return names.at(model.index());
}

const Membrane& membrane_of(const NeuronModel& model) {
  return std::visit([](const auto& m) -> const Membrane& { return m; }, model);
}

const Spiking* spiking_of(const NeuronModel& model) {
  return std::visit(
      [](const auto& m) -> const Spiking* {
        if constexpr (std::is_base_of_v<Spiking, std::decay_t<decltype(m)>>)
          return &m;
        else
          return nullptr;
      },
      model);
}

std::vector<double*> time_constants(NeuronModel& model) {
  std::vector<double*> all;
  std::visit([&](auto& m) { all = {&m.tau_m_ms, &m.tau_apical_ms}; }, model);
  if (auto* e = std::get_if<LifExp>(&model)) {
    all.push_back(&e->tau_syn_ms);
    if (e->tau_syn_inhibitory_ms) all.push_back(&*e->tau_syn_inhibitory_ms);
  }
  if (auto* a = std::get_if<Alif>(&model)) all.push_back(&a->tau_adaptation_ms);
  return all;
}

const char* source_name(const SourceModel& source) {
  constexpr std::array names = {"external", "poisson", "regular", "spike_list", "current"};
  return names.at(source.index());
}

}  // namespace spikeloop
