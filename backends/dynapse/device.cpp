// SPDX-License-Identifier: Apache-2.0
#include "backends/dynapse/device.hpp"

#include <algorithm>
#include <cmath>

namespace spikeloop::dynapse {
namespace {

double factor_of(const ChipSpec& chip, std::size_t bias) {
  if (bias == bias_index("IF_TAU1_N")) return chip.biases.tau1_factor.value;
  if (bias == bias_index("IF_DC_P")) return chip.biases.dc_factor.value;
  return 1;
}

}  // namespace

firmware::DpiConstants device_of(const ChipSpec& chip) {
  const ChipDevice& d = chip.device;
  firmware::DpiConstants c;
  c.thermal_v = d.thermal_v.value;
  c.kappa = d.kappa.value;
  c.stage_v = d.stage_v.value;
  c.membrane_f = d.membrane_f.value;
  c.fast_f = d.fast_f.value;
  c.slow_f = d.slow_f.value;
  c.refractory_f = d.refractory_f.value;
  c.pulse_f = d.pulse_f.value;
  c.threshold_a = d.threshold_a.value;
  c.floor_a = chip.biases.floor_a.value;
  c.dc_factor = chip.biases.dc_factor.value;
  return c;
}

double ampere_of(const ChipSpec& chip, std::size_t bias, BiasCode code) {
  return chip.biases.coarse_a.at(code.coarse).value * code.fine / chip.biases.fine_steps.value * factor_of(chip, bias);
}

BiasCode nearest_code(const ChipSpec& chip, std::size_t bias, double ampere) {
  const double steps = chip.biases.fine_steps.value;
  const std::size_t ranges = chip.biases.coarse_a.size();
  BiasCode best{static_cast<std::uint8_t>(ranges - 1), 0};
  if (!(ampere > 0)) return best;
  double distance = HUGE_VAL;
  for (std::size_t coarse = ranges; coarse-- > 0;) {  // the smallest range first: it has the finest steps
    const double full = ampere_of(chip, bias, {static_cast<std::uint8_t>(coarse), static_cast<std::uint8_t>(steps)});
    const double fine = std::clamp(std::round(ampere / full * steps), 1.0, steps);
    const double apart = std::abs(std::log(full * fine / steps / ampere));
    if (apart < distance) distance = apart, best = {static_cast<std::uint8_t>(coarse), static_cast<std::uint8_t>(fine)};
  }
  return best;
}

double largest_a(const ChipSpec& chip, std::size_t bias) {
  double largest = 0;
  for (std::size_t coarse = 0; coarse < chip.biases.coarse_a.size(); ++coarse)
    largest = std::max(largest,
                       ampere_of(chip, bias, {static_cast<std::uint8_t>(coarse), static_cast<std::uint8_t>(chip.biases.fine_steps.value)}));
  return largest;
}

double capacitance_f(const ChipSpec& chip, std::size_t type) { return is_slow(type) ? chip.device.slow_f.value : chip.device.fast_f.value; }

double response_peak(double tau_s, double tau_m_s) {
  const double apart = tau_s - tau_m_s;
  if (std::abs(apart) < 1e-6 * tau_m_s) return std::exp(-1.0);
  const double at = std::log(tau_s / tau_m_s) * tau_s * tau_m_s / apart;
  return tau_s / apart * (std::exp(-at / tau_s) - std::exp(-at / tau_m_s));
}

}  // namespace spikeloop::dynapse
