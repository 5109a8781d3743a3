// SPDX-License-Identifier: Apache-2.0
#pragma once
// What every transport promises, whatever is between us and the device. To be instantiated with a way to open a CounterDevice; where a
// transfer of the stream can fail, the way can `make_gap`: one transfer fails, and there are bytes behind it.

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <thread>

#include "firmware-interface/transport/transport.hpp"
#include "tests/firmware/counter_device.hpp"

namespace spikeloop::firmware {

template <class Way>
class TransportContract : public testing::Test {
 protected:
  void open(const CounterDevice::Options& options = {.waits = true}) { transport_ = way_.open(std::make_shared<CounterDevice>(options)); }
  Transport& transport() { return *transport_; }
  void start() {
    transport().control_out({CounterDevice::kStart}, {}, kWatchdog);
    transport().start_stream({});
  }

  Way way_;
  std::unique_ptr<Transport> transport_;
};

TYPED_TEST_SUITE_P(TransportContract);

TYPED_TEST_P(TransportContract, SaysWhoTheDeviceIs) {
  this->open();
  const DeviceIdentity& who = this->transport().identity();
  EXPECT_EQ(who.vendor, 0x1209);
  EXPECT_EQ(who.product, 1);
  EXPECT_EQ(who.version, 0x1234);
  EXPECT_EQ(who.manufacturer, "Test Bench");
  EXPECT_EQ(who.product_name, "Counter");
  EXPECT_EQ(who.serial, "C0001");
  EXPECT_FALSE(who.location.empty());
}

TYPED_TEST_P(TransportContract, CarriesControlTransfersUpTo4096Bytes) {
  this->open();
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{512}, std::size_t{4096}}) {
    std::vector<std::byte> sent(size), got(4096);
    for (std::size_t i = 0; i < size; ++i) sent[i] = static_cast<std::byte>(i * 7);
    this->transport().control_out({CounterDevice::kStore, 1, 2}, sent, kWatchdog);
    got.resize(this->transport().control_in({CounterDevice::kLoad}, got, kWatchdog));
    EXPECT_EQ(got, sent);
  }
  std::vector<std::byte> much(4097);
  EXPECT_THROW(this->transport().control_out({CounterDevice::kStore}, much, kWatchdog), std::invalid_argument);
}

TYPED_TEST_P(TransportContract, AnAnswerIsCutToWhatWasAskedFor) {
  this->open();
  this->transport().control_out({CounterDevice::kStore}, std::vector<std::byte>(100), kWatchdog);
  std::array<std::byte, 10> small{};
  EXPECT_EQ(this->transport().control_in({CounterDevice::kLoad}, small, kWatchdog), 10U);
}

TYPED_TEST_P(TransportContract, AStallIsTypedAndTheDeviceGoesOn) {
  this->open();
  std::array<std::byte, 8> answer{};
  EXPECT_THROW(this->transport().control_in({0x77}, answer, kWatchdog), Stalled);
  EXPECT_THROW(this->transport().control_out({0x78}, {}, kWatchdog), Stalled);
  EXPECT_EQ(this->transport().control_in({CounterDevice::kLoad}, answer, kWatchdog), 0U);
}

TYPED_TEST_P(TransportContract, StreamsInOrderWithoutLoss) {
  this->open();
  this->start();
  CounterCheck check;
  EXPECT_GE(read_counters(this->transport(), check, 200'000), 200'000U);
  EXPECT_EQ(check.missing(), 0U);
  EXPECT_TRUE(check.in_order());
}

TYPED_TEST_P(TransportContract, ControlGoesOnBesideTheStream) {
  this->open();
  this->start();
  CounterCheck check;
  std::array<std::byte, 4> value{};
  for (int i = 0; i < 50; ++i) {
    value[0] = static_cast<std::byte>(i);
    this->transport().control_out({CounterDevice::kStore}, value, kWatchdog);
    read_counters(this->transport(), check, 1);
    std::array<std::byte, 8> back{};
    ASSERT_EQ(this->transport().control_in({CounterDevice::kLoad}, back, kWatchdog), 4U);
    EXPECT_EQ(back[0], value[0]);
  }
  EXPECT_EQ(check.missing(), 0U);
}

TYPED_TEST_P(TransportContract, AReadEndsByItsTimeoutWhenNothingComes) {
  this->open();
  std::array<std::byte, 64> buffer{};
  EXPECT_EQ(this->transport().read_stream(buffer, Milliseconds(0)), 0U);  // there is no stream
  this->transport().start_stream({});
  EXPECT_EQ(this->transport().read_stream(buffer, Milliseconds(0)), 0U);
  EXPECT_EQ(this->transport().read_stream(buffer, Milliseconds(20)), 0U);
  EXPECT_EQ(this->transport().read_stream(buffer, Milliseconds(-5)), 0U);
  EXPECT_EQ(this->transport().read_stream({}, kWatchdog), 0U);
}

TYPED_TEST_P(TransportContract, ForEverIsATimeoutToo) {
  this->open();
  this->transport().control_out({CounterDevice::kStart}, {}, Milliseconds::max());
  this->transport().start_stream({});
  std::array<std::byte, 64> buffer{};
  EXPECT_GT(this->transport().read_stream(buffer, Milliseconds::max()), 0U);
}

TYPED_TEST_P(TransportContract, AStoppedStreamIsReadToItsEndAndCanBeStartedAgain) {
  this->open();
  this->start();
  CounterCheck check;
  for (int round = 0; round < 3; ++round) {
    read_counters(this->transport(), check, 10'000);
    this->transport().stop_stream();
    read_counters(this->transport(), check, 1'000'000'000);  // ends by itself
    this->transport().start_stream({.transfers = 12, .transfer_bytes = 1000});
  }
  EXPECT_EQ(check.missing(), 0U);
  EXPECT_TRUE(check.in_order());
}

TYPED_TEST_P(TransportContract, ASecondStartTakesTheNewOptionsAndLosesNothing) {
  this->open();
  this->start();
  this->transport().start_stream({.transfers = 2, .transfer_bytes = 512});
  CounterCheck check;
  read_counters(this->transport(), check, 50'000);
  EXPECT_EQ(check.missing(), 0U);
}

TYPED_TEST_P(TransportContract, BytesBehindAGapAreNotDeliveredAndTheFaultIsToldOnce) {
  this->open();
  this->start();
  CounterCheck check;
  read_counters(this->transport(), check, 10'000);
  if constexpr (requires { this->way_.make_gap(); }) {
    this->way_.make_gap();
    EXPECT_THROW(read_counters(this->transport(), check, 1'000'000'000), ProtocolFault);
    EXPECT_EQ(check.missing(), 0U);
    std::array<std::byte, 64> buffer{};
    EXPECT_EQ(this->transport().read_stream(buffer, Milliseconds(1)), 0U);  // it ended
    this->transport().start_stream({});
    EXPECT_GT(this->transport().read_stream(buffer, kWatchdog), 0U);
  } else {
    GTEST_SKIP() << "in this process no transfer can fail";
  }
}

TYPED_TEST_P(TransportContract, AFaultThatNobodyReadIsThrownByTheNextStart) {
  this->open();
  this->start();
  CounterCheck check;
  read_counters(this->transport(), check, 10'000);
  if constexpr (requires { this->way_.make_gap(); }) {
    this->way_.make_gap();
    EXPECT_THROW(this->transport().start_stream({}), ProtocolFault);
    read_counters(this->transport(), check, 1'000'000'000);  // what came before
    EXPECT_EQ(check.missing(), 0U);
    this->transport().start_stream({});
    std::array<std::byte, 64> buffer{};
    EXPECT_GT(this->transport().read_stream(buffer, kWatchdog), 0U);
  } else {
    GTEST_SKIP() << "in this process no transfer can fail";
  }
}

TYPED_TEST_P(TransportContract, CloseEndsACallThatWaits) {
  this->open();
  this->transport().start_stream({});
  std::thread closer([&] { this->transport().close(); });
  std::array<std::byte, 64> buffer{};
  EXPECT_THROW(this->transport().read_stream(buffer, kWatchdog), DeviceLost);
  closer.join();
}

TYPED_TEST_P(TransportContract, AfterCloseEveryCallSaysSoAtOnce) {
  this->open();
  this->start();
  this->transport().close();
  this->transport().close();
  std::array<std::byte, 64> buffer{};
  EXPECT_THROW(this->transport().read_stream(buffer, kWatchdog), DeviceLost);
  EXPECT_THROW(this->transport().control_in({CounterDevice::kLoad}, buffer, kWatchdog), DeviceLost);
  EXPECT_THROW(this->transport().control_out({CounterDevice::kStop}, {}, kWatchdog), DeviceLost);
  EXPECT_THROW(this->transport().start_stream({}), DeviceLost);
  EXPECT_THROW(this->transport().stop_stream(), DeviceLost);
  EXPECT_EQ(this->transport().identity().serial, "C0001");
}

REGISTER_TYPED_TEST_SUITE_P(TransportContract, SaysWhoTheDeviceIs, CarriesControlTransfersUpTo4096Bytes, AnAnswerIsCutToWhatWasAskedFor,
                            AStallIsTypedAndTheDeviceGoesOn, StreamsInOrderWithoutLoss, ControlGoesOnBesideTheStream,
                            AReadEndsByItsTimeoutWhenNothingComes, ForEverIsATimeoutToo, AStoppedStreamIsReadToItsEndAndCanBeStartedAgain,
                            ASecondStartTakesTheNewOptionsAndLosesNothing, BytesBehindAGapAreNotDeliveredAndTheFaultIsToldOnce,
                            AFaultThatNobodyReadIsThrownByTheNextStart, CloseEndsACallThatWaits, AfterCloseEveryCallSaysSoAtOnce);

}  // namespace spikeloop::firmware
