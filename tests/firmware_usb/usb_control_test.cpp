// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <stdexcept>

#include "tests/firmware_usb/usb_fixture.hpp"

namespace spikeloop::firmware {
namespace {

using UsbControl = UsbTest;

TEST_F(UsbControl, WhatIsWrittenIsReadBack) {
  plug();
  const auto board = open();
  const auto sent = pattern(510);
  board->control_out({FakeBoard::kStore, 1, 2}, sent, kLong);
  std::vector<std::byte> back(510);
  EXPECT_EQ(board->control_in({FakeBoard::kLoad, 0, 0}, back, kLong), 510U);
  EXPECT_EQ(back, sent);
}

TEST_F(UsbControl, AShortAnswerSaysHowShortItIs) {
  plug();
  const auto board = open();
  board->control_out({FakeBoard::kStore, 0, 0}, pattern(3), kLong);
  std::vector<std::byte> back(64);
  EXPECT_EQ(board->control_in({FakeBoard::kLoad, 0, 0}, back, kLong), 3U);
}

TEST_F(UsbControl, AnOutRequestOfWhichTheDeviceTakesOnlyAPartIsAProtocolFault) {
  plug();
  const auto board = open();
  port_.fail_next(0, 0, 2);
  EXPECT_THROW(board->control_out({FakeBoard::kStore, 0, 0}, pattern(4), kLong), ProtocolFault);
}

TEST_F(UsbControl, ARefusedRequestIsStalledAndTheNextOneWorks) {
  plug();
  const auto board = open();
  std::vector<std::byte> back(4);
  EXPECT_THROW(board->control_in({0x77, 0, 0}, back, kLong), Stalled);
  EXPECT_THROW(board->control_out({0x77, 0, 0}, back, kLong), Stalled);
  board->control_out({FakeBoard::kStore, 0, 0}, back, kLong);
}

TEST_F(UsbControl, NoAnswerIsTimedOutTheTransferCancelledAndTheNextOneWorks) {
  plug();
  const auto board = open();
  port_.hold(0, true);
  std::vector<std::byte> back(4);
  EXPECT_THROW(board->control_in({FakeBoard::kLoad, 0, 0}, back, kShort), TimedOut);
  EXPECT_THROW(board->control_out({FakeBoard::kStore, 0, 0}, back, Milliseconds(0)), TimedOut);
  EXPECT_EQ(port_.waiting(0), 0U);
  EXPECT_EQ(port_.counts().discards, 2U);
  port_.hold(0, false);
  board->control_out({FakeBoard::kStore, 0, 0}, back, kLong);
}

TEST_F(UsbControl, BusErrorsAreProtocolFaultsAndTheNextOneWorks) {
  plug();
  const auto board = open();
  std::vector<std::byte> back(4);
  for (const int error : {EPROTO, EILSEQ, EOVERFLOW}) {
    port_.fail_next(0, error);
    EXPECT_THROW(board->control_in({FakeBoard::kLoad, 0, 0}, back, kLong), ProtocolFault) << error;
  }
  board->control_out({FakeBoard::kStore, 0, 0}, back, kLong);
}

TEST_F(UsbControl, MoreThanTheInterfaceAllowsIsRefused) {
  plug();
  const auto board = open();
  EXPECT_THROW(board->control_out({FakeBoard::kStore, 0, 0}, pattern(4097), kLong), std::invalid_argument);
  board->control_out({FakeBoard::kStore, 0, 0}, pattern(4096), kLong);
}

TEST_F(UsbControl, UnpluggingEndsARequestThatWaits) {
  plug();
  const auto board = open();
  port_.hold(0, true);
  std::jthread puller([&] {
    eventually([&] { return port_.waiting(0) == 1; });
    port_.unplug();
  });
  std::vector<std::byte> back(4);
  EXPECT_THROW(board->control_in({FakeBoard::kLoad, 0, 0}, back, kLong), DeviceLost);
}

TEST_F(UsbControl, ABusErrorThatComesJustBeforeTheUnplugIsALoss) {
  plug();
  const auto board = open("", {.unplug_grace = kLong});
  port_.fail_next(0, EPROTO);
  std::vector<std::byte> back(4);
  std::jthread puller([&, before = port_.counts().submits] {
    eventually([&] { return port_.counts().submits > before; });
    port_.unplug();
  });
  EXPECT_THROW(board->control_in({FakeBoard::kLoad, 0, 0}, back, kLong), DeviceLost);
}

TEST_F(UsbControl, ClosingFromAnotherThreadEndsARequestThatWaits) {
  plug();
  const auto board = open();
  port_.hold(0, true);
  std::jthread closer([&] {
    eventually([&] { return port_.waiting(0) == 1; });
    board->close();
  });
  std::vector<std::byte> back(4);
  EXPECT_THROW(board->control_in({FakeBoard::kLoad, 0, 0}, back, kLong), DeviceLost);
  closer.join();
  board->close();  // once more does nothing
  EXPECT_THROW(board->control_in({FakeBoard::kLoad, 0, 0}, back, kLong), DeviceLost);
}

TEST_F(UsbControl, ACancelledTransferThatDoesNotComeBackIsALossAndNotAHang) {
  plug();
  const auto board = open("", {.cancel_grace = kShort});
  port_.hold(0, true);
  port_.ignore_cancels(true);
  std::vector<std::byte> back(4);
  EXPECT_THROW(board->control_in({FakeBoard::kLoad, 0, 0}, back, kShort), DeviceLost);
  EXPECT_THROW(board->control_in({FakeBoard::kLoad, 0, 0}, back, kShort), DeviceLost);
  EXPECT_EQ(port_.waiting(0), 1U);
  port_.ignore_cancels(false);  // it comes back late, before it is freed
}

}  // namespace
}  // namespace spikeloop::firmware
