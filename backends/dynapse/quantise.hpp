// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "backends/dynapse/place.hpp"
#include "firmware-interface/dynapse1/biases.hpp"

namespace spikeloop::dynapse {

/// Codes of a bias.
struct BiasCode {
  std::uint8_t coarse = 7, fine = 0;
  friend bool operator==(const BiasCode&, const BiasCode&) = default;
};

/// The biases of one core and what they mean.
struct CoreSetting {
  std::uint8_t chip = 0, core = 0;
  std::array<BiasCode, firmware::kCoreBiases.size()> biases{};  ///< in the order of `firmware::kCoreBiases`
  std::array<double, kTypes> unit{};                            ///< weight of one CAM word, in thresholds, by type; 0: not used
  double tau_m_s = 0;                                           ///< of the membrane, as the codes make it
  double rest = 0;                                              ///< constant input as the codes make it, less the leak; in thresholds
};

/// A parameter as the network wants it, and as the biases make it (nominal, without mismatch).
struct ParameterError {
  std::uint8_t chip = 0, core = 0;
  std::string population;  ///< the first of the core
  std::string parameter;   ///< "tau_m_ms", ...
  std::string unit;        ///< "ms", ""
  double wanted = 0, got = 0;
};

/// Weights of a projection as the chip has them.
struct WeightError {
  std::uint32_t projection = 0;
  std::size_t synapses = 0;
  std::size_t vanished = 0;       ///< that are not 0 and have no CAM word
  double rms_mv = 0, max_mv = 0;  ///< of the difference
  double scale_mv = 0;            ///< root mean square of the wanted weights
};

/// How often a synapse of the circuit is repeated in its neuron's CAM, and what cores are set to.
struct QuantisedNetwork {
  std::vector<std::uint8_t> counts;     ///< by synapse of the circuit; 0: none
  std::vector<CoreSetting> cores;       ///< as in `Placement::cores`
  std::vector<std::uint32_t> cam_used;  ///< by neuron
  std::vector<ParameterError> parameters;
  std::vector<WeightError> weights;  ///< of projections that end on the chip
  /// Weight in thresholds that the chip has for a synapse of the circuit.
  std::vector<float> achieved;
};

struct Quantised {
  QuantisedNetwork network;
  std::vector<Violation> violations;
};

/// Weights to (type, count) under the fan-in budget with the units that make the least square error, time constants to biases.
Quantised quantise(const Network& network, const Circuit& circuit, const Placement& placement, const ChipSpec& chip,
                   const MapOptions& options = {});

/// The weights (mV) of a projection that ends on the chip, as CAM words and biases make them, in the order of `Session::weights`.
std::vector<float> achieved_weights(const Circuit& circuit, const QuantisedNetwork& quantised, std::size_t projection);

}  // namespace spikeloop::dynapse
