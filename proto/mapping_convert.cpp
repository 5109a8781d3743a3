// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "proto/convert.hpp"

namespace spikeloop::proto {
namespace {

static_assert(v1::HOME_CHIP == static_cast<int>(Home::kChip) + 1);
static_assert(v1::HOME_INPUT == static_cast<int>(Home::kInput) + 1);
static_assert(v1::HOME_HOST == static_cast<int>(Home::kHost) + 1);

constexpr std::uint32_t kChips = 4, kCores = 4, kNeurons = 256, kTags = 1024;
constexpr std::uint32_t kMostRouted = 1U << 20;  // neurons with routes, in all: what is allocated is bounded before it is

void population_fields(const auto& a, auto& p) { a("name", p.name), a("home", p.home), a("size", p.size), a("observed", p.observed); }

void read_places(const Reader& reader, const v1::MappedPopulation& message, MappedPopulation& p) {
  const auto expected = p.home == Home::kChip ? p.size : 0U;
  if (static_cast<std::uint32_t>(message.places_size()) != expected) {
    reader.fault("places", fmt::format("has {} entries, but {} are needed, one a neuron on the chip", message.places_size(), expected));
    return;
  }
  for (int i = 0; i < message.places_size(); ++i) {
    const std::uint32_t at = message.places(i);
    if (at >= kChips * kCores * kNeurons) {
      reader.fault("places", fmt::format("has {}, but places end at {}", at, kChips * kCores * kNeurons - 1));
      return;
    }
    p.places.push_back({static_cast<std::uint8_t>(at / (kCores * kNeurons)), static_cast<std::uint8_t>(at / kNeurons % kCores),
                        static_cast<std::uint8_t>(at % kNeurons)});
  }
}

void read_routes(const Reader& reader, const v1::MappedPopulation& message, MappedPopulation& p, std::uint32_t& routed) {
  if (message.routes_size() == 0 && p.home != Home::kChip) return;
  if (p.size > kMostRouted - routed) {
    reader.fault("size", fmt::format("is {}: no board has routes for so many neurons", p.size));
    return;
  }
  routed += p.size;
  p.routes.resize(p.size);
  for (int i = 0; i < message.routes_size(); ++i) {
    const v1::MappedRoute& route = message.routes(i);
    const Reader at = reader.at("routes", i, route);
    if (route.neuron() >= p.size) at.fault("neuron", fmt::format("is {}, but the population has {}", route.neuron(), p.size));
    if (route.chip() >= kChips) at.fault("chip", fmt::format("is {}, but chips are 0 to {}", route.chip(), kChips - 1));
    if (route.core_mask() == 0 || route.core_mask() >= 1U << kCores)
      at.fault("core_mask", fmt::format("is {}, but masks are 1 to {}", route.core_mask(), (1U << kCores) - 1));
    if (route.tag() == 0 || route.tag() >= kTags)
      at.fault("tag", fmt::format("is {}, but tags are 1 to {} (cleared CAM words listen to 0)", route.tag(), kTags - 1));
    if (route.neuron() >= p.size || route.chip() >= kChips) continue;
    p.routes[route.neuron()].push_back({static_cast<std::uint8_t>(route.chip()), static_cast<std::uint8_t>(route.core_mask() & 0xFF),
                                        static_cast<std::uint16_t>(route.tag() & 0xFFFF)});
  }
}

}  // namespace

Mapping read_mapping(const Reader& reader, const v1::Mapping& message) {
  Mapping m;
  reader("network", m.network), reader("fingerprint", m.fingerprint), reader("chip", m.chip), reader("seed", m.seed);
  if (m.chip.empty()) reader.fault("chip", "is missing: it says what the words are for");
  std::uint32_t routed = 0;
  bool good = true;
  for (int i = 0; i < message.populations_size(); ++i) {
    const v1::MappedPopulation& inner = message.populations(i);
    const Reader at = reader.at("populations", i, inner);
    MappedPopulation& p = m.populations.emplace_back();
    population_fields(at, p);
    if (p.name.empty()) at.fault("name", "is missing");
    if (inner.home() == v1::HOME_UNSPECIFIED) {
      at.fault("home", "is missing: where the population lives", "e.g. home: HOME_CHIP");
      good = false;
      continue;
    }
    read_places(at, inner, p);
    read_routes(at, inner, p, routed);
    good = good && (p.home != Home::kChip || p.places.size() == p.size);
  }
  if (static_cast<std::uint32_t>(message.words_size()) > kChips)
    reader.fault("words", fmt::format("has {} entries, but a board has {} chips", message.words_size(), kChips));
  for (const v1::ChipWords& chip : message.words()) m.words.emplace_back(chip.words().begin(), chip.words().end());
  if (!good) return m;
  try {
    const PlaceIndex index(m);
  } catch (const DescriptionError& error) {
    reader.fault("populations", error.what());
  }
  return m;
}

void write_mapping(const Mapping& m, v1::Mapping& message) {
  const Writer write(message);
  write("network", m.network), write("fingerprint", m.fingerprint), write("chip", m.chip), write("seed", m.seed);
  for (const MappedPopulation& p : m.populations) {
    v1::MappedPopulation& inner = *message.add_populations();
    population_fields(Writer(inner), p);
    for (const ChipPlace& at : p.places) inner.add_places((at.chip * kCores + at.core) * kNeurons + at.neuron);
    for (std::uint32_t n = 0; n < p.routes.size(); ++n)
      for (const ChipRoute& route : p.routes[n]) {
        v1::MappedRoute& r = *inner.add_routes();
        r.set_neuron(n), r.set_chip(route.chip), r.set_core_mask(route.core_mask), r.set_tag(route.tag);
      }
  }
  for (const std::vector<std::uint32_t>& words : m.words) message.add_words()->mutable_words()->Assign(words.begin(), words.end());
}

}  // namespace spikeloop::proto
