// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <sys/syscall.h>

#include "tests/firmware_usb/usb_fixture.hpp"

namespace spikeloop::firmware {
namespace {

class UsbOpen : public UsbTest {
 protected:
  std::vector<UsbListing> list() { return list_usb(*context_, kId.vendor, kId.product); }
};

/// While it lives, this thread may not open the device's file. As whom the kernel lets a thread access files can be set past libc.
class WithoutPermission {
 public:
  WithoutPermission(const std::string& root, const std::string& node) : file_(root + node) {
    ::chmod(root.c_str(), 0755);  // or we could not even see sysfs
    ::chmod(file_.c_str(), 0);
    ::chmod((root + "/ioctl" + node).c_str(), 0777);  // umockdev connects to it before it sees that open failed
    if (::geteuid() == 0) ::syscall(SYS_setfsuid, 65534);
  }
  ~WithoutPermission() {
    if (::geteuid() == 0) ::syscall(SYS_setfsuid, 0);
    ::chmod(file_.c_str(), 0600);
  }
  WithoutPermission(const WithoutPermission&) = delete;
  WithoutPermission& operator=(const WithoutPermission&) = delete;

 private:
  std::string file_;
};

void expect_board(const DeviceIdentity& identity) {
  EXPECT_EQ(identity.vendor, 0x152A);
  EXPECT_EQ(identity.product, 0x841D);
  EXPECT_EQ(identity.version, 3);
  EXPECT_EQ(identity.manufacturer, "iniLabs");
  EXPECT_EQ(identity.product_name, "Dynap-se");
  EXPECT_EQ(identity.serial, "00000008");
  EXPECT_EQ(identity.location, "1-1");
}

TEST_F(UsbOpen, WithoutABoardTheListIsEmptyAndOpeningSaysSo) {
  EXPECT_TRUE(list().empty());
  EXPECT_THROW(open(), NotFound);
}

TEST_F(UsbOpen, ListsWhatIsPluggedInWithItsIdentity) {
  plug();
  ASSERT_EQ(list().size(), 1U);
  expect_board(list()[0].identity);
  EXPECT_EQ(list()[0].access, UsbAccess::free);
  EXPECT_EQ(list()[0].problem, "");
  EXPECT_TRUE(list_usb(*context_, 0x1234, 0x5678).empty());
}

TEST_F(UsbOpen, OpensBySerialByBusIdOrTheOnlyOne) {
  plug();
  for (const char* which : {"00000008", "1-1", ""}) expect_board(open(which)->identity());
  try {
    open("00000009");
    FAIL();
  } catch (const NotFound& fault) {
    EXPECT_NE(fault.advice().find("Dynap-se 00000008 at 1-1"), std::string::npos) << fault.advice();
  }
}

TEST_F(UsbOpen, TheDeviceIsAskedForItsNamesWhereTheSystemKnowsNone) {
  UsbfsPort port(bed_, board_, {.bus = 2, .port = "1.4", .kernel_strings = false});
  UsbWatch watch(context_, kId.vendor, kId.product);
  port.plug();
  ASSERT_TRUE(watch.next(kLong).has_value());
  const auto board = open("00000008");
  EXPECT_EQ(board->identity().manufacturer, "iniLabs");
  EXPECT_EQ(list()[0].identity.serial, "00000008");
  board->close();
}

TEST_F(UsbOpen, OfTwoBoardsOneMustBeNamed) {
  plug();
  FakeBoard other("00000009");
  UsbfsPort port(bed_, other, {.bus = 1, .port = "2"});
  UsbWatch watch(context_, kId.vendor, kId.product);
  port.plug();
  ASSERT_TRUE(watch.next(kLong) && watch.next(kLong));
  EXPECT_THROW(open(), NotFound);
  EXPECT_EQ(list().size(), 2U);
  const auto first = open("00000008"), second = open("1-2");
  EXPECT_EQ(first->identity().location, "1-1");
  EXPECT_EQ(second->identity().serial, "00000009");
  second->close();
}

TEST_F(UsbOpen, TheConfigurationIsSetOnlyIfAnotherIsActive) {
  plug();
  open()->close();
  EXPECT_EQ(port_.counts().configurations, 0U);
  UsbfsPort port(bed_, board_, {.bus = 2, .configuration = 0});
  UsbWatch watch(context_, kId.vendor, kId.product);
  port.plug();
  ASSERT_TRUE(watch.next(kLong) && watch.next(kLong));
  open("2-1")->close();
  EXPECT_EQ(port.counts().configurations, 1U);
  open("2-1")->close();
  EXPECT_EQ(port.counts().configurations, 1U);
}

TEST_F(UsbOpen, ABoardInUseIsBusyAlsoToAnotherContextAndFreeAfterwards) {
  plug();
  const auto first = open();
  EXPECT_THROW(open(), Busy);
  const auto other_context = std::make_shared<UsbContext>();
  try {
    open_usb(other_context, {kId.vendor, kId.product, ""});
    FAIL();
  } catch (const Busy& fault) {
    EXPECT_NE(std::string(fault.what()).find("in use by this program"), std::string::npos) << fault.what();
    EXPECT_NE(fault.advice(), "");
  }
  ASSERT_EQ(list().size(), 1U);
  EXPECT_EQ(list()[0].access, UsbAccess::in_use);
  EXPECT_NE(list()[0].problem.find("in use by this program"), std::string::npos) << list()[0].problem;
  first->control_out({FakeBoard::kStore, 0, 0}, pattern(4), kLong);  // listing has not disturbed it
  first->close();
  EXPECT_EQ(list()[0].access, UsbAccess::free);
  open()->close();
}

TEST_F(UsbOpen, WithoutPermissionTheListStillNamesTheBoardAndTheAdviceIsTheUdevRule) {
  plug();
  const WithoutPermission denied(bed_.root(), port_.node());
  ASSERT_EQ(list().size(), 1U);
  expect_board(list()[0].identity);
  EXPECT_EQ(list()[0].access, UsbAccess::no_permission);
  EXPECT_NE(list()[0].advice.find("70-spikeloop.rules"), std::string::npos);
  try {
    open();
    FAIL();
  } catch (const NoPermission& fault) {
    EXPECT_NE(fault.advice().find("70-spikeloop.rules"), std::string::npos);
  }
}

TEST_F(UsbOpen, WorksAlsoWhereTransfersAreCopiedFromOneProcessToAnother) {
  UsbfsPort port(bed_, board_, {.bus = 3, .memory = UsbfsMemory::copied});
  UsbWatch watch(context_, kId.vendor, kId.product);
  port.plug();
  ASSERT_TRUE(watch.next(kLong).has_value());
  const auto board = open();
  const auto sent = pattern(30'000);
  board->control_out({FakeBoard::kStore, 0, 0}, std::span(sent).first(100), kLong);
  std::vector<std::byte> back(100);
  EXPECT_EQ(board->control_in({FakeBoard::kLoad, 0, 0}, back, kLong), 100U);
  board->start_stream({});
  port.with_device([&] { board_.send(sent); });
  EXPECT_EQ(read_all(*board, sent.size()), sent);
  port.unplug();
  EXPECT_THROW(board->read_stream(back, kLong), DeviceLost);
  board->close();
}

}  // namespace
}  // namespace spikeloop::firmware
