// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <condition_variable>
#include <mutex>
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
  for (;;) {
    try {
      return open(port);
    } catch (const Busy&) {
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

TEST(UsbipServer, RefusesToBeReachedByOthersUnlessTold) {
  for (const char* address : {"0.0.0.0", "192.0.2.1", "::"})
    EXPECT_THROW(UsbipServer({.address = address, .port = 0}), NoPermission) << address;
  const UsbipServer told({.address = "0.0.0.0", .port = 0, .allow_remote = true});
  EXPECT_NE(told.port(), 0);
  EXPECT_THROW(UsbipServer({.address = "here", .port = 0}), NotFound);
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

// --- against servers that misbehave ---

std::vector<std::byte> import_reply() {
  usbip::Device device;
  device.bus_id = "1-1";
  device.bus_number = 1;
  device.device_number = 2;
  return usbip::encode_import_reply(usbip::Status::kOk, device);
}

TEST(UsbipTransport, SaysWhenNobodyListens) {
  std::uint16_t port = 0;
  {
    const UsbipServer server({.port = 0});
    port = server.port();
  }
  EXPECT_THROW(open(port), NotFound);
  EXPECT_THROW(list_usbip("no-such-host.invalid", port, kWatchdog), NotFound);
}

TEST(UsbipTransport, TellsRefusalsApart) {
  const auto refused = [](std::uint32_t status) {
    const RawServer server([status](RawPeer& peer) {
      peer.receive(40);
      peer.send(usbip::encode(usbip::OperationHead{usbip::kVersion, 3, status}));
    });
    open(server.port());
  };
  EXPECT_THROW(refused(1), NotFound);
  EXPECT_THROW(refused(2), Busy);
  EXPECT_THROW(refused(3), DeviceFault);
  EXPECT_THROW(refused(4), NotFound);
  EXPECT_THROW(refused(77), DeviceFault);
}

TEST(UsbipTransport, RefusesAnotherVersionOrAnotherAnswer) {
  const auto answered = [](const std::vector<std::byte>& bytes) {
    const RawServer server([&bytes](RawPeer& peer) {
      peer.receive(40);
      peer.send(bytes);
    });
    open(server.port());
  };
  EXPECT_THROW(answered(bytes_of({0x01, 0x06, 0, 3, 0, 0, 0, 0})), WrongDevice);
  EXPECT_THROW(answered(bytes_of({'H', 'T', 'T', 'P', '/', '1', '.', '1'})), WrongDevice);
  EXPECT_THROW(answered(bytes_of({0x01, 0x11, 0, 5, 0, 0, 0, 0})), ProtocolFault);
  EXPECT_THROW(answered(bytes_of({0x01, 0x11})), DeviceLost);
  usbip::Device other;
  other.bus_id = "2-2";
  EXPECT_THROW(answered(usbip::encode_import_reply(usbip::Status::kOk, other)), ProtocolFault);
}

TEST(UsbipTransport, AServerThatSaysNothingIsATimeout) {
  const RawServer server([](RawPeer& peer) { peer.receive(1000); });
  EXPECT_THROW(UsbipTransport({"127.0.0.1", server.port(), "1-1"}, Milliseconds(50)), TimedOut);
  const RawServer mute([](RawPeer& peer) {
    peer.receive(40);
    peer.send(import_reply());
    const auto urb = peer.receive(48), unlink = peer.receive(48);
    EXPECT_EQ(unlink.at(3), std::byte{2});
    EXPECT_EQ(unlink.at(23), urb.at(7));  // the transfer is unlinked
    peer.receive(1000);
  });
  EXPECT_THROW(UsbipTransport({"127.0.0.1", mute.port(), "1-1"}, Milliseconds(50)), TimedOut);
}

/// Answers the client's enumeration as a counter device does, up to and with SET_CONFIGURATION; gives the last sequence number.
std::uint32_t enumerate(RawPeer& peer) {
  CounterDevice device;
  std::uint8_t configuration = 0;
  peer.receive(40);
  peer.send(import_reply());
  while (configuration == 0) {
    const auto bytes = peer.receive(48);
    if (bytes.size() < 48) return 0;
    const auto head = usbip::decode_urb_head(std::span(bytes).first<48>());
    const auto answer = answer_control(device, configuration, decode_setup(head.setup), {});
    usbip::UrbHead reply;
    reply.command = 3;
    reply.sequence = head.sequence;
    reply.length = static_cast<std::uint32_t>(answer->size());
    peer.send(usbip::encode(reply));
    peer.send(*answer);
    if (configuration != 0) return head.sequence;
  }
  return 0;
}

usbip::UrbHead reply_of(std::uint32_t sequence, std::uint32_t length, std::int32_t status = 0) {
  usbip::UrbHead head;
  head.command = 3;
  head.sequence = sequence;
  head.length = length;
  head.status = status;
  return head;
}

TEST(UsbipTransport, RepliesInAnyOrderAreDeliveredInTheOrderOfTheTransfers) {
  const RawServer server([](RawPeer& peer) {
    const std::uint32_t last = enumerate(peer);
    peer.receive(48 * 8);
    for (std::uint32_t i = 8; i > 0; --i) {
      peer.send(usbip::encode(reply_of(last + i, 1, i % 2 == 0 ? usbip::kStatusShort : 0)));
      peer.send(std::array{static_cast<std::byte>(i)});
    }
    peer.receive(100'000);
  });
  const auto client = open(server.port());
  client->start_stream({});
  std::array<std::byte, 8> got{};
  std::span<std::byte> rest = got;
  while (!rest.empty()) rest = rest.subspan(client->read_stream(rest, kWatchdog));
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(std::to_integer<std::size_t>(got[i]), i + 1);
}

TEST(UsbipTransport, ATransferThatTimesOutIsUnlinkedAndTheNextOneWorks) {
  const RawServer server([](RawPeer& peer) {
    std::uint32_t sequence = enumerate(peer);
    peer.receive(48 * 2);  // a request, and its unlink
    ++sequence;
    peer.receive(48);                                 // the next one
    peer.send(usbip::encode(reply_of(sequence, 2)));  // late, for the first
    peer.send(bytes_of({9, 9}));
    usbip::UrbHead unlinked;
    unlinked.command = 4;
    unlinked.sequence = sequence + 1;
    peer.send(usbip::encode(unlinked));
    peer.send(usbip::encode(reply_of(sequence + 2, 1)));
    peer.send(bytes_of({7}));
    peer.receive(1000);
  });
  const auto client = open(server.port());
  std::array<std::byte, 4> answer{};
  EXPECT_THROW(client->control_in({1}, answer, Milliseconds(20)), TimedOut);
  EXPECT_EQ(client->control_in({2}, answer, kWatchdog), 1U);
  EXPECT_EQ(answer[0], std::byte{7});
}

TEST(UsbipTransport, AServerThatBreaksTheRulesIsLost) {
  const auto breaks = [](const std::function<usbip::UrbHead(std::uint32_t last)>& reply) {
    const RawServer server([&](RawPeer& peer) {
      const std::uint32_t last = enumerate(peer);
      peer.receive(48);
      peer.send(usbip::encode(reply(last)));
      peer.receive(1000);
    });
    const auto client = open(server.port());
    std::array<std::byte, 4> answer{};
    EXPECT_THROW(client->control_in({1}, answer, kWatchdog), DeviceLost);
  };
  breaks([](std::uint32_t last) { return reply_of(last + 1, 5); });           // more than was asked for
  breaks([](std::uint32_t last) { return reply_of(last + 1, 0x7FFFFFFF); });  // much more
  breaks([](std::uint32_t last) { return reply_of(last + 99, 0); });          // to no question
  breaks([](std::uint32_t) { return usbip::UrbHead{.command = 8}; });         // no command
  breaks([](std::uint32_t last) { return reply_of(last + 1, 0, -108); });     // shut down
}

TEST(UsbipTransport, AStalledStreamSaysSoOnceAndStartsAgainAfterTheHaltIsCleared) {
  const RawServer server([](RawPeer& peer) {
    std::uint32_t sequence = enumerate(peer);
    peer.receive(48 * 2);
    peer.send(usbip::encode(reply_of(sequence + 1, 3)));
    peer.send(bytes_of({1, 2, 3}));
    peer.send(usbip::encode(reply_of(sequence + 2, 0, usbip::kStatusStall)));
    for (std::uint32_t wanted = 0; wanted != 1;) {  // new transfers, unlinks; then CLEAR_FEATURE on endpoint 0
      const auto bytes = peer.receive(48);
      if (bytes.size() < 48) return;
      const auto head = usbip::decode_urb_head(std::span(bytes).first<48>());
      usbip::UrbHead reply = reply_of(head.sequence, 0);
      if (head.command == 2) {
        reply.command = 4;
        reply.status = usbip::kStatusUnlinked;
      } else if (head.endpoint != 0) {
        continue;
      } else {
        EXPECT_EQ(decode_setup(head.setup).request, 1);
        EXPECT_EQ(decode_setup(head.setup).index, 0x82);
        wanted = 1;
      }
      peer.send(usbip::encode(reply));
    }
    const auto bytes = peer.receive(48);
    peer.send(usbip::encode(reply_of(usbip::decode_urb_head(std::span(bytes).first<48>()).sequence, 1)));
    peer.send(bytes_of({4}));
    peer.receive(100'000);
  });
  const auto client = open(server.port());
  client->start_stream({.transfers = 2});
  std::array<std::byte, 8> got{};
  EXPECT_EQ(client->read_stream(got, kWatchdog), 3U);
  EXPECT_THROW(client->read_stream(got, kWatchdog), Stalled);
  EXPECT_EQ(client->read_stream(got, Milliseconds(1)), 0U);
  client->start_stream({.transfers = 2});
  EXPECT_EQ(client->read_stream(got, kWatchdog), 1U);
  EXPECT_EQ(got[0], std::byte{4});
}

TEST(UsbipTransport, AnAbruptEndOfTheConnectionLosesTheDeviceAfterWhatCame) {
  const RawServer server([](RawPeer& peer) {
    const std::uint32_t last = enumerate(peer);
    peer.receive(48 * 8);
    peer.send(usbip::encode(reply_of(last + 1, 2)));
    peer.send(bytes_of({1, 2}));
    peer.receive(48);  // the client has had it
    peer.abort();
  });
  const auto client = open(server.port());
  client->start_stream({});
  std::array<std::byte, 8> got{};
  EXPECT_EQ(client->read_stream(got, kWatchdog), 2U);
  EXPECT_THROW(client->read_stream(got, kWatchdog), DeviceLost);
  EXPECT_THROW(client->stop_stream(), DeviceLost);
}

}  // namespace
}  // namespace spikeloop::firmware
