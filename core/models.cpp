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

const char* source_name(const SourceModel& source) {
  constexpr std::array names = {"external", "poisson", "regular", "spike_list", "current"};
  return names.at(source.index());
}

}  // namespace spikeloop
