// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "backends/dynapse/quantise.hpp"
#include "core/chip.hpp"
#include "firmware-interface/dynapse1/dpi.hpp"

/// Currents and codes of biases, as the chip file says.
namespace spikeloop::dynapse {

/// The chip file's constants for the relations of firmware-interface/dynapse1/dpi.hpp.
firmware::DpiConstants device_of(const ChipSpec& chip);

using firmware::bias_index;

/// The biases of a synapse type, by its wire value.
struct TypeBiases {
  std::size_t weight, tau, threshold;
};
inline constexpr TypeBiases kTypeBiases[kTypes] = {
    {bias_index("PS_WEIGHT_INH_S_N"), bias_index("NPDPII_TAU_S_P"), bias_index("NPDPII_THR_S_P")},
    {bias_index("PS_WEIGHT_INH_F_N"), bias_index("NPDPII_TAU_F_P"), bias_index("NPDPII_THR_F_P")},
    {bias_index("PS_WEIGHT_EXC_S_N"), bias_index("NPDPIE_TAU_S_P"), bias_index("NPDPIE_THR_S_P")},
    {bias_index("PS_WEIGHT_EXC_F_N"), bias_index("NPDPIE_TAU_F_P"), bias_index("NPDPIE_THR_F_P")},
};
constexpr bool is_slow(std::size_t type) { return type % 2 == 0; }
constexpr bool is_excitatory(std::size_t type) { return type >= 2; }

/// Current in A of a bias at a code; nominal.
double ampere_of(const ChipSpec& chip, std::size_t bias, BiasCode code);
/// The code whose current is nearest (by ratio) to `ampere`; that of 0 A is the silent one. What is out of reach gets the end of the scale.
BiasCode nearest_code(const ChipSpec& chip, std::size_t bias, double ampere);
/// The largest current of a bias in A.
double largest_a(const ChipSpec& chip, std::size_t bias);

/// Capacitance in F of a synapse type.
double capacitance_f(const ChipSpec& chip, std::size_t type);

/// The largest response of a membrane (tau_m) to a current that jumps by 1 and decays with tau_s, in units of the jump.
double response_peak(double tau_s, double tau_m_s);

}  // namespace spikeloop::dynapse
