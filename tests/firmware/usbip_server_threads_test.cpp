// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "firmware-interface/transport/usbip_transport.hpp"
#include "firmware-interface/virtual_board/usbip_server.hpp"
#include "tests/firmware/counter_device.hpp"
#include "tests/firmware/usbip_peer.hpp"

namespace spikeloop::firmware {
namespace {

std::unique_ptr<UsbipTransport> open(std::uint16_t port, const std::string& bus_id = "1-1") {
  return std::make_unique<UsbipTransport>(usbip::Address{"127.0.0.1", port, bus_id}, kWatchdog);
}

/// A server of one counter device.
struct Served {
  explicit Served(const CounterDevice::Options& options = {.waits = true}) : device(std::make_shared<CounterDevice>(options)) {
    server.add("1-1", device, std::make_shared<WallClock>());
  }
  std::shared_ptr<CounterDevice> device;
  UsbipServer server{{.port = 0}};
};

/// Opens it as soon as it is free: the server hears of a client's end when it hears of it.
std::unique_ptr<UsbipTransport> open_when_free(std::uint16_t port) {
  for (const auto watchdog = std::chrono::steady_clock::now() + kWatchdog;;) {
    try {
      return open(port);
    } catch (const Busy&) {
      if (std::chrono::steady_clock::now() > watchdog) throw;
      std::this_thread::yield();
    }
  }
}

TEST(UsbipServer, ListsWhatItExports) {
  Served served;
  served.server.add("1-2", std::make_shared<CounterDevice>(), std::make_shared<WallClock>());
  const auto devices = list_usbip("127.0.0.1", served.server.port(), kWatchdog);
  ASSERT_EQ(devices.size(), 2U);
  EXPECT_EQ(devices[0].bus_id, "1-1");
  EXPECT_EQ(devices[0].vendor, 0x1209);
  EXPECT_EQ(devices[0].speed, 3U);
  EXPECT_EQ(devices[1].interfaces, (std::vector<usbip::Interface>{{0xFF, 1, 2}}));
  EXPECT_NE(devices[0].id(), devices[1].id());
  EXPECT_TRUE(served.server.remove("1-2"));
  EXPECT_FALSE(served.server.remove("1-2"));
  EXPECT_EQ(list_usbip("localhost", served.server.port(), kWatchdog).size(), 1U);
}

TEST(UsbipServer, RefusesABusIdTwiceAndNone) {
  Served served;
  const auto add = [&](const std::string& id) { served.server.add(id, std::make_shared<CounterDevice>(), std::make_shared<WallClock>()); };
  EXPECT_THROW(add("1-1"), std::invalid_argument);
  EXPECT_THROW(add(""), std::invalid_argument);
  EXPECT_THROW(add(std::string(32, '1')), std::invalid_argument);
}

TEST(UsbipServer, ConnectionsThatAskForNothingKeepNobodyOut) {
  Served served;
  const auto user = open(served.server.port());
  std::vector<RawPeer> idle;
  for (int i = 0; i < 100; ++i) idle.push_back(RawPeer::connect(served.server.port()));
  EXPECT_EQ(list_usbip("127.0.0.1", served.server.port(), kWatchdog).size(), 1U);
  user->control_out({CounterDevice::kStore}, {}, kWatchdog);  // it kept its board
  EXPECT_TRUE(idle.front().receive(1).empty());               // the oldest had to go
}

TEST(UsbipServer, RefusesToBeReachedByOthersUnlessTold) {
  for (const char* address : {"0.0.0.0", "192.0.2.1", "::"})
    EXPECT_THROW(UsbipServer({.address = address, .port = 0}), NoPermission) << address;
  const UsbipServer told({.address = "0.0.0.0", .port = 0, .allow_remote = true});
  EXPECT_NE(told.port(), 0);
  EXPECT_THROW(UsbipServer({.address = "here", .port = 0}), std::invalid_argument);
  EXPECT_THROW(UsbipServer({.address = "192.0.2.1", .port = 0, .allow_remote = true}), NotFound);
}

TEST(UsbipServer, APortInUseIsBusy) {
  Served served;
  EXPECT_THROW(UsbipServer({.port = served.server.port()}), Busy);
}

TEST(UsbipServer, GivesADeviceToOneClientAtATime) {
  Served served;
  const auto first = open(served.server.port());
  EXPECT_THROW(open(served.server.port()), Busy);
  first->close();
  const auto second = open_when_free(served.server.port());
  std::array<std::byte, 8> answer{};
  EXPECT_EQ(second->control_in({CounterDevice::kLoad}, answer, kWatchdog), 0U);
  EXPECT_THROW(first->control_in({CounterDevice::kLoad}, answer, kWatchdog), DeviceLost);
}

TEST(UsbipServer, AClientThatDiesLeavesTheDeviceToOthersAndReset) {
  Served served;
  for (int round = 0; round < 5; ++round) {
    for (;;) {
      RawPeer client = RawPeer::connect(served.server.port());
      client.send(usbip::encode_import_request("1-1"));
      const bool imported = client.receive(8).at(7) == std::byte{0};
      if (imported) client.abort();
      if (imported) break;
    }
  }
  const auto next = open_when_free(served.server.port());
  next->close();
  served.server.stop();
  EXPECT_EQ(served.device->resets(), 6);
  EXPECT_EQ(served.device->configuration(), 0);
}

TEST(UsbipServer, DropsPeersThatTalkNonsense) {
  Served served;
  const auto nonsense = [&](const std::vector<std::byte>& after_import) {
    for (;;) {
      RawPeer client = RawPeer::connect(served.server.port());
      client.send(usbip::encode_import_request("1-1"));
      if (client.receive(8).at(7) != std::byte{0}) continue;  // the one before is not gone yet
      client.receive(312);
      client.send(after_import);
      return client.receive(1000).size();  // ends, so it was closed
    }
  };
  usbip::UrbHead huge, unknown, iso;
  huge.command = iso.command = 1;
  huge.length = 0xFFFFFFF0;
  unknown.command = 9;
  iso.packets = 3;
  for (const auto& head : {huge, unknown, iso}) {
    const auto bytes = usbip::encode(head);
    EXPECT_EQ(nonsense({bytes.begin(), bytes.end()}), 0U);
  }
  RawPeer stranger = RawPeer::connect(served.server.port());
  const std::string http = "GET / HTTP/1.1\r\n\r\n";
  stranger.send(std::as_bytes(std::span(http)));
  EXPECT_EQ(stranger.receive(100).size(), 8U);  // which version we speak
  EXPECT_EQ(served.server.counts().bad_peers, 4U);
  EXPECT_NE(open_when_free(served.server.port()), nullptr);
}

TEST(UsbipServer, StopInMidTransferIsALostDevice) {
  Served served;
  const auto client = open(served.server.port());
  client->control_out({CounterDevice::kStart}, {}, kWatchdog);
  client->start_stream({});
  CounterCheck check;
  read_counters(*client, check, 10'000);
  served.server.stop();
  EXPECT_THROW(read_counters(*client, check, 1'000'000'000), DeviceLost);
  EXPECT_EQ(check.missing(), 0U);
  std::array<std::byte, 8> answer{};
  EXPECT_THROW(client->control_in({CounterDevice::kLoad}, answer, kWatchdog), DeviceLost);
  EXPECT_THROW(client->control_in({CounterDevice::kLoad}, answer, kWatchdog), DeviceLost);
  EXPECT_THROW(open(served.server.port()), NotFound);
}

TEST(UsbipServer, RemoveUnplugsAndAddPlugsInAgain) {
  Served served;
  const auto client = open(served.server.port());
  client->start_stream({});
  EXPECT_TRUE(served.server.remove("1-1"));
  std::array<std::byte, 8> answer{};
  EXPECT_THROW(client->read_stream(answer, kWatchdog), DeviceLost);
  EXPECT_THROW(open(served.server.port()), NotFound);
  served.server.add("1-1", served.device, std::make_shared<WallClock>());
  EXPECT_NE(open(served.server.port()), nullptr);
}

TEST(UsbipServer, DropsOfTheDeviceAreAllAccountedFor) {
  Served served({.per_second = 1'000'000, .fifo_bytes = 2048, .waits = false});
  const auto client = open(served.server.port());
  client->control_out({CounterDevice::kStart}, {}, kWatchdog);
  client->start_stream({});
  CounterCheck check;
  read_counters(*client, check, 400'000);
  client->control_out({CounterDevice::kStop}, {}, kWatchdog);
  client->stop_stream();
  read_counters(*client, check, 1'000'000'000);
  client->close();
  served.server.stop();
  EXPECT_TRUE(check.in_order());
  const std::uint64_t accounted = check.counters() + served.device->dropped();
  EXPECT_LE(accounted, served.device->produced());
  EXPECT_GE(accounted + 2048 / 8, served.device->produced());  // the rest was in the FIFO
  EXPECT_LE(check.missing(), served.device->dropped());
}

TEST(UsbipServer, TheClockSaysWhenABoardsTimePasses) {
  const auto device = std::make_shared<CounterDevice>();
  const auto clock = std::make_shared<ManualClock>();
  UsbipServer server({.port = 0});
  clock->pass(std::chrono::seconds(3600));  // before anybody was there: not simulated
  server.add("1-1", device, clock);
  const auto client = open(server.port());
  client->control_out({CounterDevice::kStart}, {}, kWatchdog);
  client->start_stream({});
  std::array<std::byte, 8> first{};
  client->control_in({CounterDevice::kLoad}, first, kWatchdog);  // when it is answered, the stream's transfers have reached the server
  EXPECT_EQ(client->read_stream(first, Milliseconds(5)), 0U);
  clock->pass(std::chrono::milliseconds(100));
  CounterCheck check;
  read_counters(*client, check, 90'000 * 8);
  EXPECT_EQ(check.missing(), 0U);  // though its FIFO holds 256 counters
  client->close();
  server.stop();
  EXPECT_GE(device->produced(), 90'000U);
  EXPECT_LE(device->produced(), 100'000U);
  EXPECT_LE(device->now(), std::chrono::milliseconds(100));
}

TEST(UsbipServer, AFreeClockRunsWhileSomebodyWaits) {
  const auto device = std::make_shared<CounterDevice>(CounterDevice::Options{.per_second = 1000});
  UsbipServer server({.port = 0});
  server.add("1-1", device, std::make_shared<FreeClock>());
  const auto client = open(server.port());
  client->control_out({CounterDevice::kStart}, {}, kWatchdog);
  client->start_stream({});
  CounterCheck check;
  read_counters(*client, check, 80'000);  // ten seconds of its time
  EXPECT_EQ(check.missing(), 0U);
}

}  // namespace
}  // namespace spikeloop::firmware
