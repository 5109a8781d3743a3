// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/probe.hpp"

#include <gtest/gtest.h>

#include "firmware-interface/boards.hpp"
#include "firmware-interface/transport/faulty_transport.hpp"
#include "firmware-interface/virtual_board/loopback.hpp"
#include "tests/firmware/stub_board.hpp"

namespace spikeloop::firmware {
namespace {

ProbeReport probe_with(const std::vector<FaultRule>& rules, StubBoard::Options options = {}, const ProbeOptions& probe = {}) {
  auto loopback = std::make_unique<Loopback>(std::make_shared<StubBoard>(std::move(options)));
  BoardOptions board_options;
  board_options.wait = [](Milliseconds) {};
  Board board(std::make_unique<FaultyTransport>(std::move(loopback), FaultScript{3, rules}), board_options);
  return probe_board(board, probe);
}

TEST(Probe, CountsTenThousandEvents) {
  const ProbeReport report = probe_with({});
  EXPECT_EQ(report.injected, 10'200U);
  EXPECT_EQ(report.received, 10'200U);
  EXPECT_EQ(report.neurons.size(), 16U);
  EXPECT_EQ(report.latency.count, 200U);
  EXPECT_EQ(report.unexpected, 0U);
  EXPECT_TRUE(report.good());
}

TEST(Probe, FindsEachEventThatIsLost) {
  const ProbeReport report = probe_with({{.kind = FaultKind::kDrop, .place = FaultPlace::kStream, .probability = 0.1}});
  EXPECT_GT(report.lost(), 0U);
  EXPECT_FALSE(report.good());
  // Neurons' own spikes may be among those that are missing.
  EXPECT_GE(*report.statistics.missing() + report.statistics.stream.words_lost(), report.lost());
}

TEST(Probe, AnEventThatComesTwiceIsNoneOfThoseInjected) {
  const ProbeReport report = probe_with({}, {.repeats = true}, {.events = 100, .round_trips = 0});
  EXPECT_EQ(report.received, 100U);
  EXPECT_GT(report.out_of_order, 0U);
  EXPECT_FALSE(report.good());
}

TEST(Probe, EndsWithTheWordThatIsNotAcknowledged) {
  const auto refuse = [](unsigned chip, std::uint32_t word) {
    return static_cast<std::uint8_t>(chip == 2 && std::holds_alternative<CamWord>(decode_word(word)) ? 1 : 0);
  };
  EXPECT_THROW(probe_with({}, {.status = refuse}), WordFault);
}

TEST(Probe, CanBeEnded) {
  struct Enough {};
  EXPECT_THROW(probe_with({}, {},
                          {.tell =
                               [](const std::string& what) {
                                 if (what == "injecting events") throw Enough();
                               }}),
               Enough);
}

TEST(UsbipPlaces, AreHostAndPort) {
  EXPECT_EQ(parse_usbip_place("10.0.0.1")->port, 3240);
  EXPECT_EQ(parse_usbip_place("here:99")->port, 99);
  EXPECT_EQ(parse_usbip_place("[::1]:99")->host, "::1");
  for (const char* wrong : {"", "a/b", ":", "a:0", "a:x", "a:99999"}) EXPECT_FALSE(parse_usbip_place(wrong).has_value()) << wrong;
}

TEST(OpenBoard, ListsWhatThereIsWhenThereIsNoSuchBoard) {
  try {
    open_board("12345678");
    FAIL();
  } catch (const NotFound& fault) {
    EXPECT_NE(std::string(fault.what()).find("12345678"), std::string::npos);
    EXPECT_NE(fault.advice().find("usbip:HOST[:PORT]/BUSID"), std::string::npos);
  }
  EXPECT_THROW(open_board("usbip:no"), NotFound);
}

}  // namespace
}  // namespace spikeloop::firmware
