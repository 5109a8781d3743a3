// SPDX-License-Identifier: Apache-2.0
// Chips and mappings: read, written, refused.
#include <gtest/gtest.h>

#include <algorithm>

#include "proto/load.hpp"
#include "proto/write.hpp"
#include "tests/proto/helpers.hpp"

namespace spikeloop {
namespace {

using testing::faults_of;
using testing::golden;

/// A text with one piece replaced.
std::string with(std::string text, const std::string& old_text, const std::string& new_text) {
  const std::size_t at = text.find(old_text);
  EXPECT_NE(at, std::string::npos) << old_text;
  return at == std::string::npos ? text : text.replace(at, old_text.size(), new_text);
}

TEST(Chip, LoadsAgainAsTheSame) {
  const ChipSpec chip = load_chip_text(golden("chip.txtpb"));
  EXPECT_EQ(chip.name, "dynapse1");
  EXPECT_EQ(chip.limits.cam_words.value, 64);
  EXPECT_TRUE(chip.limits.cam_words.verified);
  EXPECT_EQ(chip.biases.coarse_a.size(), 8U);
  EXPECT_FALSE(chip.prices.hop_j.verified);
  EXPECT_EQ(load_chip_text(write_chip(chip)), chip);
  EXPECT_EQ(load_chip_binary(write_chip_binary(chip)), chip);
  EXPECT_EQ(load_chip_binary(golden("chip.bin")), chip);
  EXPECT_EQ(description_kind(write_chip(chip)), DescriptionKind::kChip);
}

TEST(Chip, ThatShipsSaysWhereEveryNumberComesFrom) {
  const ChipSpec chip = load_chip(SPIKELOOP_SOURCE_DIR "/examples/chips/dynapse1.txtpb");
  EXPECT_EQ(chip.limits.neurons_per_core.value, 256);
  EXPECT_FALSE(chip.note.empty());
}

TEST(Chip, FigureWithoutSourceOrValueIsRefusedAtItsPlace) {
  const std::string good = golden("chip.txtpb");
  auto faults = faults_of([&] { load_chip_text(with(good, "cores { value: 4 source:", "cores { source:"), "c"); });
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].path, "limits.cores.value");
  EXPECT_GT(faults[0].line, 1);
  faults =
      faults_of([&] { load_chip_text(with(good, "value: 3 source: \"libcaer SRAM word: dx and dy of 2 bits each\"", "value: 3"), "c"); });
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].path, "limits.hops.source");
}

TEST(Chip, EveryFaultIsToldAtOnce) {
  const auto faults = faults_of([] {
    load_chip_text("name: \"c\"\nlimits { chips { value: 0 source: \"s\" } }\nprices { hop_j { value: -1 source: \"s\" } }", "c");
  });
  const auto has = [&](const std::string& path) {
    return std::any_of(faults.begin(), faults.end(), [&](const Diagnostic& d) { return d.path == path; });
  };
  for (const char* path : {"family", "limits.chips.value", "limits", "biases", "device", "delays", "prices.hop_j.value"})
    EXPECT_TRUE(has(path)) << path;
}

TEST(MappingFile, LoadsAgainAsTheSame) {
  const Mapping mapping = load_mapping_text(golden("mapping.txtpb"));
  ASSERT_EQ(mapping.populations.size(), 3U);
  EXPECT_EQ(mapping.populations[0].routes[1][0], (ChipRoute{2, 15, 1023}));
  EXPECT_EQ(mapping.populations[1].places[1], (ChipPlace{3, 3, 255}));
  EXPECT_EQ(mapping.words[0].size(), 3U);
  EXPECT_EQ(load_mapping_text(write_mapping(mapping)), mapping);
  EXPECT_EQ(load_mapping_binary(write_mapping_binary(mapping)), mapping);
  EXPECT_EQ(load_mapping_binary(golden("mapping.bin")), mapping);
}

TEST(MappingFile, GoesBothWays) {
  const Mapping mapping = load_mapping_text(golden("mapping.txtpb"));
  const PlaceIndex index(mapping);
  for (std::uint32_t p = 0; p < mapping.populations.size(); ++p)
    for (std::uint32_t n = 0; n < mapping.populations[p].places.size(); ++n)
      EXPECT_EQ(index.find(mapping.populations[p].places[n]), (LogicalNeuron{p, n}));
  EXPECT_EQ(index.find({1, 1, 1}), std::nullopt);
}

TEST(MappingFile, IncompleteOrDoubleOnesAreRefused) {
  const std::string good = golden("mapping.txtpb");
  const std::pair<std::pair<const char*, const char*>, const char*> cases[] = {
      {{"places: [0, 4095]", "places: [0]"}, "populations[1].places"},
      {{"places: [0, 4095]", "places: [7, 7]"}, "populations"},
      {{"places: [0, 4095]", "places: [0, 4096]"}, "populations[1].places"},
      {{"tag: 256", "tag: 0"}, "populations[1].routes[0].tag"},
      {{"tag: 1023", "tag: 1024"}, "populations[0].routes[1].tag"},
      {{"core_mask: 15", "core_mask: 16"}, "populations[0].routes[1].core_mask"},
      {{"neuron: 1 chip: 2", "neuron: 2 chip: 2"}, "populations[0].routes[1].neuron"},
      {{"neuron: 1 chip: 2", "neuron: 1 chip: 4"}, "populations[0].routes[1].chip"},
      {{"home: HOME_HOST", ""}, "populations[2].home"},
      {{"words {}\n", "words {} words {}\n"}, "words"},
  };
  for (const auto& [change, path] : cases) {
    const auto faults = faults_of([&] { load_mapping_text(with(good, change.first, change.second), "m"); });
    ASSERT_EQ(faults.size(), 1U) << change.second;
    EXPECT_EQ(faults[0].path, path);
  }
}

}  // namespace
}  // namespace spikeloop
