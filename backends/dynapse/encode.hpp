// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "backends/dynapse/quantise.hpp"

namespace spikeloop::dynapse {

/// The words of a board, by chip: biases, then destinations (SRAM), then synapses (CAM), each by address. Entries that are not named are
/// silent: no destination, and a CAM word that listens to tag 0, which nobody sends.
struct Configuration {
  std::array<std::vector<std::uint32_t>, firmware::kChips> words;
  friend bool operator==(const Configuration&, const Configuration&) = default;
};

/// What the words of a board say, in the chip's terms.
struct BoardContent {
  struct Neuron {
    std::vector<firmware::SramWord> destinations;                                  ///< by entry; those that lead somewhere
    std::map<std::pair<firmware::NeuronAddress, SynapseType>, unsigned> synapses;  ///< (tag, type) -> CAM words
    friend bool operator==(const Neuron&, const Neuron&) = default;
  };
  std::array<std::map<firmware::NeuronAddress, Neuron>, firmware::kChips> neurons;  ///< that have destinations or synapses
  std::array<std::map<std::uint8_t, firmware::ChipWord>, firmware::kChips> biases;  ///< by address
  friend bool operator==(const BoardContent&, const BoardContent&) = default;
};

/// What the board is to hold.
BoardContent content_of(const Circuit& circuit, const Placement& placement, const QuantisedNetwork& quantised);
/// Words that `before` has already keep their CAM entry, so that a change of weights changes few words.
Configuration encode(const BoardContent& content, const Configuration& before = {});
/// The inverse; throws DescriptionError for a word that configures nothing, or for two that set one entry.
BoardContent decode(const Configuration& configuration);

/// All words of a chip, silent ones included: what a chip needs that is in an unknown state. Every core to TAU1, 106 biases, 4096 SRAM and
/// 65,536 CAM words.
std::vector<std::uint32_t> complete_words(const Configuration& configuration, unsigned chip);
/// The words that bring a chip from one configuration to another.
std::vector<std::uint32_t> changed_words(const Configuration& from, const Configuration& to, unsigned chip);

}  // namespace spikeloop::dynapse
