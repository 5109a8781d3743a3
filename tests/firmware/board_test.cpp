// SPDX-License-Identifier: Apache-2.0
// Board: who it is, and how it is configured.
#include "firmware-interface/dynapse1/biases.hpp"
#include "firmware-interface/dynapse1/sequences.hpp"
#include "firmware-interface/transport/faulty_transport.hpp"
#include "tests/firmware/board_fixture.hpp"

namespace spikeloop::firmware {
namespace {

// --- who is it ---

TEST_F(BoardTest, SaysWhoItIsAndIsNotConfiguredByOpening) {
  const auto board = open();
  EXPECT_EQ(board->info().firmware, 3U);
  EXPECT_EQ(board->info().logic, 5U);
  EXPECT_EQ(board->info().chip, 64U);
  EXPECT_EQ(board->info().clock_mhz, 90U);
  EXPECT_EQ(board->info().usb.serial, "00000008");
  EXPECT_TRUE(device_->writes().empty());
}

TEST_F(BoardTest, OtherDevicesAndVersionsAreRefusedWithBothNumbers) {
  EXPECT_NE(refusal({.product = 0x841A}).find("152a:841a"), std::string::npos);
  EXPECT_NE(refusal({.firmware = 2}).find("firmware 2, and 3"), std::string::npos);
  EXPECT_NE(refusal({.firmware = 4}).find("firmware 4, and 3"), std::string::npos);
  EXPECT_NE(refusal({.logic = 4}).find("logic 4, and 5"), std::string::npos);
  EXPECT_NE(refusal({.logic = 0xFFFFFFFF}).find("logic"), std::string::npos);
  EXPECT_NE(refusal({.chip = 65}).find("65"), std::string::npos);
}

TEST_F(BoardTest, ShortAnswerIsAFaultThatNamesTheRegister) {
  FaultScript script;
  script.rules = {{.kind = FaultKind::kShort, .place = FaultPlace::kControlIn, .at = 0}};
  try {
    Board(std::make_unique<FaultyTransport>(std::make_unique<Loopback>(device_), script), options_);
    FAIL();
  } catch (const ProtocolFault& fault) {
    EXPECT_NE(std::string(fault.what()).find("SYSINFO.LOGIC_VERSION"), std::string::npos) << fault.what();
  }
}

// --- configuration ---

TEST_F(BoardTest, InitialisesAsDriversDoAndWaitsUntilChipsSettle) {
  const auto board = open();
  board->initialise();
  std::vector<ConfigWrite> expected = writes_of(data_stop());  // it may have been left streaming
  std::array<std::vector<std::uint32_t>, kChips> words;
  unsigned chip = 0;
  for (const Step& step : default_configuration()) {
    if (const auto* write = std::get_if<WriteStep>(&step)) expected.push_back(write->write);
    if (const auto* write = std::get_if<WriteStep>(&step); write && write->write.at == reg("CHIP.CHIP_ID"))
      chip = *chip_of_wire_id(write->write.value);
    if (const auto* some = std::get_if<WordsStep>(&step)) words[chip].insert(words[chip].end(), some->words.begin(), some->words.end());
  }
  EXPECT_EQ(device_->writes(), expected);
  for (unsigned u = 0; u < kChips; ++u) EXPECT_EQ(device_->words(u), words[u]) << u;
  EXPECT_EQ(waits_, std::vector<Milliseconds>{Milliseconds(4000)});
  EXPECT_EQ(board->shadow(2).counts(), (ShadowCounts{0, 4096, 106, 0, 0}));
  EXPECT_EQ(board->shadow(3).sram(17, 0), monitoring_route(3, 17));
  EXPECT_EQ(board->shadow(3).cam(17, 0), std::nullopt);  // nobody knows what is in it
}

/// What whoever is asked throws when it is enough.
struct Enough {};

TEST_F(BoardTest, ConfiguringEndsBetweenWordsWhenToldToAndLeavesNothingRunning) {
  int left = 100;
  options_.ask = [&] {
    if (left-- == 0) throw Enough();
  };
  const auto board = open();
  EXPECT_THROW(board->initialise(), Enough);
  EXPECT_EQ(board->statistics().words, 100U);  // biases are sent one by one
  EXPECT_TRUE(waits_.empty());
  for (const Register run : {reg("CHIP.RUN"), reg("AER.RUN")}) EXPECT_EQ(device_->value(run), 0U);
  board->initialise();  // can be done again
  EXPECT_EQ(board->shadow(2).counts(), (ShadowCounts{0, 4096, 106, 0, 0}));
}

TEST_F(BoardTest, ProgrammingAndRestoringEndWhenToldToAndLeaveNothingRunning) {
  int left = -1;
  options_.ask = [&] {
    if (left-- == 0) throw Enough();
  };
  const auto board = open();
  const auto is_stopped = [&] { return device_->value(reg("CHIP.RUN")) == 0 && device_->value(reg("AER.RUN")) == 0; };
  left = 0;
  EXPECT_THROW(board->program(2, listener(2, 0x155, 0x2AA)), Enough);
  EXPECT_TRUE(is_stopped());
  EXPECT_EQ(board->shadow(2).counts(), (ShadowCounts{0, 0, 0, 0, 0}));  // and nothing is in doubt
  board->program(2, listener(2, 0x155, 0x2AA));
  left = 0;
  EXPECT_THROW(board->restore(), Enough);
  EXPECT_TRUE(is_stopped());
  board->restore();  // what is wanted has not changed
  EXPECT_EQ(board->shadow(2).counts(), (ShadowCounts{kCamsPerNeuron, 1, 0, 0, 0}));
}

TEST_F(BoardTest, CamsAreClearedOnlyWhenAsked) {
  const auto board = open();
  board->initialise(true);
  for (unsigned chip = 0; chip < kChips; ++chip) EXPECT_EQ(board->shadow(chip).counts().cams, 65'536U);
  EXPECT_EQ(device_->value(reg("CHIP.RUN")), 0U);
}

TEST_F(BoardTest, RegisterThatDoesNotHoldItsValueIsAFault) {
  use({.before = [this](const UsbSetup& setup) {
    if (setup.is_in() && setup.request == kRequestConfig) device_->poke(reg("AER.ACK_DELAY"), 7);
    return true;
  }});
  const auto board = open();
  try {
    board->initialise();
    FAIL();
  } catch (const ProtocolFault& fault) {
    EXPECT_NE(std::string(fault.what()).find("AER.ACK_DELAY is 7, not 0"), std::string::npos) << fault.what();
  }
}

TEST_F(BoardTest, ShadowIsWhatWasProgrammed) {
  const auto board = open();
  const CamWord cam{0x2A7, 37, 0x123, SynapseType::kFastExcitatory};
  const ChipWord bias = bias_setting(*find_bias("C1_IF_TAU1_N"), 7, 5, false);
  const std::vector<ChipWord> words = {cam, monitoring_route(1, 0x2A7), bias, ResetTau1{2}, SetTau2{0x2A7}};
  board->program(1, words);
  const ChipShadow& shadow = board->shadow(1);
  EXPECT_EQ(shadow.cam(0x2A7, 37), cam);
  EXPECT_EQ(shadow.sram(0x2A7, 0), monitoring_route(1, 0x2A7));
  EXPECT_EQ(shadow.bias(find_bias("C1_IF_TAU1_N")->address), bias);
  EXPECT_EQ(shadow.counts(), (ShadowCounts{1, 1, 1, 2, 0}));
  EXPECT_EQ(board->shadow(0), ChipShadow());
  board->program(1, std::vector<ChipWord>{CamWord{0x2A7, 37, 0x124, SynapseType::kSlowExcitatory}});
  EXPECT_EQ(shadow.cam(0x2A7, 37)->source, 0x124);
  EXPECT_EQ(shadow.counts().cams, 1U);
}

TEST_F(BoardTest, ShadowSaysWhatBringsAChipToItsState) {
  const auto board = open();
  board->program(1, std::vector<ChipWord>{SetTau2{7}, ResetTau1{0}, SetTau2{8}, SetTau2{8}, ResetMonitor{0}, SelectMonitor{0}});
  board->program(1, listener(1, 700, 3));
  ChipShadow copy;
  for (const std::uint32_t word : board->shadow(1).words()) copy.programmed(word);
  EXPECT_EQ(copy, board->shadow(1));
  EXPECT_EQ(copy.counts().others, 4U);  // neuron 7 was reset, neuron 8 set twice
}

TEST_F(BoardTest, ChipsThatDoNotRunAreStartedForTheirWords) {
  const auto board = open();
  board->program(0, listener(0, 1, 2));  // the stub acknowledges nothing while they do not
  EXPECT_EQ(device_->value(reg("CHIP.RUN")), 0U);
  board->start();
  board->program(0, listener(0, 1, 2));
  EXPECT_EQ(device_->value(reg("CHIP.RUN")), 1U);
}

// --- handshakes ---

TEST_F(BoardTest, FailedHandshakeNamesTheWord) {
  const std::vector<ChipWord> words = listener(1, 0x2A7, 0x123);
  const std::uint32_t bad = encode(words[37]);
  use({.status = [bad](unsigned, std::uint32_t word) { return static_cast<std::uint8_t>(word == bad ? 9 : 0); }});
  const auto board = open();
  try {
    board->program(1, words);
    FAIL();
  } catch (const WordFault& fault) {
    EXPECT_EQ(fault.place().chip, 1U);
    EXPECT_EQ(fault.place().index, 37U);
    EXPECT_EQ(fault.place().count, 1U);
    EXPECT_EQ(fault.place().word, bad);
    EXPECT_EQ(fault.place().status, 9);
    const std::string what = fault.what();
    for (const char* part : {"word 37", "U1", "CAM 37 of core 2 neuron 167", "core 1 neuron 35", "status 9"})
      EXPECT_NE(what.find(part), std::string::npos) << part << " is not in: " << what;
    EXPECT_FALSE(fault.advice().empty());
  }
  EXPECT_TRUE(board->shadow(1).cam(0x2A7, 36).has_value());
  EXPECT_FALSE(board->shadow(1).cam(0x2A7, 37).has_value());
  EXPECT_EQ(board->shadow(1).counts().doubtful, words.size() - 37);
}

TEST_F(BoardTest, HandshakeThatFailsOnceIsRepeatedAndCounted) {
  bool failed = false;
  use({.status = [&failed](unsigned, std::uint32_t) { return static_cast<std::uint8_t>(std::exchange(failed, true) ? 0 : 1); }});
  const auto board = open();
  const auto words = listener(0, 5, 6);
  board->program(0, words);
  EXPECT_EQ(board->statistics().words_repeated, words.size());
  EXPECT_EQ(board->statistics().words, words.size());
  EXPECT_EQ(board->shadow(0).counts(), (ShadowCounts{64, 1, 0, 0, 0}));
}

TEST_F(BoardTest, SpikesAreNotSentTwice) {
  use({.status = [](unsigned, std::uint32_t word) { return static_cast<std::uint8_t>((word >> 20 & 0xFF) == 50 ? 1 : 0); }});
  const auto board = open();
  board->start();
  try {
    board->inject(2, echoes(2, 100));
    FAIL();
  } catch (const WordFault& fault) {
    EXPECT_EQ(fault.place().index, 0U);
    EXPECT_EQ(fault.place().count, 85U);
  }
  EXPECT_EQ(board->collect(200, kPatience).size(), 84U);
}

}  // namespace
}  // namespace spikeloop::firmware
