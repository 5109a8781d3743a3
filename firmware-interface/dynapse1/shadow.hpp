// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "firmware-interface/dynapse1/words.hpp"

/// What a host knows of a chip's configuration. Chips cannot be asked, so the host remembers what it has programmed.
namespace spikeloop::firmware {

/// How many entries a shadow knows.
struct ShadowCounts {
  std::size_t cams = 0, srams = 0, biases = 0;
  std::size_t others = 0;    ///< words for time constants and monitors
  std::size_t doubtful = 0;  ///< entries whose last word was sent but not acknowledged
  std::size_t words() const { return cams + srams + biases + others; }
  friend bool operator==(const ShadowCounts&, const ShadowCounts&) = default;
};

/// One chip: the last word of each entry of CAM, SRAM and bias that was programmed. An entry that was never programmed is unknown, not
/// empty: chips start with anything. Injected spikes leave no trace.
class ChipShadow {
 public:
  ChipShadow();

  /// The word was acknowledged.
  void programmed(std::uint32_t word);
  /// The word was sent, and whether it came is not known: its entry is unknown until it is programmed again.
  void doubt(std::uint32_t word);

  /// Nothing if it is unknown; throws std::out_of_range for a neuron or entry that no chip has.
  std::optional<CamWord> cam(NeuronAddress neuron, unsigned entry) const;
  std::optional<SramWord> sram(NeuronAddress neuron, unsigned entry) const;
  /// The word of a bias; nothing if it is unknown, or no bias has the address.
  std::optional<ChipWord> bias(unsigned address) const;

  /// The words that bring a chip to this state: biases, routes, synapses, then time constants and monitors in the order they came.
  std::vector<std::uint32_t> words() const;
  ShadowCounts counts() const;
  friend bool operator==(const ChipShadow&, const ChipShadow&) = default;

 private:
  static constexpr std::uint32_t kUnknown = 0;  // no word of an entry is 0, for bit 17 or 16 is set
  std::uint32_t* entry(std::uint32_t word);
  void remember_other(std::uint32_t word);

  std::vector<std::uint32_t> cams_, srams_;
  std::array<std::uint32_t, 128> biases_{};
  std::array<std::vector<std::uint32_t>, kCores> taus_, monitors_;  ///< of a core since its last reset, which is the first
  std::vector<std::uint32_t> doubtful_;                             ///< words; they are few
};

}  // namespace spikeloop::firmware
