// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/virtual_board/dynapse1_chip.hpp"

#include <algorithm>

namespace spikeloop::firmware {
namespace {

constexpr std::uint16_t kTagMask = 0x3FF;
constexpr unsigned kTypeShift = 10;
constexpr std::size_t kCamsPerCore = std::size_t{kNeuronsPerCore} * kCamsPerNeuron;

}  // namespace

DynapSe1Chip::DynapSe1Chip()
    : cam_(std::size_t{kNeuronsPerChip} * kCamsPerNeuron), sram_(std::size_t{kNeuronsPerChip} * kSramsPerNeuron), tau2_(kNeuronsPerChip) {}

unsigned DynapSe1Chip::apply(const ChipWord& word) {
  if (const auto* cam = std::get_if<CamWord>(&word)) {
    cam_[std::size_t{cam->neuron} * kCamsPerNeuron + cam->cam] =
        static_cast<std::uint16_t>(static_cast<unsigned>(cam->type) << kTypeShift | cam->source);
    index_[core_of(cam->neuron)].valid = false;
  } else if (const auto* sram = std::get_if<SramWord>(&word)) {
    sram_[std::size_t{sram->neuron} * kSramsPerNeuron + sram->sram] = {sram->hops, sram->virtual_core, sram->core_mask};
  } else if (const auto* bias = std::get_if<BiasWord>(&word)) {
    return apply_bias(*bias);
  } else if (const auto* set = std::get_if<SetTau2>(&word)) {
    return set_tau2(set->neuron, 1, true);
  } else if (const auto* tau1 = std::get_if<ResetTau1>(&word)) {
    return set_tau2(neuron_address(tau1->core, 0), kNeuronsPerCore, false);
  } else if (const auto* tau2 = std::get_if<ResetTau2>(&word)) {
    return set_tau2(neuron_address(tau2->core, 0), kNeuronsPerCore, true);
  } else if (const auto* off = std::get_if<ResetMonitor>(&word)) {
    monitored_[off->core].reset();
  } else if (const auto* on = std::get_if<SelectMonitor>(&word)) {
    monitored_[core_of(on->neuron)] = on->neuron;
  }
  return 0;
}

unsigned DynapSe1Chip::apply_bias(const BiasWord& word) {
  const BiasPlace place = place_of_bias(word.address);
  const double ampere = bias_current(word).ampere;
  double& now = biases_.at(place.core).at(place.index);
  if (now == ampere) return 0;
  now = ampere;
  return 1U << place.core;
}

unsigned DynapSe1Chip::set_tau2(NeuronAddress first, unsigned n, bool tau2) {
  std::fill_n(tau2_.begin() + first, n, tau2);
  return 1U << core_of(first);
}

std::span<const Listener> DynapSe1Chip::listeners(unsigned core, NeuronAddress tag) {
  Index& index = index_[core];
  if (!index.valid) rebuild(core);
  const std::uint32_t begin = index.begin[tag];
  return std::span(index.listeners).subspan(begin, index.begin[tag + 1U] - begin);
}

std::span<const Destination> DynapSe1Chip::destinations(NeuronAddress neuron) const {
  return std::span(sram_).subspan(std::size_t{neuron} * kSramsPerNeuron, kSramsPerNeuron);
}

CamWord DynapSe1Chip::cam(NeuronAddress neuron, std::uint8_t entry) const {
  const std::uint16_t word = cam_.at(std::size_t{neuron} * kCamsPerNeuron + entry);
  return {neuron, entry, static_cast<NeuronAddress>(word & kTagMask), static_cast<SynapseType>(word >> kTypeShift)};
}

/// Counting sort by tag; the words of one neuron that share a tag become one listener.
void DynapSe1Chip::rebuild(unsigned core) {
  Index& index = index_[core];
  const auto words = std::span(cam_).subspan(core * kCamsPerCore, kCamsPerCore);
  constexpr std::uint32_t kNobody = kNeuronsPerCore;
  std::vector<std::uint32_t> last(kTags, kNobody), next(kTags + 1);
  for (std::size_t i = 0; i < words.size(); ++i) {  // how many neurons each tag has
    const auto neuron = static_cast<std::uint32_t>(i / kCamsPerNeuron);
    const unsigned tag = words[i] & kTagMask;
    if (last[tag] != neuron) ++next[tag + 1];
    last[tag] = neuron;
  }
  for (std::size_t tag = 0; tag < kTags; ++tag) next[tag + 1] += next[tag];
  index.begin = next;
  index.listeners.assign(next.back(), {});
  std::fill(last.begin(), last.end(), kNobody);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto neuron = static_cast<std::uint32_t>(i / kCamsPerNeuron);
    const unsigned tag = words[i] & kTagMask;
    if (last[tag] != neuron) index.listeners[next[tag]++].neuron = static_cast<std::uint8_t>(neuron);
    last[tag] = neuron;
    ++index.listeners[next[tag] - 1].synapses[words[i] >> kTypeShift & 3U];
  }
  index.valid = true;
}

}  // namespace spikeloop::firmware
