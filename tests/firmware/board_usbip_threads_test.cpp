// SPDX-License-Identifier: Apache-2.0
// A board behind a USB/IP server: the same conversation, and ends of it that no cable has.
#include <gtest/gtest.h>

#include <thread>

#include "firmware-interface/boards.hpp"
#include "firmware-interface/dynapse1/sequences.hpp"
#include "firmware-interface/probe.hpp"
#include "firmware-interface/transport/usbip_transport.hpp"
#include "firmware-interface/virtual_board/usbip_server.hpp"
#include "tests/firmware/counter_device.hpp"
#include "tests/firmware/stub_board.hpp"

namespace spikeloop::firmware {
namespace {

class BoardOverUsbip : public ::testing::Test {
 protected:
  BoardOverUsbip() {
    options_.wait = [](Milliseconds) {};
    export_board();
  }

  void export_board() { server_.add("1-1", device_, std::make_shared<FreeClock>()); }
  std::string selector() const { return usbip::to_text({"127.0.0.1", server_.port(), "1-1"}); }

  std::shared_ptr<StubBoard> device_ = std::make_shared<StubBoard>();
  UsbipServer server_{{.port = 0}};
  BoardOptions options_;
};

TEST_F(BoardOverUsbip, PassesItsTest) {
  const auto board = open_board(selector(), options_);
  const ProbeReport report = probe_board(*board, {.events = 2000, .round_trips = 20});
  EXPECT_EQ(report.received, 2020U);
  EXPECT_EQ(report.neurons_silent(), 0U);
  EXPECT_TRUE(report.good());
  EXPECT_EQ(report.statistics.missing(), 0U);
}

TEST_F(BoardOverUsbip, IsFoundByItsSerialToo) {
  const auto by = [&](const std::string& name) { return open_board(usbip::to_text({"127.0.0.1", server_.port(), name}), options_); };
  EXPECT_EQ(by("00000008")->info().usb.location, selector());
  EXPECT_THROW(by("00000009"), NotFound);
}

TEST_F(BoardOverUsbip, HasOneUserAtATime) {
  auto first = open_board(selector(), options_);
  EXPECT_THROW(open_board(selector(), options_), Busy);
  first->close();
  for (const auto watchdog = std::chrono::steady_clock::now() + kWatchdog;;) {  // the server sees it in its own time
    try {
      open_board(selector(), options_);
      break;
    } catch (const Busy&) {
      if (std::chrono::steady_clock::now() > watchdog) throw;
    }
  }
}

TEST_F(BoardOverUsbip, LostInMidProgrammingItIsOpenedAgainAndRestored) {
  const auto board = open_board(selector(), options_);
  std::vector<std::uint32_t> words;
  for (unsigned i = 0; i < 10'000; ++i)
    words.push_back(
        encode(CamWord{static_cast<NeuronAddress>(i % 1024), static_cast<std::uint8_t>(i / 1024), 9, SynapseType::kFastExcitatory}));
  board->program(2, words);
  board->start();
  std::thread puller([&] { server_.remove("1-1"); });
  EXPECT_THROW(
      {
        while (true) board->program(2, words);
      },
      DeviceLost);
  puller.join();
  EXPECT_THROW(board->reconnect(), NotFound);
  device_->forget();
  export_board();
  const ReconnectReport report = board->reconnect();
  EXPECT_TRUE(report.was_running);
  EXPECT_EQ(report.words() + report.doubtful(), 10'000U);
  board->restore();
  EXPECT_TRUE(board->running());
  board->stop();
  EXPECT_TRUE(board->verify_registers().empty());
  EXPECT_EQ(device_->words(2), board->shadow(2).words());
}

TEST_F(BoardOverUsbip, IsListed) {
  const auto boards = list_usbip_boards({"127.0.0.1", server_.port()});
  ASSERT_EQ(boards.size(), 1U);
  EXPECT_EQ(boards[0].selector, selector());
  EXPECT_EQ(boards[0].identity.serial, "00000008");
  EXPECT_EQ(boards[0].logic, 5U);
  EXPECT_TRUE(boards[0].usable());
}

TEST_F(BoardOverUsbip, OfAnotherVersionIsListedWithTheReason) {
  server_.add("1-2", std::make_shared<StubBoard>(StubBoard::Options{.firmware = 2}), std::make_shared<FreeClock>());
  const auto boards = list_usbip_boards({"127.0.0.1", server_.port()});
  ASSERT_EQ(boards.size(), 2U);
  EXPECT_FALSE(boards[1].usable());
  EXPECT_NE(boards[1].problem.find("firmware 2"), std::string::npos) << boards[1].problem;
}

}  // namespace
}  // namespace spikeloop::firmware
