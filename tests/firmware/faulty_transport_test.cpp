// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/faulty_transport.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>

#include "firmware-interface/virtual_board/loopback.hpp"
#include "tests/firmware/counter_device.hpp"

namespace spikeloop::firmware {
namespace {

/// A counter device behind faults; pauses take no time, and are added up.
struct Rig {
  explicit Rig(std::vector<FaultRule> rules, std::uint64_t seed = 1, std::uint64_t total = 100'000)
      : device(std::make_shared<CounterDevice>(CounterDevice::Options{.total = total, .waits = true})),
        faulty(std::make_unique<Loopback>(device), {seed, std::move(rules)}, [this](Milliseconds time) {
          paused += time;
          return true;
        }) {}

  void start() {
    faulty.control_out({CounterDevice::kStart}, {}, kWatchdog);
    faulty.start_stream({});
  }
  /// All that comes until the stream's end.
  CounterCheck read_all(std::size_t piece = 16384) {
    CounterCheck check;
    std::vector<std::byte> buffer(piece);
    for (std::size_t n = 1; n > 0 || device->produced() < 100'000;) {
      n = faulty.read_stream(buffer, Milliseconds(100));
      check.take(std::span(buffer).first(n));
    }
    faulty.stop_stream();
    while (const std::size_t n = faulty.read_stream(buffer, Milliseconds(100))) check.take(std::span(buffer).first(n));
    return check;
  }

  Milliseconds paused{};
  std::shared_ptr<CounterDevice> device;
  FaultyTransport faulty;
};

std::array<std::byte, 4> kData{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};

TEST(Faults, NoneWithoutARule) {
  Rig rig({});
  rig.start();
  const CounterCheck check = rig.read_all();
  EXPECT_EQ(check.counters(), 100'000U);
  EXPECT_EQ(check.missing(), 0U);
  for (const std::uint64_t n : rig.faulty.counts().injected) EXPECT_EQ(n, 0U);
}

TEST(Faults, DroppedPacketsAreAllAccountedFor) {
  Rig rig({{.kind = FaultKind::kDrop, .probability = 0.1}});
  rig.start();
  const CounterCheck check = rig.read_all();
  const FaultCounts& counts = rig.faulty.counts();
  EXPECT_GT(counts.of(FaultKind::kDrop), 50U);
  EXPECT_EQ(check.counters() + counts.dropped_bytes / 8, 100'000U);
  EXPECT_TRUE(check.in_order());
}

TEST(Faults, DependOnTheSeedAndNotOnHowTheStreamIsRead) {
  const auto run = [](std::uint64_t seed, std::size_t piece) {
    Rig rig({{.kind = FaultKind::kDrop, .probability = 0.05}, {.kind = FaultKind::kShort, .probability = 0.05}}, seed);
    rig.start();
    const CounterCheck check = rig.read_all(piece);
    return std::tuple(check.counters(), check.missing(), rig.faulty.counts().injected);
  };
  EXPECT_EQ(run(1, 16384), run(1, 24));
  EXPECT_NE(run(1, 16384), run(2, 16384));
}

TEST(Faults, AStreamOfWhichAllIsDroppedEnds) {
  Rig rig({{.kind = FaultKind::kDrop, .probability = 1}});
  rig.start();
  EXPECT_EQ(rig.read_all().counters(), 0U);
  EXPECT_EQ(rig.faulty.counts().dropped_bytes, 800'000U);
}

TEST(Faults, ShortPacketsLackTheirSecondHalf) {
  Rig rig({{.kind = FaultKind::kShort, .at = 3}});
  rig.start();
  const CounterCheck check = rig.read_all();
  EXPECT_EQ(rig.faulty.counts().of(FaultKind::kShort), 1U);
  EXPECT_EQ(rig.faulty.counts().shortened_bytes, 256U);
  EXPECT_EQ(check.missing(), 32U);
}

TEST(Faults, CorruptFlipsOneBit) {
  Rig clean({}), bad({{.kind = FaultKind::kCorrupt, .at = 0}});
  std::array<std::byte, 512> expected{}, got{};
  const auto read_packet = [](Rig& rig, std::span<std::byte> into) {
    rig.start();
    while (!into.empty()) into = into.subspan(rig.faulty.read_stream(into, kWatchdog));
  };
  read_packet(clean, expected);
  read_packet(bad, got);
  int bits = 0;
  for (std::size_t i = 0; i < got.size(); ++i) bits += std::popcount(std::to_integer<unsigned>(got[i] ^ expected[i]));
  EXPECT_EQ(bits, 1);
  EXPECT_EQ(bad.faulty.counts().of(FaultKind::kCorrupt), 1U);
}

TEST(Faults, DelayHoldsTheStreamBackAndLosesNothing) {
  Rig rig({{.kind = FaultKind::kDelay, .at = 2, .delay = Milliseconds(250)}});
  rig.start();
  std::array<std::byte, 1024> buffer{};
  std::size_t got = 0;
  while (got < 1024) got += rig.faulty.read_stream(std::span(buffer).subspan(got), kWatchdog);
  EXPECT_EQ(rig.paused, Milliseconds(0));
  EXPECT_EQ(rig.faulty.read_stream(buffer, Milliseconds(100)), 0U);  // the timeout is kept
  EXPECT_EQ(rig.faulty.read_stream(buffer, Milliseconds(100)), 0U);
  EXPECT_GT(rig.faulty.read_stream(buffer, Milliseconds(100)), 0U);
  EXPECT_EQ(rig.paused, Milliseconds(250));
  EXPECT_EQ(rig.faulty.counts().delayed, Milliseconds(250));
}

TEST(Faults, StreamStallsOnceAndGoesOn) {
  Rig rig({{.kind = FaultKind::kStall, .at = 1}});
  rig.start();
  std::vector<std::byte> buffer(4096);
  CounterCheck check;
  std::size_t n = rig.faulty.read_stream(buffer, kWatchdog);
  EXPECT_EQ(n, 512U);  // what came before is read first
  check.take(std::span(buffer).first(n));
  EXPECT_THROW(rig.faulty.read_stream(buffer, kWatchdog), Stalled);
  n = rig.faulty.read_stream(buffer, kWatchdog);
  check.take(std::span(buffer).first(n));
  EXPECT_EQ(check.missing(), 0U);
  EXPECT_GT(check.counters(), 64U);
}

TEST(Faults, CutIsForEver) {
  Rig rig({{.kind = FaultKind::kCut, .at = 1}});
  rig.start();
  std::vector<std::byte> buffer(4096);
  EXPECT_EQ(rig.faulty.read_stream(buffer, kWatchdog), 512U);
  for (int i = 0; i < 2; ++i) {
    EXPECT_THROW(rig.faulty.read_stream(buffer, kWatchdog), DeviceLost);
    EXPECT_THROW(rig.faulty.control_out({CounterDevice::kStop}, {}, kWatchdog), DeviceLost);
  }
  EXPECT_EQ(rig.faulty.counts().of(FaultKind::kCut), 1U);
}

TEST(Faults, ADroppedRequestIsATimeoutAndNeverArrives) {
  Rig rig({{.kind = FaultKind::kDrop, .place = FaultPlace::kControlOut, .at = 0}});
  EXPECT_THROW(rig.faulty.control_out({CounterDevice::kStore}, kData, Milliseconds(70)), TimedOut);
  EXPECT_EQ(rig.paused, Milliseconds(70));
  EXPECT_TRUE(rig.device->stored().empty());
  rig.faulty.control_out({CounterDevice::kStore}, kData, kWatchdog);
  EXPECT_EQ(rig.device->stored().size(), 4U);
}

TEST(Faults, ARequestWhoseAnswerIsLateIsATimeoutAndWasCarriedOut) {
  Rig rig({{.kind = FaultKind::kLateAnswer, .place = FaultPlace::kControlOut, .at = 0},
           {.kind = FaultKind::kLateAnswer, .place = FaultPlace::kControlOut, .at = 1},
           {.kind = FaultKind::kLateAnswer, .place = FaultPlace::kControlIn, .at = 0}});
  EXPECT_THROW(rig.faulty.control_out({CounterDevice::kStore}, kData, Milliseconds(70)), TimedOut);
  EXPECT_EQ(rig.paused, Milliseconds(70));
  EXPECT_EQ(rig.device->stored().size(), 4U);
  EXPECT_THROW(rig.faulty.control_out({CounterDevice::kStore}, {}, Milliseconds(70)), TimedOut);  // also one without data
  EXPECT_TRUE(rig.device->stored().empty());
  std::array<std::byte, 4> answer{};
  EXPECT_THROW(rig.faulty.control_in({CounterDevice::kLoad}, answer, Milliseconds(70)), TimedOut);
  EXPECT_EQ(rig.faulty.counts().of(FaultKind::kLateAnswer), 3U);
  EXPECT_THROW(Rig({{.kind = FaultKind::kLateAnswer, .place = FaultPlace::kStream, .at = 0}}), std::invalid_argument);
}

TEST(Faults, ControlDataAreCorruptedAndCut) {
  Rig rig({{.kind = FaultKind::kCorrupt, .place = FaultPlace::kControlOut, .at = 0},
           {.kind = FaultKind::kShort, .place = FaultPlace::kControlOut, .at = 1},
           {.kind = FaultKind::kShort, .place = FaultPlace::kControlIn, .at = 1},
           {.kind = FaultKind::kDrop, .place = FaultPlace::kControlIn, .at = 2},
           {.kind = FaultKind::kStall, .place = FaultPlace::kControlIn, .at = 3}});
  std::array<std::byte, 16> answer{};
  rig.faulty.control_out({CounterDevice::kStore}, kData, kWatchdog);
  ASSERT_EQ(rig.faulty.control_in({CounterDevice::kLoad}, answer, kWatchdog), 4U);
  int bits = 0;
  for (std::size_t i = 0; i < 4; ++i) bits += std::popcount(std::to_integer<unsigned>(answer[i] ^ kData[i]));
  EXPECT_EQ(bits, 1);
  rig.faulty.control_out({CounterDevice::kStore}, kData, kWatchdog);
  EXPECT_EQ(rig.device->stored().size(), 2U);
  EXPECT_EQ(rig.faulty.control_in({CounterDevice::kLoad}, answer, kWatchdog), 1U);
  EXPECT_THROW(rig.faulty.control_in({CounterDevice::kLoad}, answer, Milliseconds(5)), TimedOut);
  EXPECT_THROW(rig.faulty.control_in({CounterDevice::kLoad}, answer, Milliseconds(5)), Stalled);
  EXPECT_EQ(rig.faulty.counts().of(FaultKind::kShort), 2U);
  EXPECT_EQ(rig.faulty.counts().shortened_bytes, 3U);
}

TEST(Faults, ARequestThatIsLaterThanItsTimeoutIsATimeout) {
  const FaultRule late{.kind = FaultKind::kDelay, .place = FaultPlace::kControlOut, .probability = 1, .delay = Milliseconds(100)};
  Rig rig({late});
  EXPECT_THROW(rig.faulty.control_out({CounterDevice::kStore}, kData, Milliseconds(50)), TimedOut);
  rig.faulty.control_out({CounterDevice::kStore}, kData, Milliseconds(150));
  EXPECT_EQ(rig.paused, Milliseconds(150));
  EXPECT_EQ(rig.device->stored().size(), 4U);
}

}  // namespace
}  // namespace spikeloop::firmware
