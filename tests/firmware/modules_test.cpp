// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/dynapse1/modules.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/firmware/random_words.hpp"

namespace spikeloop::firmware {
namespace {

using Bytes = std::vector<std::byte>;

Bytes bytes(std::initializer_list<unsigned> values) {
  Bytes out;
  for (const unsigned value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

TEST(Parameters, EachAddressAndNameIsThereOnce) {
  for (const Parameter& p : kParameters) {
    EXPECT_EQ(find_parameter(p.at), &p) << p.name;
    EXPECT_EQ(find_parameter(p.name), &p);
  }
  EXPECT_EQ(find_parameter("MUX.NOTHING"), nullptr);
  EXPECT_EQ(find_parameter(Register{7, 0}), nullptr);
}

TEST(Parameters, OfWhichSomeAreReadOnlyOrWide) {
  EXPECT_EQ(reg("USB.EARLY_PACKET_DELAY"), (Register{9, 1}));
  EXPECT_TRUE(find_parameter("SYSINFO.LOGIC_VERSION")->read_only);
  EXPECT_FALSE(find_parameter("CHIP.CONTENT")->read_only);
  EXPECT_EQ(find_parameter(Register{1, 46})->name, "AER.EVENTS_DROPPED");
  EXPECT_EQ(find_parameter(Register{0, 12})->name, "MUX.AER_DROPPED");
  EXPECT_EQ(find_parameter(Register{1, 43}), nullptr);
  for (const Parameter& p : kParameters)
    EXPECT_EQ(p.read_only, p.at.module == 6 || p.wide || p.name.ends_with("STATISTICS") || p.name == "SRAM.READDATA") << p.name;
}

TEST(Parameters, ChipIdsOnTheWireAreNotInOrder) {
  EXPECT_EQ(kWireChipIds, (std::array<std::uint8_t, 4>{0, 8, 4, 12}));
  for (unsigned chip = 0; chip < 4; ++chip) EXPECT_EQ(chip_of_wire_id(wire_chip_id(chip)), chip);
  EXPECT_EQ(chip_of_wire_id(1), std::nullopt);
  EXPECT_THROW(wire_chip_id(4), std::out_of_range);
}

TEST(Parameters, WideCounterIsReadAgainWhenItsUpperHalfMoved) {
  EXPECT_EQ(wide_value(1, 2, 1), 0x1'0000'0002U);
  EXPECT_EQ(wide_value(1, 2, 2), std::nullopt);
}

TEST(Requests, WriteIsBigEndian) {
  const OutRequest out = encode_write({reg("USB.EARLY_PACKET_DELAY"), 8 * kUsbCyclesPerDelay});
  EXPECT_EQ(out.request, (ControlRequest{0xBF, 9, 1}));
  EXPECT_EQ(out.data, bytes({0, 0, 0x75, 0x30}));
}

TEST(Requests, SeveralWritesAreSixBytesEach) {
  const std::array<ConfigWrite, 2> writes = {{{{0, 2}, 1}, {{14, 3}, 0x01020304}}};
  const OutRequest out = encode_writes(writes);
  EXPECT_EQ(out.request, (ControlRequest{0xC2, 2, 0}));
  EXPECT_EQ(out.data, bytes({0, 2, 0, 0, 0, 1, 14, 3, 1, 2, 3, 4}));
}

TEST(Requests, ChipWordsAreForChipContent) {
  const std::array<std::uint32_t, 1> words = {0x323754A7};
  const OutRequest out = encode_words(words);
  EXPECT_EQ(out.request, (ControlRequest{0xC6, 1, 0}));
  EXPECT_EQ(out.data, bytes({5, 2, 0x32, 0x37, 0x54, 0xA7}));
}

TEST(Requests, TimestampResetIsAPulseInOneTransfer) {
  EXPECT_EQ(encode_timestamp_reset().request, (ControlRequest{0xC2, 2, 0}));
  EXPECT_EQ(encode_timestamp_reset().data, bytes({0, 2, 0, 0, 0, 1, 0, 2, 0, 0, 0, 0}));
}

TEST(Requests, HoldOneTo85) {
  std::vector<std::uint32_t> words(85);
  EXPECT_EQ(encode_words(words).data.size(), 510U);
  words.resize(86);
  EXPECT_THROW(encode_words(words), std::out_of_range);
  EXPECT_THROW(encode_words({}), std::out_of_range);
  EXPECT_THROW(encode_writes({}), std::out_of_range);
}

TEST(Requests, AnswersOfAnotherLengthOrRequestAreNone) {
  EXPECT_EQ(decode_value(encode_value(0xDEADBEEF)), 0xDEADBEEFU);
  EXPECT_EQ(decode_value(bytes({1, 2, 3})), std::nullopt);
  EXPECT_EQ(decode_value(bytes({1, 2, 3, 4, 5})), std::nullopt);
  EXPECT_EQ(decode_status(encode_status(0)), 0);
  EXPECT_EQ(decode_status(encode_status(7)), 7);
  EXPECT_EQ(decode_status(bytes({0xC6})), std::nullopt);
  EXPECT_EQ(decode_status(bytes({0xC5, 0})), std::nullopt);
  EXPECT_EQ(decode_status(encode_status(0, kRequestAer), kRequestAer), 0);
  EXPECT_EQ(decode_status(bytes({0xC6, 0, 0})), std::nullopt);
}

TEST(Requests, DeviceReadsWhatTheHostSent) {
  RandomBits random(5);
  for (int k = 0; k < 2000; ++k) {
    std::vector<ConfigWrite> writes(1 + random.below(85));
    std::vector<std::uint32_t> words(1 + random.below(85));
    for (ConfigWrite& w : writes)
      w = {{static_cast<std::uint8_t>(random.below(256)), static_cast<std::uint8_t>(random.below(256))},
           static_cast<std::uint32_t>(random.bits())};
    for (std::uint32_t& w : words) w = static_cast<std::uint32_t>(random.bits());
    const OutRequest one = encode_write(writes[0]), many = encode_writes(writes), chip = encode_words(words);
    EXPECT_EQ(std::get<WriteConfigs>(decode_out(one.request, one.data)).writes, std::vector<ConfigWrite>{writes[0]});
    EXPECT_EQ(std::get<WriteConfigs>(decode_out(many.request, many.data)).writes, writes);
    EXPECT_EQ(decode_out(chip.request, chip.data), DecodedOut(WriteWords{0xC6, words}));
    EXPECT_EQ(decode_in(config_request(writes[0].at)), DecodedIn(ReadConfig{writes[0].at}));
  }
  EXPECT_EQ(decode_in(kWordsStatusRequest), DecodedIn(ReadStatus{0xC6}));
}

TEST(Requests, OldDriversSendOneWordAtATime) {
  EXPECT_EQ(decode_out({0xC5, 5, 2}, bytes({1, 2, 3, 4})), DecodedOut(WriteWords{0xC5, {0x01020304}}));
  EXPECT_EQ(decode_in({0xC5, 0, 0}), DecodedIn(ReadStatus{0xC5}));
}

TEST(Requests, BadOnesAreFound) {
  const Bytes six = bytes({5, 2, 0, 0, 0, 0});
  const auto bad = [](ControlRequest request, const Bytes& data) { return std::holds_alternative<BadRequest>(decode_out(request, data)); };
  EXPECT_FALSE(bad({0xC6, 1, 0}, six));
  EXPECT_TRUE(bad({0xC6, 1, 1}, six));
  EXPECT_TRUE(bad({0xC6, 2, 0}, six));
  EXPECT_TRUE(bad({0xC6, 0, 0}, {}));
  EXPECT_TRUE(bad({0xC2, 86, 0}, Bytes(516)));
  EXPECT_TRUE(bad({0xC6, 1, 0}, bytes({5, 3, 0, 0, 0, 0})));
  EXPECT_FALSE(bad({0xC2, 1, 0}, bytes({5, 3, 0, 0, 0, 0})));
  EXPECT_TRUE(bad({0xC5, 5, 1}, bytes({0, 0, 0, 0})));
  EXPECT_TRUE(bad({0xC5, 5, 2}, six));
  EXPECT_TRUE(bad({0xBF, 0, 0}, six));
  EXPECT_TRUE(bad({0xBF, 256, 0}, bytes({0, 0, 0, 0})));
  EXPECT_TRUE(bad({0xB0, 0, 0}, {}));
  for (const ControlRequest request : {ControlRequest{0xC6, 1, 0}, {0xC2, 0, 0}, {0xBF, 0, 256}, {0, 0, 0}})
    EXPECT_TRUE(std::holds_alternative<BadRequest>(decode_in(request)));
}

}  // namespace
}  // namespace spikeloop::firmware
