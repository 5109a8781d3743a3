// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// Which neuron of a network is which neuron of a board, both ways, with the words that make the board so: what is kept in a file.
namespace spikeloop {

/// A neuron of a board.
struct ChipPlace {
  std::uint8_t chip = 0, core = 0, neuron = 0;
  friend bool operator==(const ChipPlace&, const ChipPlace&) = default;
};

/// Where the spikes of a neuron or input go: to the cores of one chip, which see them under a tag.
struct ChipRoute {
  std::uint8_t chip = 0;
  std::uint8_t core_mask = 0;  ///< bit i = core i
  std::uint16_t tag = 0;       ///< never 0: a cleared CAM word listens to that
  friend bool operator==(const ChipRoute&, const ChipRoute&) = default;
};

/// Where a population lives.
enum class Home {
  kChip,   ///< its neurons are neurons of the chip
  kInput,  ///< a source: its spikes are played into the chip
  kHost,   ///< runs beside the chip, sees the chip's spikes and plays its own into it
};

/// A population of the network, with a place (kChip) and routes for each of its neurons.
struct MappedPopulation {
  std::string name;
  Home home = Home::kChip;
  std::uint32_t size = 0;
  bool observed = false;                       ///< kChip: the host sees its spikes
  std::vector<ChipPlace> places;               ///< kChip: one a neuron; else empty
  std::vector<std::vector<ChipRoute>> routes;  ///< one list a neuron, one route a chip or more; no lists: nobody on the chip listens
  friend bool operator==(const MappedPopulation&, const MappedPopulation&) = default;
};

/// Neuron `neuron` of population `population` (index into `Mapping::populations`, which are those of the network in its order).
struct LogicalNeuron {
  std::uint32_t population = 0, neuron = 0;
  friend bool operator==(const LogicalNeuron&, const LogicalNeuron&) = default;
};

/// A network on a board.
struct Mapping {
  std::string network;            ///< its name
  std::uint64_t fingerprint = 0;  ///< `Network::fingerprint`
  std::string chip;               ///< `ChipSpec::name`
  std::uint64_t seed = 1;         ///< of the placement
  std::vector<MappedPopulation> populations;
  /// By chip: biases, destinations, synapses, in the order they are to be sent. Entries that are not named have to be silent.
  std::vector<std::vector<std::uint32_t>> words;
  friend bool operator==(const Mapping&, const Mapping&) = default;
};

/// From the board to the network.
class PlaceIndex {
 public:
  /// Throws DescriptionError if two neurons have one place, or a population has not one place a neuron: `mapping` is incomplete.
  explicit PlaceIndex(const Mapping& mapping);
  /// Nothing if no neuron of the network is there.
  std::optional<LogicalNeuron> find(ChipPlace place) const;

 private:
  std::unordered_map<std::uint32_t, LogicalNeuron> neurons_;
};

}  // namespace spikeloop
