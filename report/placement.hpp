// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/mapping.hpp"
#include "report/svg.hpp"
#include "report/table.hpp"

/// A mapping for people.
namespace spikeloop::report {

/// What the picture says of a core beside its neurons.
struct CoreLabel {
  std::uint8_t chip = 0, core = 0;
  std::string text;  ///< "CAM 64/64, tags 12"
};

/// The board as it lies: chips of cores of 16 x 16 neurons, each neuron in the colour of its population.
Svg placement_plot(const Mapping& mapping, const std::vector<CoreLabel>& labels);

/// A section of the page.
struct MappingSection {
  std::string title;
  Table table;
};

/// One page that needs nothing else: the picture, then tables, then what is to be known.
std::string mapping_html(const Mapping& mapping, const Svg& picture, const std::vector<MappingSection>& sections,
                         const std::vector<std::string>& notes, const std::string& command);

}  // namespace spikeloop::report
