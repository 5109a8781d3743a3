// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <stdexcept>

#include "tests/firmware_usb/usb_fixture.hpp"

namespace spikeloop::firmware {
namespace {

class UsbStream : public UsbTest {
 protected:
  UsbStream() {
    plug();
    stream_ = open();
  }
  std::size_t in_flight() const { return port_.waiting(FakeBoard::kStream); }
  std::vector<std::byte> into_ = std::vector<std::byte>(100'000);
  std::unique_ptr<UsbTransport> stream_;
};

TEST_F(UsbStream, KeepsEightTransfersInFlightAndTheBytesInOrder) {
  stream_->start_stream({});
  EXPECT_EQ(in_flight(), 8U);
  const auto sent = pattern(1'000'001);
  std::jthread device([&] {
    for (std::size_t at = 0; at < sent.size(); at += 10'007)
      send(
          {sent.begin() + static_cast<std::ptrdiff_t>(at), sent.begin() + static_cast<std::ptrdiff_t>(std::min(at + 10'007, sent.size()))});
  });
  EXPECT_EQ(read_all(*stream_, sent.size()), sent);
  eventually([&] { return in_flight() == 8; });
  EXPECT_EQ(stream_->stream_counts().bytes, sent.size());
  EXPECT_EQ(stream_->stream_counts().discarded_bytes, 0U);
}

TEST_F(UsbStream, AShortPacketIsDeliveredAtOnce) {
  stream_->start_stream({});
  send(pattern(5));
  EXPECT_EQ(stream_->read_stream(into_, kLong), 5U);
  send(pattern(513));
  EXPECT_EQ(stream_->read_stream(into_, kLong), 513U);
}

TEST_F(UsbStream, ReadingGivesNothingByItsTimeoutAndDoesNotKeepLibusbBusyMeanwhile) {
  stream_->start_stream({});
  const std::size_t before = port_.counts().idle_reaps;
  EXPECT_EQ(stream_->read_stream(into_, Milliseconds(0)), 0U);
  EXPECT_EQ(stream_->read_stream(into_, 5 * kShort), 0U);
  EXPECT_LT(port_.counts().idle_reaps - before, 10U);  // a thread that spins asks thousands of times
}

TEST_F(UsbStream, ReadingWithoutAStreamGivesNothingAtOnce) { EXPECT_EQ(stream_->read_stream(into_, kLong), 0U); }

TEST_F(UsbStream, StoppingCancelsWhatIsInFlightAndKeepsWhatHasArrivedEvenInPartOfATransfer) {
  stream_->start_stream({});
  const auto sent = pattern(8192 + 1024);  // one full transfer, and one that waits for more
  send(sent);
  stream_->stop_stream();
  EXPECT_EQ(in_flight(), 0U);
  EXPECT_EQ(read_all(*stream_, sent.size()), sent);
  EXPECT_EQ(stream_->read_stream(into_, kLong), 0U);
  stream_->stop_stream();  // once more does nothing
  stream_->start_stream({});
  EXPECT_EQ(in_flight(), 8U);
  send(pattern(7));
  EXPECT_EQ(stream_->read_stream(into_, kLong), 7U);
}

TEST_F(UsbStream, TransfersAreMadeAWholeNumberOfPackets) {
  stream_->start_stream({.transfers = 2, .transfer_bytes = 1000});
  send(pattern(1024));  // would not fit
  EXPECT_EQ(read_all(*stream_, 1024), pattern(1024));
}

TEST_F(UsbStream, AnEndpointThatTheDeviceLacksIsNotFound) { EXPECT_THROW(stream_->start_stream({.endpoint = 0x83}), NotFound); }

TEST_F(UsbStream, AFullQueueMakesTheDeviceWaitAndLosesNothing) {
  stream_->close();
  stream_ = open("", {.queue_bytes = 20'000, .cancel_grace = 3 * kLong});
  stream_->start_stream({.transfers = 4, .transfer_bytes = 4096});
  const auto sent = pattern(200'000);
  send(sent);
  eventually([&] { return stream_->stream_counts().pauses == 4; });  // all four are held back
  EXPECT_EQ(in_flight(), 0U);
  EXPECT_LE(stream_->stream_counts().bytes, 20'000U);
  EXPECT_EQ(read_all(*stream_, sent.size()), sent);
  EXPECT_EQ(stream_->stream_counts().bytes, sent.size());
}

TEST_F(UsbStream, AFaultIsThrownAfterTheBytesBeforeItAndTheStreamCanBeStartedAnew) {
  const auto expect = [&]<class Fault>(int error) {
    stream_->start_stream({});
    send(pattern(3));
    port_.fail_next(FakeBoard::kStream, error);
    eventually([&] { return in_flight() == 0; });
    EXPECT_EQ(stream_->read_stream(into_, kLong), 3U);
    EXPECT_THROW(stream_->read_stream(into_, kLong), Fault);
    EXPECT_EQ(stream_->read_stream(into_, kLong), 0U);
  };
  expect.operator()<Stalled>(EPIPE);
  EXPECT_EQ(port_.counts().clear_halts, 0U);
  expect.operator()<ProtocolFault>(EOVERFLOW);
  EXPECT_EQ(port_.counts().clear_halts, 1U);  // after the stall, before the new start
  expect.operator()<ProtocolFault>(EPROTO);
  EXPECT_EQ(port_.counts().clear_halts, 1U);
}

TEST_F(UsbStream, WhatComesBehindTheGapOfAFaultIsNotDeliveredButCounted) {
  stream_->start_stream({});
  port_.hold(FakeBoard::kStream, true);
  send(pattern(100));
  port_.fail_next(FakeBoard::kStream, EPROTO);
  port_.hold(FakeBoard::kStream, false);  // the first transfer fails, the second one gets the bytes
  EXPECT_THROW(stream_->read_stream(into_, kLong), ProtocolFault);
  EXPECT_EQ(stream_->stream_counts().bytes, 0U);
  EXPECT_EQ(stream_->stream_counts().discarded_bytes, 100U);
}

TEST_F(UsbStream, AFaultThatNobodyHasReadIsThrownByTheNextStart) {
  stream_->start_stream({});
  port_.fail_next(FakeBoard::kStream, EPROTO);
  eventually([&] { return in_flight() == 0; });
  EXPECT_THROW(stream_->start_stream({}), ProtocolFault);
  stream_->start_stream({});
}

TEST_F(UsbStream, UnpluggingDeliversWhatCameBeforeAndThenEveryCallThrows) {
  stream_->start_stream({});
  const auto sent = pattern(3 * 8192 + 100);
  send(sent);
  port_.unplug();
  EXPECT_EQ(read_all(*stream_, sent.size()), sent);
  EXPECT_THROW(stream_->read_stream(into_, kLong), DeviceLost);
  EXPECT_THROW(stream_->read_stream(into_, kLong), DeviceLost);
  EXPECT_THROW(stream_->stop_stream(), DeviceLost);
  EXPECT_THROW(stream_->start_stream({}), DeviceLost);
  EXPECT_THROW(stream_->control_in({FakeBoard::kLoad, 0, 0}, into_, kLong), DeviceLost);
}

TEST_F(UsbStream, ABusErrorThatComesJustBeforeTheUnplugIsALossAndNotAFault) {
  stream_->close();
  stream_ = open("", {.unplug_grace = kLong});
  stream_->start_stream({});
  port_.fail_next(FakeBoard::kStream, EPROTO);
  eventually([&] { return in_flight() == 0; });
  std::jthread puller([&] { port_.unplug(); });
  EXPECT_THROW(stream_->read_stream(into_, kLong), DeviceLost);
  EXPECT_THROW(stream_->start_stream({}), DeviceLost);
}

TEST_F(UsbStream, UnpluggingEndsAReadThatWaits) {
  stream_->start_stream({});
  std::jthread puller([&] { port_.unplug(); });
  EXPECT_THROW(stream_->read_stream(into_, kLong), DeviceLost);
}

TEST_F(UsbStream, UnpluggingIsSeenAlsoWhileNothingIsInFlight) {
  stream_->close();
  stream_ = open("", {.queue_bytes = 4096, .cancel_grace = 3 * kLong});
  stream_->start_stream({.transfers = 1, .transfer_bytes = 4096});
  const auto sent = pattern(4096);
  send(sent);
  eventually([&] { return stream_->stream_counts().pauses == 1; });
  port_.unplug();
  EXPECT_EQ(read_all(*stream_, sent.size()), sent);
  EXPECT_THROW(stream_->read_stream(into_, kLong), DeviceLost);
}

TEST_F(UsbStream, ClosingFromAnotherThreadEndsAReadThatWaits) {
  stream_->start_stream({});
  std::jthread closer([&] { stream_->close(); });
  EXPECT_THROW(stream_->read_stream(into_, kLong), DeviceLost);
  closer.join();
  EXPECT_EQ(in_flight(), 0U);
}

TEST_F(UsbStream, CancelledTransfersThatDoNotComeBackAreALossAndNotAHang) {
  stream_->close();
  stream_ = open("", {.cancel_grace = kShort});
  stream_->start_stream({});
  port_.ignore_cancels(true);
  EXPECT_THROW(stream_->stop_stream(), DeviceLost);
  port_.ignore_cancels(false);
}

TEST_F(UsbStream, ControlRequestsWorkMeanwhile) {
  stream_->start_stream({});
  for (int i = 0; i < 50; ++i) {
    send(pattern(600));
    const std::vector<std::byte> value = {static_cast<std::byte>(i)};
    stream_->control_out({FakeBoard::kStore, 0, 0}, value, kLong);
    std::vector<std::byte> back(1);
    EXPECT_EQ(stream_->control_in({FakeBoard::kLoad, 0, 0}, back, kLong), 1U);
    EXPECT_EQ(back, value);
  }
  EXPECT_EQ(read_all(*stream_, 50 * 600).size(), 50U * 600U);
}

}  // namespace
}  // namespace spikeloop::firmware
