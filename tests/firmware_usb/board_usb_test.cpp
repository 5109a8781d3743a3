// SPDX-License-Identifier: Apache-2.0
// A whole conversation through real libusb: what opens, lists and diagnoses boards, and a virtual board that is pulled out and put back.
#include <algorithm>
#include <chrono>
#include <stop_token>
#include <thread>

#include "firmware-interface/boards.hpp"
#include "firmware-interface/diagnosis.hpp"
#include "firmware-interface/dynapse1/sequences.hpp"
#include "firmware-interface/probe.hpp"
#include "firmware-interface/virtual_boards.hpp"
#include "tests/firmware/counter_device.hpp"
#include "tests/firmware_usb/usb_fixture.hpp"

namespace spikeloop::firmware {
namespace {

class BoardOnUsb : public ::testing::Test {
 protected:
  BoardOnUsb() {
    ::alarm(30);
    options_.wait = [](Milliseconds) {};
  }
  ~BoardOnUsb() override { ::alarm(0); }

  static std::vector<std::uint32_t> words() {
    std::vector<std::uint32_t> words;
    for (unsigned i = 0; i < 300; ++i) words.push_back(encode(monitoring_route(1, static_cast<NeuronAddress>(i))));
    return words;
  }
  static FindingKind last_finding() { return diagnose().back().kind; }

  UsbfsBed bed_;
  std::shared_ptr<UsbDevice> device_ = make_virtual_board({.serial = "USBBOARD"});
  UsbfsPort port_{bed_, *device_};
  BoardOptions options_;
};

TEST_F(BoardOnUsb, IsOpenedByBusIdSerialOrBecauseItIsTheOnlyOne) {
  port_.plug();
  for (const char* selector : {"", "1-1", "USBBOARD"}) {
    const auto board = open_board(selector, options_);
    EXPECT_EQ(board->info().usb.serial, "USBBOARD");
    EXPECT_EQ(board->info().logic, 5U);
    board->program(1, words());
    EXPECT_EQ(board->shadow(1).counts().srams, 300U);
  }
  try {
    open_board("00000077", options_);
    FAIL();
  } catch (const NotFound& fault) {
    EXPECT_NE(fault.advice().find("USBBOARD"), std::string::npos) << fault.advice();
  }
}

TEST_F(BoardOnUsb, PassesTheProbe) {
  port_.plug();
  const std::jthread time([this](const std::stop_token& end) {
    while (!end.stop_requested()) {
      port_.with_device([&] { device_->advance(std::chrono::microseconds(100)); });
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  });
  const auto board = open_board("", options_);
  const ProbeReport report = probe_board(*board, {.events = 2000, .round_trips = 20});
  EXPECT_TRUE(report.good()) << report.lost() << " lost, " << report.neurons_silent() << " silent";
  EXPECT_EQ(report.received, 2020U);
  EXPECT_EQ(report.statistics.missing(), 0U);
}

TEST_F(BoardOnUsb, PulledOutIsLostAndPutBackIsRestored) {
  port_.plug();
  const auto board = open_board("1-1", options_);
  board->program(1, words());
  port_.unplug();
  EXPECT_THROW(board->program(1, words()), DeviceLost);
  EXPECT_THROW(board->reconnect(), NotFound);
  port_.plug();
  EXPECT_EQ(board->reconnect().to_program[1].srams + board->shadow(1).counts().doubtful, 300U);
  board->restore();
  board->program(1, words());
  EXPECT_EQ(board->shadow(1).counts(), (ShadowCounts{0, 300, 0, 0, 0}));
}

TEST_F(BoardOnUsb, IsListedAndDiagnosedFreeAndInUse) {
  EXPECT_TRUE(list_usb_boards().empty());
  EXPECT_EQ(last_finding(), FindingKind::no_device);
  port_.plug();
  ASSERT_EQ(list_usb_boards().size(), 1U);
  EXPECT_TRUE(list_usb_boards()[0].usable());
  EXPECT_EQ(list_usb_boards()[0].selector, "1-1");
  EXPECT_EQ(last_finding(), FindingKind::good);
  const auto board = open_board("", options_);
  EXPECT_EQ(list_usb_boards()[0].access, UsbAccess::in_use);
  EXPECT_NE(list_usb_boards()[0].users, "");
  EXPECT_EQ(last_finding(), FindingKind::busy);
}

/// What the board's USB chip is when it finds no firmware.
class BareChip : public CounterDevice {
 public:
  BareChip() : descriptors_(CounterDevice::descriptors()) {
    const auto ids = bytes_of({0xB4, 0x04, 0x13, 0x86});
    std::copy(ids.begin(), ids.end(), descriptors_.device.begin() + 8);
  }
  const UsbDescriptors& descriptors() const override { return descriptors_; }

 private:
  UsbDescriptors descriptors_;
};

TEST_F(BoardOnUsb, AUsbChipWithoutFirmwareMayBeABoardAndIsToldAsOne) {
  BareChip chip;
  UsbfsPort port(bed_, chip, {.port = "2"});
  port.plug();
  port_.plug();
  const auto findings = diagnose();
  const auto bare = std::find_if(findings.begin(), findings.end(), [](const Finding& f) { return f.kind == FindingKind::wrong_firmware; });
  ASSERT_NE(bare, findings.end());
  EXPECT_NE(bare->what.find("04b4:8613"), std::string::npos);
  EXPECT_NE(bare->what.find("1-2"), std::string::npos);
  EXPECT_FALSE(bare->advice.empty());
}

}  // namespace
}  // namespace spikeloop::firmware
