// SPDX-License-Identifier: Apache-2.0
// Board: events, their statistics, the functional check, and what happens after a loss.
#include <algorithm>
#include <iterator>

#include "firmware-interface/dynapse1/sequences.hpp"
#include "firmware-interface/transport/faulty_transport.hpp"
#include "tests/firmware/board_fixture.hpp"

namespace spikeloop::firmware {
namespace {

// --- events ---

TEST_F(BoardTest, StartsTransfersBeforeItLetsEventsFlow) {
  bool streams = false;
  use({.before = [&](const UsbSetup& setup) {
    if (!setup.is_in() && setup.value == reg("USB.RUN").module && device_->value(reg("USB.RUN")) == 0) streams = cable_->streams;
    return true;
  }});
  const auto board = open();
  board->start();
  EXPECT_TRUE(streams);
  board->stop();
  board->start();
  std::vector<ConfigWrite> expected = writes_of(data_stop());  // once: it may have been left streaming,
  expected.push_back({reg("USB.RUN"), 1});                     // and what it still holds comes first
  for (const Steps& steps : {data_start(), data_stop(), data_start()}) std::ranges::copy(writes_of(steps), std::back_inserter(expected));
  EXPECT_EQ(device_->writes(), expected);
}

TEST_F(BoardTest, EchoesComeBackInOrderFromEveryChip) {
  device_->poke(reg("CHIP.CHIP_ID"), wire_chip_id(3));  // who had the board before left it so
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

TEST_F(BoardTest, StatisticsBeginWithTheConnection) {
  for (int i = 0; i < 2; ++i) {
    const auto board = open();
    board->start();
    board->inject(0, echoes(0, 50));
    board->collect(50, kPatience);
    EXPECT_EQ(board->statistics().sent, 50U);
    EXPECT_EQ(board->statistics().missing(), 0U);
  }
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

TEST_F(BoardTest, EventsBeforeAFaultOfTheStreamAreHandedOutBeforeIt) {
  FaultScript script{1, {{.kind = FaultKind::kStall, .place = FaultPlace::kStream, .at = 1}}};  // the second packet
  Board board(std::make_unique<FaultyTransport>(std::make_unique<Loopback>(device_), script), options_);
  board.start();
  board.inject(0, echoes(0, 300));
  const std::size_t before = board.collect(300, kPatience).size();
  EXPECT_GT(before, 0U);
  EXPECT_LT(before, 300U);
  EXPECT_EQ(board.statistics().stream.events, before);
  EXPECT_THROW(board.collect(300, kPatience), Stalled);
  EXPECT_EQ(board.statistics().stalls, 1U);
  EXPECT_EQ(board.statistics().missing(), 300U - before);
}

TEST_F(BoardTest, CollectEndsWhereTimeBeginsAgain) {
  const auto board = open();
  board->start();
  board->inject(0, echoes(0, 2));
  board->reset_time();
  board->inject(0, echoes(0, 3));
  EXPECT_EQ(board->collect(100, kPatience).size(), 2U);
  EXPECT_EQ(board->collect(100, kPatience).size(), 3U);
}

TEST_F(BoardTest, CounterIsReadAgainWhenItsUpperHalfMoves) {
  int reads = 0;
  bool moving = false;
  use({.before = [&](const UsbSetup& setup) {
    if (setup.is_in() && moving && setup.value == 1 && setup.index == 41 && ++reads == 2) device_->poke({1, 41}, 1);
    return true;
  }});
  const auto board = open();
  moving = true;
  EXPECT_EQ(board->read_wide(reg("AER.EVENTS")), std::uint64_t{1} << 32);
  EXPECT_EQ(reads, 4);
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

TEST_F(BoardTest, CheckReadsOnForItsPatienceWhenOthersAnswerFirst) {
  const auto board = open();
  board->program(2, listener(2, 0x155, 0x2AA));
  for (NeuronAddress other = 0x150; other < 0x155; ++other) board->program(2, listener(2, other, 0x2AA));  // fire before it
  board->start();
  for (const std::size_t bytes : {2U, 6U, 12U}) {  // less than an event, an event or two
    cable_->read_limit = bytes;
    const CheckResult result = board->check(2, 0x155);
    EXPECT_TRUE(result.seen) << result.why;
    EXPECT_EQ(result.injected, 1U) << bytes;
    EXPECT_EQ(result.other_events, 5U) << bytes;
  }
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

TEST_F(BoardTest, ChecksCountWhatTheyTakeFromOthers) {
  const auto board = open();
  board->program(2, listener(2, 0x155, 0x2AA));
  board->start();
  board->inject(0, echoes(0, 5));
  EXPECT_TRUE(board->check(2, 0x155).seen);
  EXPECT_EQ(board->statistics().read_by_checks, 6U);
}

// --- answers that do not come ---

TEST_F(BoardTest, ChoiceOfAChipWithoutAnswerIsMadeAgain) {
  const auto board = open();
  board->start();
  board->inject(0, echoes(0, 1));
  cable_->loses_answer = true;
  EXPECT_THROW(board->inject(1, echoes(1, 1)), TimedOut);
  board->inject(0, echoes(0, 3));  // chip 1 was chosen, though nobody has said so
  const auto events = board->collect(4, kPatience);
  ASSERT_EQ(events.size(), 4U);
  for (const StreamEvent& event : events) EXPECT_EQ(event.chip, 0);
}

TEST_F(BoardTest, RunThatMayBeOffIsTurnedOnForWords) {
  const auto board = open();
  board->write(reg("CHIP.RUN"), 1);
  cable_->loses_answer = true;
  EXPECT_THROW(board->write(reg("CHIP.RUN"), 0), TimedOut);
  const std::size_t before = device_->writes().size();
  board->program(2, listener(2, 0x155, 0x2AA));
  EXPECT_EQ(device_->writes().at(before), (ConfigWrite{reg("CHIP.RUN"), 1}));
}

TEST_F(BoardTest, NothingIsLeftRunningByAFailure) {
  bool refuses = true;
  use({.status = [&](unsigned chip, std::uint32_t) { return static_cast<std::uint8_t>(refuses && chip == 2 ? 1 : 0); }});
  {
    const auto board = open();
    EXPECT_THROW(board->initialise(), WordFault);
    EXPECT_EQ(device_->value(reg("CHIP.RUN")), 0U);
    EXPECT_THROW(board->program(2, listener(2, 0x155, 0x2AA)), WordFault);
    EXPECT_EQ(device_->value(reg("CHIP.RUN")), 0U);
    EXPECT_EQ(device_->value(reg("AER.RUN")), 0U);
    refuses = false;
    board->program(2, listener(2, 0x155, 0x2AA));
    board->write(reg("AER.RUN"), 1);
  }
  EXPECT_EQ(device_->value(reg("AER.RUN")), 0U);
}

TEST_F(BoardTest, StartThatFailsHalfWayStopsTheBoard) {
  int left = -1;
  use({.before = [&](const UsbSetup& setup) { return setup.is_in() || left < 0 || left-- != 0; }});
  const auto board = open();
  board->start();
  board->stop();
  left = 3;  // USB.RUN, MUX.RUN, MUX.TIMESTAMP_RUN are written, CHIP.RUN is refused
  EXPECT_THROW(board->start(), Stalled);
  EXPECT_FALSE(board->running());
  for (const Register run : {reg("USB.RUN"), reg("MUX.RUN"), reg("MUX.TIMESTAMP_RUN")}) EXPECT_EQ(device_->value(run), 0U);
}

// --- loss ---

TEST_F(BoardTest, WhatWasCountedBeforeALossIsStillKnown) {
  const auto board = open();
  board->start();
  board->inject(0, echoes(0, 50));
  EXPECT_EQ(board->collect(50, kPatience).size(), 50U);
  cable_->pull();
  const BoardStatistics lost = board->statistics();
  EXPECT_EQ(lost.stream.events, 50U);
  EXPECT_EQ(lost.injected, 50U);
  EXPECT_EQ(lost.sent, std::nullopt);
  EXPECT_EQ(lost.missing(), std::nullopt);
  const ReconnectReport report = board->reconnect();
  EXPECT_EQ(report.statistics.stream.events, 50U);
  EXPECT_EQ(report.statistics.injected, 50U);
  EXPECT_EQ(board->statistics().stream.events, 0U);
}

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
  std::vector<ChipShadow> wanted;
  for (unsigned chip = 0; chip < kChips; ++chip) wanted.push_back(board->shadow(chip));
  cable_->pull();
  device_->forget();
  board->reconnect();
  words_left_ = 20;
  EXPECT_THROW(board->restore(), DeviceLost);
  board->reconnect();
  board->restore();
  for (unsigned chip = 0; chip < kChips; ++chip) EXPECT_EQ(board->shadow(chip), wanted[chip]) << chip;
  EXPECT_EQ(device_->words(2), wanted[2].words());
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
