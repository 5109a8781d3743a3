// SPDX-License-Identifier: Apache-2.0
// Our client against servers that refuse, that are slow, and that misbehave.
#include <gtest/gtest.h>

#include <array>
#include <functional>

#include "firmware-interface/transport/usbip_transport.hpp"
#include "firmware-interface/virtual_board/usbip_server.hpp"
#include "tests/firmware/counter_device.hpp"
#include "tests/firmware/usbip_peer.hpp"

namespace spikeloop::firmware {
namespace {

std::unique_ptr<UsbipTransport> client_of(std::uint16_t port) {
  return std::make_unique<UsbipTransport>(usbip::Address{"127.0.0.1", port, "1-1"}, kWatchdog);
}

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
  EXPECT_THROW(client_of(port), NotFound);
  try {
    list_usbip("no-such-host.invalid", port, kWatchdog);
    FAIL();
  } catch (const NotFound& fault) {
    EXPECT_NE(fault.advice().find("getent hosts no-such-host.invalid"), std::string::npos);
  }
}

TEST(UsbipTransport, AListThatCannotBeIsToldWithItsPlace) {
  const RawServer server([](RawPeer& peer) {
    peer.receive(8);
    peer.send(bytes_of({0x01, 0x11, 0, 5, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF}));
    peer.receive(1);
  });
  try {
    list_usbip("127.0.0.1", server.port(), kWatchdog);
    FAIL();
  } catch (const ProtocolFault& fault) {
    EXPECT_NE(std::string(fault.what()).find("127.0.0.1:" + std::to_string(server.port())), std::string::npos) << fault.what();
    EXPECT_FALSE(fault.advice().empty());
  }
}

TEST(UsbipTransport, WhoIsAskedMayEndTheConnectingAtAnyOfItsSteps) {
  struct Enough {};
  const auto ends = [](const std::function<void(RawPeer&)>& talk) {
    const RawServer server(talk);
    int asked = 0;
    const auto ask = [&] {
      if (++asked > 8) throw Enough();  // it waits by now: what goes before it takes fewer
    };
    EXPECT_THROW(UsbipTransport({"127.0.0.1", server.port(), "1-1"}, kWatchdog, ask), Enough);
  };
  ends([](RawPeer& peer) { peer.receive(1000); });  // nothing but the request to import comes
  ends([](RawPeer& peer) {
    peer.receive(40);
    peer.send(import_reply());
    peer.receive(1000);
  });
}

TEST(UsbipTransport, TellsRefusalsApart) {
  const auto refused = [](std::uint32_t status) {
    const RawServer server([status](RawPeer& peer) {
      peer.receive(40);
      peer.send(usbip::encode(usbip::OperationHead{usbip::kVersion, 3, status}));
    });
    client_of(server.port());
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
    client_of(server.port());
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
  const auto client = client_of(server.port());
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
  const auto client = client_of(server.port());
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
    const auto client = client_of(server.port());
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
  const auto client = client_of(server.port());
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
  const auto client = client_of(server.port());
  client->start_stream({});
  std::array<std::byte, 8> got{};
  EXPECT_EQ(client->read_stream(got, kWatchdog), 2U);
  EXPECT_THROW(client->read_stream(got, kWatchdog), DeviceLost);
  EXPECT_THROW(client->stop_stream(), DeviceLost);
}

}  // namespace
}  // namespace spikeloop::firmware
