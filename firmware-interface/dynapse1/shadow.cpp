// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/dynapse1/shadow.hpp"

#include <algorithm>
#include <iterator>
#include <stdexcept>

namespace spikeloop::firmware {
namespace {

std::size_t known(const auto& words) {
  return static_cast<std::size_t>(std::count_if(words.begin(), words.end(), [](std::uint32_t word) { return word != 0; }));
}

// Throws where the arguments name nothing that a chip has.
std::size_t index_of(NeuronAddress neuron, unsigned entry, unsigned entries) {
  if (neuron >= kNeuronsPerChip || entry >= entries) throw std::out_of_range("no chip has such an entry");
  return std::size_t{neuron} * entries + entry;
}

void remember_once(std::vector<std::uint32_t>& words, std::uint32_t word) {
  std::erase(words, word);
  words.push_back(word);
}

}  // namespace

ChipShadow::ChipShadow()
    : cams_(std::size_t{kNeuronsPerChip} * kCamsPerNeuron, kUnknown), srams_(std::size_t{kNeuronsPerChip} * kSramsPerNeuron, kUnknown) {}

std::uint32_t* ChipShadow::entry(std::uint32_t word) {
  const ChipWord decoded = decode_word(word);
  if (const auto* w = std::get_if<CamWord>(&decoded)) return &cams_[index_of(w->neuron, w->cam, kCamsPerNeuron)];
  if (const auto* w = std::get_if<SramWord>(&decoded)) return &srams_[index_of(w->neuron, w->sram, kSramsPerNeuron)];
  if (const auto* w = std::get_if<BiasWord>(&decoded)) return &biases_.at(w->address);
  if (const auto* w = std::get_if<BufferBiasWord>(&decoded)) return &biases_.at(w->address);
  if (const auto* w = std::get_if<ShiftedSourceBiasWord>(&decoded)) return &biases_.at(w->address);
  return nullptr;
}

void ChipShadow::remember_other(std::uint32_t word) {
  const ChipWord decoded = decode_word(word);
  if (const auto* tau1 = std::get_if<ResetTau1>(&decoded)) taus_.at(tau1->core) = {word};
  if (const auto* tau2 = std::get_if<ResetTau2>(&decoded)) taus_.at(tau2->core) = {word};
  if (const auto* none = std::get_if<ResetMonitor>(&decoded)) monitors_.at(none->core) = {word};
  if (const auto* set = std::get_if<SetTau2>(&decoded)) remember_once(taus_.at(core_of(set->neuron)), word);
  if (const auto* one = std::get_if<SelectMonitor>(&decoded)) remember_once(monitors_.at(core_of(one->neuron)), word);
}

void ChipShadow::programmed(std::uint32_t word) {
  std::uint32_t* const at = entry(word);
  if (at == nullptr) return remember_other(word);
  if (!doubtful_.empty()) std::erase_if(doubtful_, [&](std::uint32_t doubtful) { return entry(doubtful) == at; });
  *at = word;
}

void ChipShadow::doubt(std::uint32_t word) {
  std::uint32_t* const at = entry(word);
  if (at == nullptr) return;
  std::erase_if(doubtful_, [&](std::uint32_t doubtful) { return entry(doubtful) == at; });
  *at = kUnknown;
  doubtful_.push_back(word);
}

std::optional<CamWord> ChipShadow::cam(NeuronAddress neuron, unsigned entry) const {
  const std::uint32_t word = cams_[index_of(neuron, entry, kCamsPerNeuron)];
  return word == kUnknown ? std::nullopt : std::optional(std::get<CamWord>(decode_word(word)));
}

std::optional<SramWord> ChipShadow::sram(NeuronAddress neuron, unsigned entry) const {
  const std::uint32_t word = srams_[index_of(neuron, entry, kSramsPerNeuron)];
  return word == kUnknown ? std::nullopt : std::optional(std::get<SramWord>(decode_word(word)));
}

std::optional<ChipWord> ChipShadow::bias(unsigned address) const {
  if (address >= biases_.size() || biases_[address] == kUnknown) return std::nullopt;
  return decode_word(biases_[address]);
}

std::vector<std::uint32_t> ChipShadow::words() const {
  std::vector<std::uint32_t> all;
  const auto is_known = [](std::uint32_t word) { return word != kUnknown; };
  std::copy_if(biases_.begin(), biases_.end(), std::back_inserter(all), is_known);
  std::copy_if(srams_.begin(), srams_.end(), std::back_inserter(all), is_known);
  std::copy_if(cams_.begin(), cams_.end(), std::back_inserter(all), is_known);
  for (const auto& core : taus_) all.insert(all.end(), core.begin(), core.end());
  for (const auto& core : monitors_) all.insert(all.end(), core.begin(), core.end());
  return all;
}

ShadowCounts ChipShadow::counts() const {
  ShadowCounts counts{known(cams_), known(srams_), known(biases_), 0, doubtful_.size()};
  for (const auto& core : taus_) counts.others += core.size();
  for (const auto& core : monitors_) counts.others += core.size();
  return counts;
}

}  // namespace spikeloop::firmware
