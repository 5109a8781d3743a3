// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/board.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "firmware-interface/dynapse1/biases.hpp"
#include "firmware-interface/dynapse1/sequences.hpp"
#include "firmware-interface/transport/faulty_transport.hpp"
#include "firmware-interface/virtual_board/loopback.hpp"
#include "tests/firmware/stub_board.hpp"

namespace spikeloop::firmware {
namespace {

constexpr Milliseconds kPatience{100};

/// A cable that is pulled when it is told, just before a transfer of words.
class Cable : public Transport {
 public:
  Cable(std::shared_ptr<UsbDevice> device, int& words_left) : inner_(std::move(device)), words_left_(words_left) {}
  const DeviceIdentity& identity() const override { return inner_.identity(); }
  void control_out(ControlRequest request, std::span<const std::byte> data, Milliseconds timeout) override {
    if (request.request == kRequestAerMultiple && --words_left_ == 0) inner_.unplug();
    inner_.control_out(request, data, timeout);
  }
  std::size_t control_in(ControlRequest request, std::span<std::byte> into, Milliseconds timeout) override {
    return inner_.control_in(request, into, timeout);
  }
  void start_stream(const StreamOptions& options) override { inner_.start_stream(options); }
  void stop_stream() override { inner_.stop_stream(); }
  std::size_t read_stream(std::span<std::byte> into, Milliseconds timeout) override { return inner_.read_stream(into, timeout); }
  void close() noexcept override { inner_.close(); }
  void pull() { inner_.unplug(); }

 private:
  Loopback inner_;
  int& words_left_;  ///< transfers of words until the cable is pulled; 0 = never
};

class BoardTest : public ::testing::Test {
 protected:
  BoardTest() {
    options_.wait = [this](Milliseconds time) { waits_.push_back(time); };
  }

  void use(StubBoard::Options options) { device_ = std::make_shared<StubBoard>(std::move(options)); }
  Board::Opener opener() {
    return [this] {
      auto transport = std::make_unique<Cable>(device_, words_left_);
      cable_ = transport.get();
      return transport;
    };
  }
  std::unique_ptr<Board> open() { return std::make_unique<Board>(opener(), options_); }
  /// What a board that is refused says, and what to do.
  std::string refusal(StubBoard::Options options) {
    use(std::move(options));
    try {
      open();
    } catch (const WrongDevice& fault) {
      EXPECT_FALSE(fault.advice().empty());
      return fault.what();
    }
    return "it was not refused";
  }
  /// All synapses of a neuron listen to a tag; the neuron is seen by the host.
  static std::vector<ChipWord> listener(unsigned chip, NeuronAddress neuron, NeuronAddress tag) {
    std::vector<ChipWord> words;
    for (unsigned i = 0; i < kCamsPerNeuron; ++i)
      words.push_back(CamWord{neuron, static_cast<std::uint8_t>(i), tag, SynapseType::kFastExcitatory});
    words.push_back(monitoring_route(chip, neuron));
    return words;
  }
  /// Spikes that the routers bring to the host, of neurons 0, 1, 2, ...
  static std::vector<InjectedSpike> echoes(unsigned chip, std::size_t n) {
    std::vector<InjectedSpike> spikes;
    for (std::size_t i = 0; i < n; ++i) {
      const auto neuron = static_cast<NeuronAddress>(i % kNeuronsPerChip);
      const SramWord route = monitoring_route(chip, neuron);
      spikes.push_back({neuron, route.hops, route.core_mask});
    }
    return spikes;
  }

  std::shared_ptr<StubBoard> device_ = std::make_shared<StubBoard>();
  Cable* cable_ = nullptr;
  int words_left_ = 0;
  BoardOptions options_;
  std::vector<Milliseconds> waits_;
};

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
  std::vector<ConfigWrite> expected;
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

// --- events ---

TEST_F(BoardTest, StartsTransfersBeforeItLetsEventsFlow) {
  const auto board = open();
  board->start();
  std::vector<ConfigWrite> expected;
  for (const Step& step : data_start()) expected.push_back(std::get<WriteStep>(step).write);
  board->stop();
  for (const Step& step : data_stop()) expected.push_back(std::get<WriteStep>(step).write);
  EXPECT_EQ(device_->writes(), expected);
}

TEST_F(BoardTest, EchoesComeBackInOrderFromEveryChip) {
  const auto board = open();
  board->start();
  for (unsigned chip = 0; chip < kChips; ++chip) {
    board->inject(chip, echoes(chip, 2500));
    const auto events = board->collect(2500, kPatience);
    ASSERT_EQ(events.size(), 2500U);
    for (std::size_t i = 0; i < events.size(); ++i) {
      EXPECT_EQ(events[i].chip, chip);
      EXPECT_EQ(neuron_address(events[i].core, events[i].neuron), i % kNeuronsPerChip);
    }
  }
  const BoardStatistics s = board->statistics();
  EXPECT_EQ(s.injected, 10'000U);
  EXPECT_EQ(s.sent, 10'000U);
  EXPECT_EQ(s.stream.events, 10'000U);
  EXPECT_EQ(s.missing(), 0U);
}

TEST_F(BoardTest, TimeRunsOnOverWrapsAndBeginsAgainWhenReset) {
  const auto board = open();
  board->start();
  board->collect(1, Milliseconds(200));  // 200 ms of silence: six wraps
  board->inject(0, echoes(0, 1));
  const auto before = board->collect(1, kPatience);
  ASSERT_EQ(before.size(), 1U);
  EXPECT_GT(before[0].time_us, 5 * 32'768);
  board->reset_time();
  board->inject(0, echoes(0, 1));
  const auto after = board->collect(1, kPatience);
  ASSERT_EQ(after.size(), 1U);
  EXPECT_LT(after[0].time_us, 32'768);
  EXPECT_EQ(board->statistics().stream.resets, 1U);
}

TEST_F(BoardTest, StatisticsAccountForEachEventThatTheLinkDrops) {
  FaultScript script{7, {{.kind = FaultKind::kDrop, .place = FaultPlace::kStream, .probability = 0.2}}};
  auto faulty = std::make_unique<FaultyTransport>(std::make_unique<Loopback>(device_), script);
  const FaultyTransport& faults = *faulty;
  Board board(std::move(faulty), options_);
  board.start();
  std::size_t seen = 0;
  for (int i = 0; i < 40; ++i) {
    board.inject(1, echoes(1, 500));
    seen += board.collect(500, kPatience).size();
  }
  board.stop();
  const BoardStatistics s = board.statistics();
  EXPECT_GT(faults.counts().of(FaultKind::kDrop), 0U);
  EXPECT_EQ(s.sent, 20'000U);
  EXPECT_EQ(s.stream.events, seen);
  EXPECT_LT(seen, 20'000U);
  EXPECT_EQ(s.missing(), 20'000U - seen);
}

TEST_F(BoardTest, StatisticsCountWhatTheBoardDrops) {
  use({.fifo_bytes = 100});
  const auto board = open();
  board->start();
  board->inject(1, echoes(1, 85));  // all in one transfer, before anybody can fetch
  const std::size_t seen = board->collect(85, kPatience).size();
  const BoardStatistics s = board->statistics();
  EXPECT_LT(seen, 85U);
  EXPECT_EQ(s.dropped_at_mux, 85U - seen);
  EXPECT_EQ(s.missing(), 0U);
}

TEST_F(BoardTest, CountersThatTheLogicLacksAreUnknown) {
  use({.statistics = false});
  const auto board = open();
  EXPECT_EQ(board->statistics().sent, std::nullopt);
  EXPECT_EQ(board->statistics().missing(), std::nullopt);
}

TEST_F(BoardTest, StalledStreamIsToldOnceCountedAndCanBeginAgain) {
  FaultScript script{1, {{.kind = FaultKind::kStall, .place = FaultPlace::kStream, .at = 0}}};
  Board board(std::make_unique<FaultyTransport>(std::make_unique<Loopback>(device_), script), options_);
  board.start();
  board.inject(0, echoes(0, 3));
  EXPECT_THROW(board.collect(3, kPatience), Stalled);
  board.start();
  board.inject(0, echoes(0, 3));
  EXPECT_FALSE(board.collect(3, kPatience).empty());
  EXPECT_EQ(board.statistics().stalls, 1U);
  EXPECT_EQ(board.statistics().stream.gaps, 1U);
}

// --- functional check ---

TEST_F(BoardTest, CheckSeesTheSpikeOfAProgrammedNeuron) {
  const auto board = open();
  board->program(2, listener(2, 0x155, 0x2AA));
  board->start();
  const CheckResult result = board->check(2, 0x155);
  EXPECT_TRUE(result.seen) << result.why;
  EXPECT_EQ(result.source, 0x2AA);
  EXPECT_EQ(result.injected, 1U);
  EXPECT_EQ(result.event.chip, 2);
  EXPECT_EQ(neuron_address(result.event.core, result.event.neuron), 0x155);
}

TEST_F(BoardTest, CheckFailsWithoutRouteOrSynapse) {
  const auto board = open();
  auto words = listener(2, 0x155, 0x2AA);
  words.pop_back();  // the route
  board->program(2, words);
  board->start();
  const CheckResult no_route = board->check(2, 0x155, {.spikes = 3, .patience = kPatience});
  EXPECT_FALSE(no_route.seen);
  EXPECT_EQ(no_route.injected, 3U);
  EXPECT_NE(no_route.why.find("no route"), std::string::npos) << no_route.why;
  const CheckResult no_synapse = board->check(2, 0x156, {.spikes = 3, .patience = kPatience});
  EXPECT_FALSE(no_synapse.seen);
  EXPECT_NE(no_synapse.why.find("no excitatory synapse of U2 core 1 neuron 86"), std::string::npos) << no_synapse.why;
}

TEST_F(BoardTest, CheckFindsABoardThatHasForgotten) {
  const auto board = open();
  board->program(2, listener(2, 0x155, 0x2AA));
  device_->forget();
  board->start();
  const CheckResult result = board->check(2, 0x155, {.spikes = 3, .patience = kPatience});
  EXPECT_FALSE(result.seen);
  EXPECT_NE(result.why.find("by the shadow its route to the host is programmed"), std::string::npos) << result.why;
}

// --- loss ---

TEST_F(BoardTest, LossInMidProgrammingSaysWhereAndIsRecovered) {
  const auto words = listener(1, 0x155, 0x2AA);
  const auto board = open();
  board->initialise();
  board->program(1, words);
  board->start();
  words_left_ = 3;
  std::vector<ChipWord> many;
  for (unsigned i = 0; i < 300; ++i) many.push_back(CamWord{static_cast<NeuronAddress>(i), 0, 1, SynapseType::kFastExcitatory});
  try {
    board->program(3, many);
    FAIL();
  } catch (const DeviceLost& fault) {
    EXPECT_NE(std::string(fault.what()).find("words 170 to 254 for U3"), std::string::npos) << fault.what();
  }
  EXPECT_THROW(board->program(3, many), DeviceLost);

  device_->forget();
  const ReconnectReport report = board->reconnect();
  EXPECT_TRUE(report.was_running);
  EXPECT_EQ(report.to_program[1].cams, 64U);
  EXPECT_EQ(report.to_program[3].cams, 170U);
  EXPECT_EQ(report.doubtful(), 85U);
  EXPECT_FALSE(report.registers.empty());
  EXPECT_NE(report.text().find("U3: 170 CAM"), std::string::npos) << report.text();
  const ChipShadow wanted = board->shadow(1);
  waits_.clear();
  board->restore();
  EXPECT_EQ(waits_, std::vector<Milliseconds>{Milliseconds(4000)});
  EXPECT_EQ(board->shadow(1), wanted);
  EXPECT_TRUE(board->running());
  EXPECT_TRUE(board->check(1, 0x155).seen);
  EXPECT_EQ(board->statistics().reconnects, 1U);
}

TEST_F(BoardTest, LossInMidRestoringLosesNothingOfWhatIsWanted) {
  const auto board = open();
  board->initialise();
  const ChipShadow wanted = board->shadow(2);
  cable_->pull();
  device_->forget();
  board->reconnect();
  words_left_ = 20;
  EXPECT_THROW(board->restore(), DeviceLost);
  board->reconnect();
  board->restore();
  EXPECT_EQ(board->shadow(2), wanted);
  EXPECT_EQ(device_->words(2), wanted.words());
  EXPECT_TRUE(board->verify_registers().empty());
  EXPECT_FALSE(board->running());
}

TEST_F(BoardTest, AnotherBoardIsNotTakenForTheOneThatWasLost) {
  const auto board = open();
  use({.serial = "00000009"});
  EXPECT_THROW(board->reconnect(), WrongDevice);
  use({});
  board->reconnect();
}

TEST_F(BoardTest, IsFreeAgainWhenClosedInMidProgramming) {
  {
    const auto board = open();
    board->start();
    cable_->pull();
    EXPECT_THROW(board->inject(0, echoes(0, 1)), DeviceLost);
  }
  EXPECT_EQ(open()->info().logic, 5U);
}

}  // namespace
}  // namespace spikeloop::firmware
