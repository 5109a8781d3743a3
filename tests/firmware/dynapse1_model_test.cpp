// SPDX-License-Identifier: Apache-2.0
// The USB face of the virtual DYNAP-SE1: what it says of itself, each vendor request, its registers, its faults.
#include "firmware-interface/virtual_board/dynapse1_model.hpp"

#include <gtest/gtest.h>

#include "firmware-interface/virtual_board/loopback.hpp"
#include "tests/firmware/model_host.hpp"
#include "tests/firmware/random_words.hpp"

namespace spikeloop::firmware {
namespace {

using namespace std::chrono_literals;

using Answer = std::optional<std::vector<std::byte>>;

std::vector<std::byte> raw(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (const int x : values) bytes.push_back(static_cast<std::byte>(x));
  return bytes;
}

Answer out(DynapSe1Model& model, std::uint8_t request, std::uint16_t value, std::uint16_t index, const std::vector<std::byte>& data) {
  return model.control({kVendorOut, request, value, index, static_cast<std::uint16_t>(data.size())}, data);
}
Answer in(DynapSe1Model& model, std::uint8_t request, std::uint16_t value, std::uint16_t index, std::uint16_t length) {
  return model.control({kVendorIn, request, value, index, length}, {});
}

TEST(DynapSe1Model, SaysWhoItIs) {
  const auto model = std::make_shared<DynapSe1Model>(DynapSe1Options{.serial = "00000008"});
  const Loopback loopback(model);
  const DeviceIdentity& id = loopback.identity();
  EXPECT_EQ(id.vendor, 0x152A);
  EXPECT_EQ(id.product, 0x841D);
  EXPECT_EQ(id.version & 0xFF, 3);
  EXPECT_EQ(id.manufacturer, "iniLabs");
  EXPECT_EQ(id.product_name, "Dynap-se");
  EXPECT_EQ(id.serial, "00000008");
  const auto& configuration = model->descriptors().configurations.at(0);
  EXPECT_EQ(configuration.size(), 25U);
  EXPECT_EQ(configuration[8], std::byte{200});  // 400 mA
  EXPECT_EQ(configuration[20], std::byte{0x82});
}

TEST(DynapSe1Model, AnswersItsVersions) {
  ModelHost host;
  EXPECT_EQ(host.read(reg("SYSINFO.LOGIC_VERSION")), 5U);
  EXPECT_EQ(host.read(reg("SYSINFO.CHIP_IDENTIFIER")), 64U);
  EXPECT_EQ(host.read(reg("SYSINFO.DEVICE_IS_MASTER")), 1U);
  EXPECT_EQ(host.read(reg("SYSINFO.LOGIC_CLOCK")), 90U);
  EXPECT_EQ(host.read(reg("SYSINFO.LOGIC_PATCH")), 0U);
  EXPECT_EQ(host.read(reg("AER.HAS_STATISTICS")), 1U);
  EXPECT_EQ(host.read(reg("MUX.HAS_STATISTICS")), 1U);
}

TEST(DynapSe1Model, CanBeABoardThatADriverRefuses) {
  ModelHost host({.firmware_version = 2, .logic_version = 0xFFFFFFFF, .chip_identifier = 0xFFFFFFFF});
  EXPECT_EQ(host.model.descriptors().device[12], std::byte{2});
  EXPECT_EQ(host.read(reg("SYSINFO.LOGIC_VERSION")), 0xFFFFFFFFU);
  EXPECT_EQ(host.read(reg("SYSINFO.CHIP_IDENTIFIER")), 0xFFFFFFFFU);
}

TEST(DynapSe1Model, ConfigGoesBothWaysBigEndian) {
  DynapSe1Model model;
  EXPECT_EQ(out(model, 0xBF, 16, 4, raw({0x12, 0x34, 0x56, 0x78})), Answer(std::vector<std::byte>{}));
  EXPECT_EQ(in(model, 0xBF, 16, 4, 4), Answer(raw({0x12, 0x34, 0x56, 0x78})));
  EXPECT_EQ(in(model, 0xBF, 16, 4, 2), Answer(raw({0x12, 0x34})));
}

TEST(DynapSe1Model, WhatTheBoardLacksReadsZeroAndTakesNothing) {
  ModelHost host;
  for (const Register at : {Register{0, 77}, Register{200, 1}, reg("SYSINFO.LOGIC_PATCH")}) {
    host.write(at, 99);
    EXPECT_EQ(host.read(at), 0U);
  }
  host.write(reg("SYSINFO.LOGIC_VERSION"), 99);
  EXPECT_EQ(host.read(reg("SYSINFO.LOGIC_VERSION")), 5U);
  EXPECT_EQ(host.model.statistics().unknown_parameters, 4U);
}

TEST(DynapSe1Model, SeveralConfigsInOneRequest) {
  DynapSe1Model model;
  EXPECT_TRUE(out(model, 0xC2, 2, 0, raw({16, 4, 0, 0, 0, 7, 16, 5, 0, 0, 0, 90})));
  EXPECT_EQ(in(model, 0xBF, 16, 4, 4), Answer(raw({0, 0, 0, 7})));
  EXPECT_EQ(in(model, 0xBF, 16, 5, 4), Answer(raw({0, 0, 0, 90})));
}

TEST(DynapSe1Model, WordsOfEitherRequestAreAcknowledged) {
  DynapSe1Model model;
  out(model, 0xBF, 5, 0, raw({0, 0, 0, 1}));
  EXPECT_TRUE(out(model, 0xC6, 1, 0, raw({5, 2, 0x32, 0x37, 0x54, 0xA7})));
  EXPECT_EQ(in(model, 0xC6, 0, 0, 2), Answer(raw({0xC6, 0})));
  EXPECT_EQ(model.fabric().chip(0).cam(0x2A7, 37), (CamWord{0x2A7, 37, 0x123, SynapseType::kFastExcitatory}));
  EXPECT_TRUE(out(model, 0xC5, 5, 2, raw({0x31, 0x23, 0x54, 0xA7})));
  EXPECT_EQ(in(model, 0xC5, 0, 0, 2), Answer(raw({0xC5, 0})));
  EXPECT_TRUE(out(model, 0xBF, 5, 2, raw({0x30, 0x23, 0x54, 0xA7})));  // unverified, but it arrives
  EXPECT_EQ(model.statistics().cam_words, 3U);
}

TEST(DynapSe1Model, BadRequestsStallAndAreCounted) {
  DynapSe1Model model;
  EXPECT_FALSE(out(model, 0xC6, 2, 0, raw({5, 2, 0, 0, 0, 0})));
  EXPECT_FALSE(out(model, 0xBF, 0, 0, raw({1})));
  EXPECT_FALSE(out(model, 0x99, 0, 0, {}));
  EXPECT_FALSE(in(model, 0x99, 0, 0, 4));
  EXPECT_FALSE(model.control({0x21, 0xBF, 0, 0, 0}, {}));  // a class request
  EXPECT_EQ(model.statistics().bad_requests, 5U);
}

TEST(DynapSe1Model, WordsThatReachNoChipAreNotAcknowledged) {
  ModelHost host({.boot_time = 1s});
  const ChipWord word = SelectMonitor{5};
  EXPECT_NE(host.send(0, word), 0);  // CHIP.RUN is 0
  host.write(reg("CHIP.RUN"), 1);
  EXPECT_NE(host.send(0, word), 0);  // it boots
  host.model.advance(1s);
  EXPECT_EQ(host.send(0, word), 0);
  host.model.set_unacknowledging_chips(1U << 2);
  EXPECT_NE(host.send(2, word), 0);
  EXPECT_EQ(host.send(3, word), 0);
  host.write(reg("CHIP.CHIP_ID"), 5);  // no chip
  out(host.model, 0xC6, 1, 0, raw({5, 2, 0, 0, 0, 0}));
  EXPECT_EQ(in(host.model, 0xC6, 0, 0, 2), Answer(raw({0xC6, 1})));
  EXPECT_EQ(host.model.statistics().unacknowledged_words, 4U);
}

TEST(DynapSe1Model, NonsenseIsCountedNeverThrown) {
  ModelHost host;
  host.start();
  RandomBits random(3);
  std::uint64_t malformed = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto word = static_cast<std::uint32_t>(random.bits());
    malformed += std::holds_alternative<MalformedWord>(decode_word(word)) ? 1 : 0;
    host.write(reg("CHIP.CONTENT"), word);
  }
  EXPECT_EQ(host.model.statistics().malformed_words, malformed);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::byte> data(random.below(20));
    for (std::byte& b : data) b = static_cast<std::byte>(random.bits());
    const auto value = static_cast<std::uint16_t>(random.below(20)), index = static_cast<std::uint16_t>(random.below(48));
    if (value == 16 || value == 18) continue;  // generators may be given more to do than there is time for here
    out(host.model, static_cast<std::uint8_t>(0xBF + random.below(8)), value, index, data);
    in(host.model, static_cast<std::uint8_t>(0xBF + random.below(8)), value, index, static_cast<std::uint16_t>(random.below(9)));
  }
}

TEST(DynapSe1Model, RandomLegalWordsAreTaken) {
  ModelHost host;
  host.start();
  RandomWords random(4);
  std::vector<ChipWord> words;
  for (int i = 0; i < 20'000; ++i) words.push_back(random.next());
  EXPECT_EQ(host.send(1, words), 0);
  const DynapSe1Statistics& s = host.model.statistics();
  EXPECT_EQ(s.cam_words + s.sram_words - kChips * kNeuronsPerChip + s.bias_words + s.other_words + s.injected_spikes, 20'000U);
  EXPECT_EQ(s.malformed_words, 0U);
}

TEST(DynapSe1Model, TheDriversDefaultConfigurationLeavesASilentBoard) {
  ModelHost host;
  host.carry_out(default_configuration());
  host.carry_out(data_start());
  host.run(2s);
  const DynapSe1Statistics& s = host.model.statistics();
  EXPECT_EQ(s.bias_words, 2U * 4 * 106);
  EXPECT_EQ(s.sram_words, 4U * (4096 + 1024));
  EXPECT_EQ(s.neuron_spikes, 0U);
  EXPECT_EQ(s.malformed_words + s.unacknowledged_words + s.unknown_parameters + s.bad_requests, 0U);
  EXPECT_EQ(host.events.size(), 0U);
  EXPECT_EQ(host.decoder.counters().wraps, 61U);  // 2 s of time stamps
  host.send(0, connect(kInputTag, 7, SynapseType::kFastExcitatory, 64));
  for (int i = 0; i < 100; ++i) host.send(0, InjectedSpike{kInputTag, {}, 1});
  host.run(100ms);
  EXPECT_EQ(s.synaptic_events, 6400U);
  EXPECT_EQ(s.neuron_spikes, 0U);
}

TEST(DynapSe1Model, ABusResetEmptiesTheFifoAndLeavesTheChips) {
  ModelHost host;
  host.start();
  host.send(0, CamWord{1, 2, 3, SynapseType::kFastExcitatory});
  for (int i = 0; i < 10; ++i) host.send(0, InjectedSpike{kInputTag, {0, false, 2, true}, 1});
  host.model.reset();
  EXPECT_EQ(host.model.statistics().lost_by_reset, 10U);
  EXPECT_EQ(host.model.fabric().chip(0).cam(1, 2).source, 3);
  host.drain();
  EXPECT_EQ(host.events.size(), 0U);
}

}  // namespace
}  // namespace spikeloop::firmware
