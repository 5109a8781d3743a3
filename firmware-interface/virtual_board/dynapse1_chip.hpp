// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "firmware-interface/virtual_board/dynapse1_parameters.hpp"

namespace spikeloop::firmware {

/// A neuron of a core that listens to a tag: how many of its CAM words do, by synapse type.
struct Listener {
  std::uint8_t neuron = 0;
  std::array<std::uint8_t, 4> synapses{};
};

/// A destination of a neuron, as its SRAM entry says.
struct Destination {
  Hops hops;
  std::uint8_t virtual_core = 0;
  std::uint8_t core_mask = 0;  ///< 0: nowhere
};

/// The memory of one chip: CAM, SRAM, biases and latches, as words have left them. All 0 at power-up (INFERRED), so that every CAM entry
/// listens to neuron 0 of core 0, as a cleared one does.
class DynapSe1Chip {
 public:
  DynapSe1Chip();

  /// Takes a word; spikes and malformed words have no effect here. Gives the cores (bit i = core i) whose neurons' parameters changed.
  unsigned apply(const ChipWord& word);

  /// Who in a core (0..3) listens to a tag, by neuron.
  std::span<const Listener> listeners(unsigned core, NeuronAddress tag);
  std::span<const Destination> destinations(NeuronAddress neuron) const;
  CamWord cam(NeuronAddress neuron, std::uint8_t entry) const;
  const CoreBiases& biases(unsigned core) const { return biases_[core]; }
  bool uses_tau2(NeuronAddress neuron) const { return tau2_[neuron]; }
  /// On the analog monitor of a core.
  std::optional<NeuronAddress> monitored(unsigned core) const { return monitored_[core]; }

 private:
  /// Listeners of a core, sorted by tag: those of tag t are begin[t] .. begin[t + 1].
  struct Index {
    bool valid = false;
    std::vector<std::uint32_t> begin;
    std::vector<Listener> listeners;
  };
  static constexpr std::size_t kTags = kNeuronsPerChip;

  void rebuild(unsigned core);
  unsigned apply_bias(const BiasWord& word);
  unsigned set_tau2(NeuronAddress first, unsigned n, bool tau2);

  std::vector<std::uint16_t> cam_;  ///< type in 11:10, tag in 9:0
  std::vector<Destination> sram_;
  std::array<Index, kCores> index_;
  std::array<CoreBiases, kCores> biases_{};
  std::vector<bool> tau2_;
  std::array<std::optional<NeuronAddress>, kCores> monitored_;
};

}  // namespace spikeloop::firmware
