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
  EXPECT_GE(*report.statistics.missing(), report.lost());  // words that were lost at the host are among them
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

TEST(Probe, CanBeEndedAtAnyBurstAndLeavesTheBoardStopped) {
  struct Enough {};
  const auto device = std::make_shared<StubBoard>();
  Board board(std::make_unique<Loopback>(device), {.wait = [](Milliseconds) {}});
  std::string stage;
  int asked = 0;
  const auto end_in = [&](const std::string& wanted) {
    asked = 0;
    const auto tell = [&](const std::string& what) { stage = what; };
    const auto ask = [&] {
      if (stage == wanted && ++asked == 3) throw Enough();
    };
    EXPECT_THROW(probe_board(board, {.events = 10'000, .tell = tell, .ask = ask}), Enough) << wanted;
    EXPECT_FALSE(board.running());
    EXPECT_EQ(device->value(reg("MUX.RUN")), 0U);
  };
  for (const char* wanted : {"programming a neuron of each core", "injecting events", "timing round trips"}) end_in(wanted);
}

TEST(Probe, IsGoodOnlyWithoutAnyFaultOfTheStream) {
  const auto good = [](const std::function<void(ProbeReport&)>& spoil) {
    ProbeReport report;
    report.injected = report.received = 10;
    spoil(report);
    return report.good();
  };
  EXPECT_TRUE(good([](ProbeReport&) {}));
  EXPECT_FALSE(good([](ProbeReport& r) { --r.received; }));
  EXPECT_FALSE(good([](ProbeReport& r) { ++r.out_of_order; }));
  EXPECT_FALSE(good([](ProbeReport& r) { ++r.unexpected; }));
  EXPECT_FALSE(good([](ProbeReport& r) { r.neurons.emplace_back(); }));
  EXPECT_FALSE(good([](ProbeReport& r) { ++r.statistics.stalls; }));
  for (const auto counter :
       {&StreamCounters::not_understood, &StreamCounters::bad_chip, &StreamCounters::without_time, &StreamCounters::not_increasing,
        &StreamCounters::steps_back, &StreamCounters::resynchronisations, &StreamCounters::gaps, &StreamCounters::bytes_lost})
    EXPECT_FALSE(good([&](ProbeReport& r) { ++(r.statistics.stream.*counter); }));
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
}

TEST(OpenBoard, SaysWhatIsWrongWithTheFormOfASelector) {
  for (const char* wrong : {"usbip:", "usbip:no", "usbip:host:99999/1-1", "usbip:/1-1", "replay:"}) {
    EXPECT_FALSE(selector_fault(wrong).empty()) << wrong;
    EXPECT_THROW(open_board(wrong), NotFound);
  }
  for (const char* right : {"", "00000008", "1-2", "virtual", "usbip:host/1-1", "usbip:[::1]:99/00000008", "replay:file"})
    EXPECT_EQ(selector_fault(right), "") << right;
}

}  // namespace
}  // namespace spikeloop::firmware
