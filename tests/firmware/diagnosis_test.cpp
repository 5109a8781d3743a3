// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/diagnosis.hpp"

#include <gtest/gtest.h>

#include "firmware-interface/dynapse1/modules.hpp"
#include "firmware-interface/transport/libusb_api.hpp"
#include "firmware-interface/virtual_board/usbip_server.hpp"
#include "tests/firmware/stub_board.hpp"

namespace spikeloop::firmware {
namespace {

TEST(Diagnosis, TellsApartWhyABoardCannotBeUsed) {
  const auto kind = [](UsbAccess access, Misfit misfit = Misfit::none) {
    BoardListing board;
    board.access = access;
    board.problem = "something";
    board.advice = "do something";
    board.misfit = misfit;
    const Finding finding = finding_of(board);
    EXPECT_TRUE(finding.is_bad());
    EXPECT_EQ(finding.what, "something");
    EXPECT_EQ(finding.advice, "do something");
    return std::string(to_text(finding.kind));
  };
  EXPECT_EQ(kind(UsbAccess::no_permission), "no permission");
  EXPECT_EQ(kind(UsbAccess::in_use), "busy");
  EXPECT_EQ(kind(UsbAccess::free, Misfit::firmware), "wrong firmware");
  EXPECT_EQ(kind(UsbAccess::free, Misfit::chips), "wrong chips");
  EXPECT_EQ(kind(UsbAccess::free, Misfit::device), "wrong device");
  EXPECT_EQ(kind(UsbAccess::failed), "failed");
}

TEST(Diagnosis, TellsApartWhyTheBusCannotBeListed) {
  EXPECT_EQ(finding_of(NotFound("no /dev/bus/usb")).kind, FindingKind::no_usb);
  EXPECT_EQ(finding_of(NoPermission("not yours")).kind, FindingKind::no_permission);
  EXPECT_EQ(finding_of(DeviceFault("libusb does not start")).kind, FindingKind::library);
  EXPECT_FALSE(finding_of(NotFound("no /dev/bus/usb")).advice.empty());
}

TEST(Diagnosis, ALibraryThatCannotTellWhenBoardsComeIsAFault) {
  EXPECT_EQ(finding_of_libusb("1.0.26", true).kind, FindingKind::good);
  const Finding old = finding_of_libusb("1.0.9", false);
  EXPECT_EQ(old.kind, FindingKind::library);
  EXPECT_NE(old.what.find("1.0.9"), std::string::npos);
  EXPECT_NE(old.advice.find("1.0.26"), std::string::npos);
}

TEST(Diagnosis, SaysThatTheLibraryIsMissingAndHowToGetIt) {
  const auto findings = diagnose(std::nullopt, "libusb-that-is-not-there.so.0");
  ASSERT_EQ(findings.size(), 2U);  // and the udev rule
  EXPECT_EQ(findings[0].kind, FindingKind::no_library);
  EXPECT_TRUE(findings[0].is_bad());
  EXPECT_NE(findings[0].what.find("libusb is missing"), std::string::npos) << findings[0].what;
  EXPECT_NE(findings[0].what.find("libusb-that-is-not-there.so.0"), std::string::npos) << findings[0].what;
  EXPECT_NE(findings[0].advice.find("sudo apt install libusb-1.0-0"), std::string::npos);
}

TEST(Diagnosis, ALibraryWithoutTheFunctionsIsAsGoodAsNone) {
  try {
    load_libusb("libc.so.6");
    FAIL();
  } catch (const LibraryMissing& fault) {
    EXPECT_NE(std::string(fault.what()).find("libc.so.6 has no libusb_"), std::string::npos) << fault.what();
  }
}

/// What a server's only board is found to be.
FindingKind kind_at_server(const StubBoard::Options& options) {
  UsbipServer server({.port = 0});
  server.add("1-1", std::make_shared<StubBoard>(options), std::make_shared<FreeClock>());
  const auto findings = diagnose(UsbipPlace{"127.0.0.1", server.port()});
  EXPECT_FALSE(findings.back().is_bad() && findings.back().advice.empty());
  return findings.back().kind;
}

TEST(Diagnosis, WithoutTheLibraryBoardsAtAServerAreStillLookedInto) {
  UsbipServer server({.port = 0});
  server.add("1-1", std::make_shared<StubBoard>(), std::make_shared<FreeClock>());
  const auto findings = diagnose(UsbipPlace{"127.0.0.1", server.port()}, "libusb-that-is-not-there.so.0");
  EXPECT_EQ(findings.front().kind, FindingKind::no_library);
  EXPECT_EQ(findings.back().kind, FindingKind::good);
  EXPECT_NE(findings.back().what.find("usbip:"), std::string::npos);
}

TEST(Diagnosis, LooksIntoBoardsAtAServer) {
  EXPECT_EQ(kind_at_server({}), FindingKind::good);
  EXPECT_EQ(kind_at_server({.firmware = 2}), FindingKind::wrong_firmware);
  EXPECT_EQ(kind_at_server({.logic = 4}), FindingKind::wrong_firmware);
  EXPECT_EQ(kind_at_server({.chip = kChipIdentifier + 1}), FindingKind::wrong_chips);
  EXPECT_EQ(kind_at_server({.product = 0x841A}), FindingKind::no_device);  // no board is listed
}

}  // namespace
}  // namespace spikeloop::firmware
