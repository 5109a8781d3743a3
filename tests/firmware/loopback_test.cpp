// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/virtual_board/loopback.hpp"

#include <gtest/gtest.h>

#include <array>

#include "tests/firmware/counter_device.hpp"

namespace spikeloop::firmware {
namespace {

TEST(Loopback, IsTheSameEveryTimeUnderAFreeClock) {
  const auto run = [] {
    const auto device = std::make_shared<CounterDevice>();
    Loopback loopback(device);
    loopback.control_out({CounterDevice::kStart}, {}, kWatchdog);
    loopback.start_stream({});
    CounterCheck check;
    read_counters(loopback, check, 100'000);
    return std::tuple(check.counters(), device->now());
  };
  EXPECT_EQ(run(), run());
}

TEST(Loopback, TimeMovesOnlyAsTheClockSays) {
  const auto device = std::make_shared<CounterDevice>();
  const auto clock = std::make_shared<ManualClock>();
  Loopback loopback(device, clock);
  loopback.control_out({CounterDevice::kStart}, {}, kWatchdog);
  loopback.start_stream({});
  std::array<std::byte, 4096> buffer{};
  EXPECT_EQ(loopback.read_stream(buffer, Milliseconds(2)), 0U);
  EXPECT_EQ(device->produced(), 0U);
  clock->pass(std::chrono::milliseconds(4));
  loopback.stop_stream();
  CounterCheck check;
  read_counters(loopback, check, 1'000'000);
  EXPECT_EQ(device->produced(), 4000U);
  EXPECT_GE(check.counters(), 4000U - 64);  // the last packet is not full yet
  EXPECT_EQ(check.missing(), 0U);
}

TEST(Loopback, ALongPauseOfTheHostLosesNothingThatTransfersInFlightWouldHaveFetched) {
  const auto device = std::make_shared<CounterDevice>();  // its FIFO overflows after 256 us
  const auto clock = std::make_shared<ManualClock>();
  Loopback loopback(device, clock);
  loopback.control_out({CounterDevice::kStart}, {}, kWatchdog);
  loopback.start_stream({});
  clock->pass(std::chrono::milliseconds(100));
  CounterCheck check;
  read_counters(loopback, check, 700'000);
  EXPECT_EQ(device->dropped(), 0U);
  EXPECT_EQ(check.missing(), 0U);
}

TEST(Loopback, WithoutAStreamTheDeviceDropsAndSaysSo) {
  const auto device = std::make_shared<CounterDevice>();
  const auto clock = std::make_shared<ManualClock>();
  Loopback loopback(device, clock);
  loopback.control_out({CounterDevice::kStart}, {}, kWatchdog);
  clock->pass(std::chrono::milliseconds(10));
  loopback.start_stream({});
  clock->pass(std::chrono::milliseconds(10));
  loopback.stop_stream();
  CounterCheck check;
  read_counters(loopback, check, 1'000'000);
  EXPECT_GT(device->dropped(), 9'000U);
  EXPECT_EQ(check.missing(), device->dropped());
}

TEST(Loopback, AStreamThatNobodyReadsIsBounded) {
  const auto device = std::make_shared<CounterDevice>(CounterDevice::Options{.per_second = 10'000'000});
  const auto clock = std::make_shared<ManualClock>();
  Loopback loopback(device, clock);
  loopback.control_out({CounterDevice::kStart}, {}, kWatchdog);
  loopback.start_stream({.transfers = 16});
  clock->pass(std::chrono::milliseconds(500));  // 40 MB
  loopback.stop_stream();
  CounterCheck check;
  const std::uint64_t got = read_counters(loopback, check, 100'000'000);
  EXPECT_LE(got, 17U << 20);
  EXPECT_GT(device->dropped(), 1'000'000U);
  EXPECT_LE(got / 8 + device->dropped(), device->produced());
  EXPECT_GE(got / 8 + device->dropped() + 2048 / 8, device->produced());  // the rest is in the FIFO
}

TEST(Loopback, UnpluggingIsSeenAfterWhatCameBeforeIt) {
  const auto device = std::make_shared<CounterDevice>();
  const auto clock = std::make_shared<ManualClock>();
  Loopback loopback(device, clock);
  loopback.control_out({CounterDevice::kStart}, {}, kWatchdog);
  loopback.start_stream({});
  clock->pass(std::chrono::milliseconds(2));
  std::array<std::byte, 8> first{};
  ASSERT_EQ(loopback.read_stream(first, kWatchdog), 8U);
  loopback.unplug();
  CounterCheck check;
  check.take(first);
  EXPECT_THROW(read_counters(loopback, check, 1'000'000), DeviceLost);
  EXPECT_GE(check.counters(), 1900U);
  EXPECT_EQ(check.missing(), 0U);
  EXPECT_THROW(loopback.control_out({CounterDevice::kStop}, {}, kWatchdog), DeviceLost);
  EXPECT_THROW(loopback.start_stream({}), DeviceLost);
}

TEST(Loopback, TransfersThatMakeNoSenseAreRefused) {
  Loopback loopback(std::make_shared<CounterDevice>());
  std::vector<std::byte> much(5000);
  EXPECT_THROW(loopback.control_out({CounterDevice::kStore}, much, kWatchdog), std::invalid_argument);
  EXPECT_THROW(loopback.start_stream({.endpoint = 0x02}), std::invalid_argument);
  EXPECT_THROW(loopback.start_stream({.transfers = 0}), std::invalid_argument);
  EXPECT_THROW(loopback.start_stream({.transfer_bytes = 0}), std::invalid_argument);
}

TEST(DeviceClock, WallClockGoesForwardFromItsFirstUse) {
  WallClock clock(1000);
  EXPECT_EQ(clock.take(false).count(), 0);
  EXPECT_GE(clock.take(true).count(), 0);
  EXPECT_THROW(WallClock(0), std::invalid_argument);
}

}  // namespace
}  // namespace spikeloop::firmware
