// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "firmware-interface/dynapse1/words.hpp"

namespace spikeloop::firmware {

/// A chip word as messages name it: "0x323754A7 (CAM 37 of core 2 neuron 167 listens to core 1 neuron 35, fast excitatory)".
std::string describe_word(std::uint32_t word);

/// "core 2 neuron 167".
std::string describe_neuron(NeuronAddress neuron);

}  // namespace spikeloop::firmware
