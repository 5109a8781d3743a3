// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <string>

#include "firmware-interface/transport/faulty_transport.hpp"
#include "firmware-interface/transport/usbip_transport.hpp"
#include "firmware-interface/virtual_board/loopback.hpp"
#include "firmware-interface/virtual_board/usbip_server.hpp"
#include "tests/firmware/counter_device.hpp"

namespace spikeloop::firmware {
namespace {

constexpr std::uint64_t kEventBytes = 8;

/// What the process holds in memory, in bytes; 0 where it cannot be known.
std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t pages = 0, resident = 0;
  file >> pages >> resident;
  return resident * 4096;
}

/// Memory after a tenth of the events against memory after all. What moves between is far more than the slack: 7 MB at least.
void expect_flat(std::uint64_t before, std::uint64_t after) {
  constexpr std::uint64_t kSlack = std::uint64_t{2} << 20;
  if (before == 0) GTEST_SKIP() << "memory is not told here";
  EXPECT_LE(after, before + kSlack);
}

void start(Transport& transport) {
  transport.control_out({CounterDevice::kStart}, {}, kWatchdog);
  transport.start_stream({});
}

/// A third are read in large pieces, a third in small ones, with requests between them. Gives the memory held after a tenth.
void soak(Transport& transport, CounterCheck& check, std::uint64_t events, std::uint64_t& early) {
  std::vector<std::byte> buffer(65536);
  std::array<std::byte, 8> answer{};
  start(transport);
  for (std::uint64_t got = 0, reads = 0; got < events * kEventBytes; ++reads) {
    const std::size_t piece = reads % 3 == 0 ? 65536 : reads % 3 == 1 ? 8192 : 4097;
    const std::size_t n = transport.read_stream(std::span(buffer).first(piece), kWatchdog);
    ASSERT_GT(n, 0U) << "nothing came for 30 s after " << got << " bytes";
    check.take(std::span(buffer).first(n));
    got += n;
    if (early == 0 && got >= events * kEventBytes / 10) early = resident_bytes();
    if (reads % 100 == 0) transport.control_in({CounterDevice::kLoad}, answer, kWatchdog);
  }
}

TEST(Soak, TenMillionEventsThroughLoopback) {
  const std::uint64_t events = 10'000'000;
  const auto device = std::make_shared<CounterDevice>(CounterDevice::Options{.per_second = 4'000'000, .fifo_bytes = 8192});
  Loopback loopback(device);
  CounterCheck check;
  std::uint64_t before = 0;
  soak(loopback, check, events, before);
  EXPECT_GE(check.counters(), events);
  EXPECT_EQ(device->dropped(), check.missing());
  EXPECT_TRUE(check.in_order());
  EXPECT_LE(check.missing(), 2048U);  // between `start` and the stream's begin
  expect_flat(before, resident_bytes());
}

/// A board whose FIFO waits, at most 8 MB/s, over 127.0.0.1.
struct Served {
  Served() : device(std::make_shared<CounterDevice>(CounterDevice::Options{.waits = true})) {
    server.add("1-1", device, std::make_shared<WallClock>());
  }
  std::unique_ptr<Transport> open() { return std::make_unique<UsbipTransport>(usbip::Address{"127.0.0.1", server.port(), "1-1"}); }
  std::shared_ptr<CounterDevice> device;
  UsbipServer server{{.port = 0}};
};

TEST(Soak, AMillionEventsOverUsbipWithDelays) {
  const std::uint64_t events = 1'000'000;
  Served served;
  const FaultRule delay{.kind = FaultKind::kDelay, .probability = 0.005, .delay = Milliseconds(5)};
  FaultyTransport transport(served.open(), {3, {delay}});
  CounterCheck check;
  std::uint64_t before = 0;
  soak(transport, check, events, before);
  EXPECT_GE(check.counters(), events);
  EXPECT_EQ(check.missing(), 0U);
  EXPECT_TRUE(check.in_order());
  EXPECT_GT(transport.counts().of(FaultKind::kDelay), 20U);
  expect_flat(before, resident_bytes());
}

TEST(Soak, InjectedDropsOverUsbipAreAllAccountedFor) {
  Served served;
  const FaultRule drop{.kind = FaultKind::kDrop, .probability = 0.02};
  FaultyTransport transport(served.open(), {5, {drop}});
  CounterCheck check;
  std::uint64_t unused = 0;
  soak(transport, check, 500'000, unused);
  transport.control_out({CounterDevice::kStop}, {}, kWatchdog);
  transport.stop_stream();
  read_counters(transport, check, 1'000'000'000);
  transport.close();
  served.server.stop();
  EXPECT_TRUE(check.in_order());
  EXPECT_GT(transport.counts().of(FaultKind::kDrop), 100U);
  const std::uint64_t accounted = check.counters() + transport.counts().dropped_bytes / kEventBytes;
  EXPECT_LE(accounted, served.device->produced());
  EXPECT_GE(accounted + 2048 / kEventBytes, served.device->produced());  // the rest was in the FIFO
}

}  // namespace
}  // namespace spikeloop::firmware
