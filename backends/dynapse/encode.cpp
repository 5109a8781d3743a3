// SPDX-License-Identifier: Apache-2.0
#include "backends/dynapse/encode.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <unordered_map>

namespace spikeloop::dynapse {
namespace {

using firmware::CamWord;
using firmware::NeuronAddress;
using firmware::SramWord;

constexpr std::uint32_t kChipsPerRow = 2;  // U0 U1 north of U2 U3, as on the board

firmware::Hops hops(std::uint32_t from, std::uint32_t to) {
  const int dx = static_cast<int>(to % kChipsPerRow) - static_cast<int>(from % kChipsPerRow),
            dy = static_cast<int>(to / kChipsPerRow) - static_cast<int>(from / kChipsPerRow);
  const bool west = dx<0, south = dy> 0;
  return {static_cast<std::uint8_t>(std::abs(dx)), west, static_cast<std::uint8_t>(std::abs(dy)), south};
}

NeuronAddress address_of(const ChipPlace& place) { return firmware::neuron_address(place.core, place.neuron); }

/// All 106 biases: cores that are not used are silent.
void add_biases(const std::vector<CoreSetting>& cores, BoardContent& content) {
  for (std::size_t chip = 0; chip < content.biases.size(); ++chip) {
    const auto set = [&](const firmware::Bias& bias, const firmware::ChipWord& word) { content.biases[chip][bias.address] = word; };
    for (const firmware::Bias& bias : firmware::biases())
      if (bias.core) set(bias, firmware::bias_setting(bias, 7, 0));
    for (const firmware::ChipWord& word : firmware::low_power_biases()) {  // the generators' own
      if (const auto* w = std::get_if<firmware::BufferBiasWord>(&word)) content.biases[chip][w->address] = word;
      if (const auto* w = std::get_if<firmware::ShiftedSourceBiasWord>(&word)) content.biases[chip][w->address] = word;
    }
  }
  for (const CoreSetting& core : cores)
    for (std::size_t i = 0; i < core.biases.size(); ++i) {
      const auto address = static_cast<std::uint8_t>(firmware::kCoreBiasBase[core.core] + firmware::kCoreBiases[i].offset);
      content.biases[core.chip][address] =
          firmware::bias_setting(*firmware::find_bias(address), core.biases[i].coarse, core.biases[i].fine);
    }
}

void add_destinations(const Circuit& circuit, const Placement& placement, BoardContent& content) {
  for (std::uint32_t n = 0; n < placement.places.size(); ++n) {
    const ChipPlace& place = placement.places[n];
    std::vector<SramWord> destinations;
    if (circuit.observed[n]) destinations.push_back(firmware::monitoring_route(place.chip, address_of(place)));
    for (const ChipRoute& route : placement.routes[n])
      destinations.push_back({address_of(place), static_cast<std::uint8_t>(destinations.size()),
                              static_cast<std::uint8_t>(firmware::core_of(route.tag)), hops(place.chip, route.chip), route.core_mask});
    if (destinations.size() > firmware::kSramsPerNeuron) throw BugError("encode: a neuron has more destinations than SRAM entries");
    if (!destinations.empty()) content.neurons[place.chip][address_of(place)].destinations = std::move(destinations);
  }
}

/// Under which tag the core of a neuron hears a source.
NeuronAddress tag_of(const Placement& placement, std::uint32_t source, const ChipPlace& target) {
  for (const ChipRoute& route : placement.routes[source])
    if (route.chip == target.chip && (route.core_mask >> target.core & 1) != 0) return route.tag;
  throw BugError("encode: a synapse has no route");
}

void add_synapses(const Circuit& circuit, const Placement& placement, const QuantisedNetwork& q, BoardContent& content) {
  for (std::uint32_t n = 0; n < placement.places.size(); ++n) {
    const ChipPlace& place = placement.places[n];
    for (std::uint32_t s = circuit.begin[n]; s < circuit.begin[n + 1]; ++s) {
      if (q.counts[s] == 0) continue;
      const NeuronAddress tag = tag_of(placement, circuit.synapses[s].source, place);
      content.neurons[place.chip][address_of(place)].synapses[{tag, circuit.synapses[s].type}] += q.counts[s];
    }
  }
}

/// Collects the words of one chip, and complains of what is no configuration.
class Reader {
 public:
  Reader(BoardContent& content, unsigned chip) : content_(content), chip_(chip) {}

  void read(std::uint32_t word) {
    const firmware::ChipWord decoded = firmware::decode_word(word);
    if (const auto* cam = std::get_if<CamWord>(&decoded)) {
      once(word, (1U << 24) + cam->neuron * firmware::kCamsPerNeuron + cam->cam);
      if (cam->source != 0) ++content_.neurons[chip_][cam->neuron].synapses[{cam->source, cam->type}];
    } else if (const auto* sram = std::get_if<SramWord>(&decoded)) {
      once(word, (2U << 24) + sram->neuron * firmware::kSramsPerNeuron + sram->sram);
      if (sram->core_mask != 0) content_.neurons[chip_][sram->neuron].destinations.push_back(*sram);
    } else if (const auto address = bias_address(decoded)) {
      once(word, (3U << 24) + *address);
      content_.biases[chip_][*address] = decoded;
    } else if (!std::holds_alternative<firmware::ResetTau1>(decoded)) {
      refuse(word, "configures nothing that a mapping has");
    }
  }

 private:
  static std::optional<std::uint8_t> bias_address(const firmware::ChipWord& word) {
    if (const auto* w = std::get_if<firmware::BiasWord>(&word)) return w->address;
    if (const auto* w = std::get_if<firmware::BufferBiasWord>(&word)) return w->address;
    if (const auto* w = std::get_if<firmware::ShiftedSourceBiasWord>(&word)) return w->address;
    return std::nullopt;
  }
  void once(std::uint32_t word, std::uint32_t entry) {
    if (!entries_.emplace(entry, word).second) refuse(word, "sets an entry for the second time");
  }
  [[noreturn]] void refuse(std::uint32_t word, const char* why) const {
    throw DescriptionError(fmt::format("word {:#010x} of U{} {}; map the network again", word, chip_, why));
  }

  BoardContent& content_;
  unsigned chip_;
  std::unordered_map<std::uint32_t, std::uint32_t> entries_;
};

/// The bits of a word that name the entry it sets: of CAM and SRAM all but what is stored, of a bias its address.
std::uint32_t entry_of(std::uint32_t word) {
  constexpr std::uint32_t kMemory = 1U << 17, kMemoryEntry = 0x3FFFF, kBiasEntry = 0x1FF0000;
  return word & ((word & kMemory) != 0 ? kMemoryEntry : kBiasEntry);
}

std::unordered_map<std::uint32_t, std::uint32_t> by_entry(const std::vector<std::uint32_t>& words) {
  std::unordered_map<std::uint32_t, std::uint32_t> entries;
  for (const std::uint32_t word : words) entries[entry_of(word)] = word;
  return entries;
}

/// The CAM of a neuron: words that were there stay where they are, so that a change of weights changes few words.
using Cam = std::array<std::optional<CamWord>, firmware::kCamsPerNeuron>;

void add_cam(NeuronAddress address, const BoardContent::Neuron& neuron, const Cam* before, std::vector<std::uint32_t>& words) {
  auto left = neuron.synapses;
  Cam cam;
  for (std::size_t i = 0; before != nullptr && i < cam.size(); ++i) {
    if (!(*before)[i]) continue;
    const auto at = left.find({(*before)[i]->source, (*before)[i]->type});
    if (at == left.end() || at->second == 0) continue;
    cam[i] = (*before)[i];
    --at->second;
  }
  std::size_t next = 0;
  for (const auto& [key, count] : left)
    for (unsigned i = 0; i < count; ++i) {
      while (next < cam.size() && cam[next]) ++next;
      if (next == cam.size()) throw BugError("encode: a neuron has more synapses than CAM words");
      cam[next] = CamWord{address, static_cast<std::uint8_t>(next), key.first, key.second};
    }
  for (const auto& word : cam)
    if (word) words.push_back(firmware::encode(*word));
}

std::map<NeuronAddress, Cam> cams_of(const std::vector<std::uint32_t>& words) {
  std::map<NeuronAddress, Cam> cams;
  for (const std::uint32_t word : words)
    if (const firmware::ChipWord decoded = firmware::decode_word(word); std::holds_alternative<CamWord>(decoded)) {
      const CamWord& cam = std::get<CamWord>(decoded);
      if (cam.source != 0) cams[cam.neuron].at(cam.cam) = cam;
    }
  return cams;
}

}  // namespace

BoardContent content_of(const Circuit& circuit, const Placement& placement, const QuantisedNetwork& quantised) {
  BoardContent content;
  add_biases(quantised.cores, content);
  add_destinations(circuit, placement, content);
  add_synapses(circuit, placement, quantised, content);
  return content;
}

Configuration encode(const BoardContent& content, const Configuration& before) {
  Configuration configuration;
  for (unsigned chip = 0; chip < firmware::kChips; ++chip) {
    std::vector<std::uint32_t>& words = configuration.words[chip];
    const std::map<NeuronAddress, Cam> cams = cams_of(before.words[chip]);
    for (const auto& [address, word] : content.biases[chip]) words.push_back(firmware::encode(word));
    for (const auto& [address, neuron] : content.neurons[chip])
      for (const SramWord& word : neuron.destinations) words.push_back(firmware::encode(word));
    for (const auto& [address, neuron] : content.neurons[chip]) {
      const auto at = cams.find(address);
      add_cam(address, neuron, at == cams.end() ? nullptr : &at->second, words);
    }
  }
  return configuration;
}

BoardContent decode(const Configuration& configuration) {
  BoardContent content;
  for (unsigned chip = 0; chip < firmware::kChips; ++chip) {
    Reader reader(content, chip);
    for (const std::uint32_t word : configuration.words[chip]) reader.read(word);
    for (auto& [address, neuron] : content.neurons[chip])
      std::sort(neuron.destinations.begin(), neuron.destinations.end(), [](const auto& a, const auto& b) { return a.sram < b.sram; });
  }
  return content;
}

std::vector<std::uint32_t> complete_words(const Configuration& configuration, unsigned chip) {
  auto named = by_entry(configuration.words.at(chip));
  std::vector<std::uint32_t> words;
  const auto add = [&](std::uint32_t silent) {
    const auto at = named.find(entry_of(silent));
    words.push_back(at == named.end() ? silent : at->second);
  };
  for (std::uint8_t core = 0; core < firmware::kCores; ++core) words.push_back(firmware::encode(firmware::ResetTau1{core}));
  for (const firmware::ChipWord& word : firmware::silent_biases()) add(firmware::encode(word));
  for (NeuronAddress n = 0; n < firmware::kNeuronsPerChip; ++n)
    for (std::uint8_t i = 0; i < firmware::kSramsPerNeuron; ++i) add(firmware::encode(firmware::empty_sram(n, i)));
  for (NeuronAddress n = 0; n < firmware::kNeuronsPerChip; ++n)
    for (std::uint8_t i = 0; i < firmware::kCamsPerNeuron; ++i) add(firmware::encode(firmware::cleared_cam(n, i)));
  return words;
}

std::vector<std::uint32_t> changed_words(const Configuration& from, const Configuration& to, unsigned chip) {
  const auto before = by_entry(from.words.at(chip)), after = by_entry(to.words.at(chip));
  std::vector<std::uint32_t> words;
  for (const std::uint32_t word : to.words[chip]) {
    const auto at = before.find(entry_of(word));
    if (at == before.end() || at->second != word) words.push_back(word);
  }
  for (const std::uint32_t word : from.words[chip]) {
    if (after.contains(entry_of(word))) continue;
    const firmware::ChipWord old = firmware::decode_word(word);
    if (const auto* cam = std::get_if<CamWord>(&old)) words.push_back(firmware::encode(firmware::cleared_cam(cam->neuron, cam->cam)));
    if (const auto* sram = std::get_if<SramWord>(&old)) words.push_back(firmware::encode(firmware::empty_sram(sram->neuron, sram->sram)));
  }
  return words;
}

}  // namespace spikeloop::dynapse
