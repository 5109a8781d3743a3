// SPDX-License-Identifier: Apache-2.0
#include "tests/firmware_usb/usb_fixture.hpp"

namespace spikeloop::firmware {
namespace {

using UsbHotplug = UsbTest;

TEST_F(UsbHotplug, ComingAndGoingIsToldWithTheIdentity) {
  UsbWatch watch(context_, kId.vendor, kId.product);
  UsbWatch for_others(context_, 0x1234, 0x5678);
  EXPECT_FALSE(watch.next(Milliseconds(0)).has_value());
  for (const auto& [act, change] : {std::pair{&UsbfsPort::plug, UsbChange::arrived}, std::pair{&UsbfsPort::unplug, UsbChange::left}}) {
    (port_.*act)();
    const auto event = watch.next(kLong);
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(event->change, change);
    EXPECT_EQ(event->identity.serial, "00000008");
    EXPECT_EQ(event->identity.location, "1-1");
  }
  EXPECT_FALSE(for_others.next(Milliseconds(0)).has_value());
}

TEST_F(UsbHotplug, WhatIsThereAlreadyArrivesFirst) {
  plug();
  UsbWatch watch(context_, kId.vendor, kId.product);
  EXPECT_TRUE(watch.next(Milliseconds(0)).has_value());
  EXPECT_FALSE(watch.next(Milliseconds(0)).has_value());
  context_ = std::make_shared<UsbContext>();  // one that finds it when it starts
  UsbWatch of_new(context_, kId.vendor, kId.product);
  EXPECT_TRUE(of_new.next(kLong).has_value());
  EXPECT_FALSE(of_new.next(kShort).has_value());
}

TEST_F(UsbHotplug, AnUnpluggedBoardCannotBeOpenedAndAReplacedOneCan) {
  plug();
  port_.unplug();
  EXPECT_ANY_THROW(open());
  plug();
  EXPECT_EQ(open()->identity().serial, "00000008");
}

TEST_F(UsbHotplug, FiftyReplugsEachWithAStreamUnderWay) {
  UsbWatch watch(context_, kId.vendor, kId.product);
  for (int i = 0; i < 50; ++i) {
    port_.plug();
    const auto arrived = watch.next(kLong);
    ASSERT_TRUE(arrived && arrived->change == UsbChange::arrived);
    const auto board = open();
    std::vector<std::byte> into(1000);
    board->control_out({FakeBoard::kStore, 0, 0}, pattern(8), kLong);
    board->start_stream({});
    send(pattern(100));
    EXPECT_EQ(board->read_stream(into, kLong), 100U);
    port_.unplug();
    EXPECT_THROW(board->read_stream(into, kLong), DeviceLost);
    const auto left = watch.next(kLong);
    ASSERT_TRUE(left && left->change == UsbChange::left);
  }
  EXPECT_FALSE(watch.next(Milliseconds(0)).has_value());
}

}  // namespace
}  // namespace spikeloop::firmware
