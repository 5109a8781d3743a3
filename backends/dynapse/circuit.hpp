// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/backend.hpp"
#include "core/chip.hpp"
#include "core/mapping.hpp"
#include "core/network.hpp"
#include "firmware-interface/dynapse1/words.hpp"

/// From networks to DYNAP-SE1 boards: check > place > quantise > encode. Each stage is a pure function from value to value.
namespace spikeloop::dynapse {

using firmware::SynapseType;
inline constexpr std::size_t kTypes = 4;  ///< of synapses, by their wire value

/// What is left to whoever maps.
struct MapOptions {
  std::uint64_t seed = 1;           ///< of the placement
  unsigned attempts = 4;            ///< placements that are tried before it is said that none was found
  std::vector<std::string> host{};  ///< populations that run beside the chip; those of controllers, unless `controller_on_chip`
  bool controller_on_chip = false;
  bool prune = false;                     ///< a neuron with too many synapses keeps the largest, instead of being refused
  std::vector<InitialWeights> weights{};  ///< instead of those that projections describe, as for `Program::start`
};

/// Where each population of a network lives.
std::vector<Home> homes_of(const Network& network, const MapOptions& options);

/// What the neurons of a core have in common: seconds, and thresholds as unit of v (1 = v_threshold - v_rest). 0: not used.
struct ParameterSet {
  double tau_m_s = 0;
  std::array<double, kTypes> tau_s{};  ///< of the current of each synapse type
  std::array<bool, kTypes> delta{};    ///< the network has a delta synapse here; `tau_s` is what stands for it
  double bias = 0;                     ///< constant current, in thresholds
  double refractory_s = 0;
  friend bool operator==(const ParameterSet&, const ParameterSet&) = default;
};

/// A network as the chip sees it. Sources are numbered: the neurons on the chip, then the inputs (sources, and host populations that
/// project to the chip).
struct Circuit {
  /// All wires of the network between one source and one target that end on one synapse type.
  struct Synapse {
    std::uint32_t source = 0, target = 0;
    SynapseType type = SynapseType::kSlowInhibitory;
    float weight = 0;  ///< > 0, in thresholds: jump of the current, or of v where the network has a delta synapse; 0: plastic, may grow
    friend bool operator==(const Synapse&, const Synapse&) = default;
  };
  /// A synapse of the network.
  struct Wire {
    std::uint32_t source = 0, target = 0;  ///< numbers of the circuit
    float weight_mv = 0;
  };
  /// A projection that ends on the chip; others have no wires.
  struct Bundle {
    std::vector<Wire> wires;  ///< in the order of `Session::weights`
    bool slow = false;        ///< ends on slow synapses (apical port)
    bool plastic = false;
  };

  std::vector<LogicalNeuron> neurons;        ///< on the chip
  std::vector<LogicalNeuron> inputs;         ///< source number less `neurons.size()`
  std::vector<Home> homes;                   ///< by population of the network
  std::vector<std::uint32_t> first;          ///< by population: the source number of its neuron 0 (`kNone`: host, and not heard)
  std::vector<ParameterSet> parameters;      ///< distinct
  std::vector<std::uint32_t> parameters_of;  ///< by neuron
  std::vector<bool> observed;                ///< by neuron: the host has to see its spikes
  std::vector<float> threshold_mv;           ///< by neuron: v_threshold - v_rest
  std::vector<double> rate_hz;               ///< by source: as described, or `kAssumedHz`
  std::vector<Bundle> bundles;               ///< by projection of the network
  std::vector<Synapse> synapses;             ///< by target, then source, then type
  std::vector<std::uint32_t> begin;          ///< of a target in `synapses`, one more than neurons

  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  std::size_t sources() const { return neurons.size() + inputs.size(); }
  std::span<const Synapse> fan_in(std::uint32_t target) const;
};

/// Rate that traffic is estimated with where a network does not say one.
inline constexpr double kAssumedHz = 10;

/// Makes `synapses` and `begin` of the bundles' wires anew: to be called when weights have changed.
void gather(Circuit& circuit);
/// Replaces the weights (mV) of a projection, in the order of `Session::weights`, and gathers.
void set_weights(Circuit& circuit, std::size_t projection, std::span<const float> weights_mv);

/// Something that the chip has not.
struct Violation {
  std::string path;        ///< as in the schema: "populations[2].neuron.lif.tau_m_ms"
  std::string population;  ///< whose need it is
  std::string resource;    ///< "CAM words of a neuron"
  double need = 0, limit = 0;
  std::string why;     ///< beside need and limit; where it is set alone, the resource has no numbers
  std::string change;  ///< the smallest that would mend it
};
Diagnostic to_diagnostic(const Violation& violation);
std::vector<Diagnostic> diagnostics_of(const std::vector<Violation>& violations);
/// Throws CapacityError with all of them, if there are any.
void refuse(const std::vector<Diagnostic>& faults);

/// What `check` has found.
struct Checked {
  Circuit circuit;                    ///< as far as it could be made; to be used only if there are no violations
  std::vector<Violation> violations;  ///< all at once
  std::vector<std::string> notes;     ///< where the chip differs from the network, and nobody is to blame
};

/// Throws DescriptionError if the chip is of another family, or has more of something than its words can name.
Checked check(const Network& network, const ChipSpec& chip, const MapOptions& options = {});

}  // namespace spikeloop::dynapse
