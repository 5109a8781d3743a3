// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/virtual_board/dynapse1_parameters.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "firmware-interface/dynapse1/dpi.hpp"
#include "firmware-interface/virtual_board/dynapse1_random.hpp"

namespace spikeloop::firmware {
namespace {

constexpr DpiConstants kDevice;

// Ours: DYNAPSE1_MODEL.md says why.
constexpr double kAdaptationPulseS = 1e-6, kShortestRefractoryS = 1e-6, kLongestPulseS = 1;

struct SynapseBiases {
  std::size_t weight, tau, threshold;
  double capacitance_f;
};
/// By the wire value of the type.
constexpr std::array<SynapseBiases, 4> kSynapses = {{
    {bias_index("PS_WEIGHT_INH_S_N"), bias_index("NPDPII_TAU_S_P"), bias_index("NPDPII_THR_S_P"), kDevice.slow_f},
    {bias_index("PS_WEIGHT_INH_F_N"), bias_index("NPDPII_TAU_F_P"), bias_index("NPDPII_THR_F_P"), kDevice.fast_f},
    {bias_index("PS_WEIGHT_EXC_S_N"), bias_index("NPDPIE_TAU_S_P"), bias_index("NPDPIE_THR_S_P"), kDevice.slow_f},
    {bias_index("PS_WEIGHT_EXC_F_N"), bias_index("NPDPIE_TAU_F_P"), bias_index("NPDPIE_THR_F_P"), kDevice.fast_f},
}};

struct Setting {
  std::string_view name;
  std::uint8_t coarse, fine;
};
constexpr std::array kResponsive = std::to_array<Setting>({
    {"PULSE_PWLK_P", 3, 178},
    {"PS_WEIGHT_INH_S_N", 4, 50},
    {"PS_WEIGHT_INH_F_N", 4, 141},
    {"PS_WEIGHT_EXC_S_N", 4, 50},
    {"PS_WEIGHT_EXC_F_N", 4, 95},
    {"IF_RFR_N", 4, 41},
    {"IF_TAU1_N", 2, 34},
    {"IF_THR_N", 6, 52},
    {"IF_DC_P", 7, 0},
    {"NPDPIE_TAU_F_P", 5, 135},
    {"NPDPII_TAU_F_P", 5, 135},
    {"NPDPIE_THR_F_P", 2, 28},
    {"NPDPII_THR_F_P", 2, 28},
    {"NPDPIE_TAU_S_P", 6, 43},
    {"NPDPII_TAU_S_P", 6, 43},
    {"NPDPIE_THR_S_P", 4, 69},
    {"NPDPII_THR_S_P", 4, 69},
});

}  // namespace

BiasPlace place_of_bias(std::uint8_t address) {
  const unsigned in_half = address & 63U;
  return {2U * (address >> 6U) + (in_half & 1U), in_half / 2};
}

NeuronMismatch::NeuronMismatch(std::uint64_t seed, unsigned neuron, double variation) {
  const double sigma = std::sqrt(std::log1p(variation * variation));
  for (std::size_t i = 0; i < factor.size(); ++i)
    factor[i] = static_cast<float>(std::exp(sigma * random_normal(seed, neuron, i) - sigma * sigma / 2));
}

NeuronParameters neuron_parameters(const CoreBiases& biases, const NeuronMismatch& mismatch, bool tau2) {
  const auto raw = [&](std::size_t i) { return biases[i] * static_cast<double>(mismatch.factor[i]); };
  /// No transistor conducts less than the floor, which has its mismatch too.
  const auto at_least_floor = [&](std::size_t i) { return std::max(biases[i], kFloorA) * static_cast<double>(mismatch.factor[i]); };
  NeuronParameters p;
  const double pulse_s = std::min(timer_s(kDevice, kDevice.pulse_f, at_least_floor(bias_index("PULSE_PWLK_P"))), kLongestPulseS);
  for (std::size_t k = 0; k < kSynapses.size(); ++k) {
    const SynapseBiases& s = kSynapses[k];
    const double tau_a = at_least_floor(s.tau);
    p.tau_s[k] = time_constant_s(kDevice, s.capacitance_f, tau_a);
    p.jump_a[k] = synapse_jump_a(at_least_floor(s.threshold) / tau_a, raw(s.weight), pulse_s, p.tau_s[k]);
  }
  const double ahp_a = at_least_floor(bias_index("IF_AHTAU_N"));
  p.tau_s[kAdaptation] = time_constant_s(kDevice, kDevice.adaptation_f, ahp_a);
  p.jump_a[kAdaptation] = synapse_jump_a(at_least_floor(bias_index("IF_AHTHR_N")) / ahp_a, raw(bias_index("IF_AHW_P")), kAdaptationPulseS,
                                         p.tau_s[kAdaptation]);
  const double leak_a = at_least_floor(tau2 ? bias_index("IF_TAU2_N") : bias_index("IF_TAU1_N"));
  p.tau_membrane_s = time_constant_s(kDevice, kDevice.membrane_f, leak_a);
  p.gain = at_least_floor(bias_index("IF_THR_N")) / leak_a;
  p.drive_a = kDevice.dc_factor * raw(bias_index("IF_DC_P")) - leak_a;
  p.threshold_a = kDevice.threshold_a * static_cast<double>(mismatch.factor.back());
  const double refractory_s =
      std::max(timer_s(kDevice, kDevice.refractory_f, at_least_floor(bias_index("IF_RFR_N"))), kShortestRefractoryS);
  p.refractory_ns = std::llround(refractory_s * 1e9);
  return p;
}

std::vector<ChipWord> responsive_biases() {
  std::vector<ChipWord> words = low_power_biases();
  for (ChipWord& word : words) {
    const auto* bias_word = std::get_if<BiasWord>(&word);
    if (bias_word == nullptr) continue;
    const std::string_view name = kCoreBiases[place_of_bias(bias_word->address).index].name;
    const auto* const set = std::find_if(kResponsive.begin(), kResponsive.end(), [&](const Setting& s) { return s.name == name; });
    if (set != kResponsive.end()) word = bias_setting(*find_bias(bias_word->address), set->coarse, set->fine);
  }
  return words;
}

}  // namespace spikeloop::firmware
