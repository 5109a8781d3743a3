// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <vector>

#include "firmware-interface/transport/usbip_wire.hpp"
#include "tests/firmware/usbip_peer.hpp"

namespace spikeloop::firmware {

/// Stands between a client and a USB/IP server for one connection, and can make a gap in a stream.
class UsbipRelay {
 public:
  explicit UsbipRelay(std::uint16_t server) : server_port_(server) {}
  /// Where the client connects to.
  std::uint16_t port() const { return clients_.port(); }
  /// The next transfer of the stream fails (EPROTO), without its data; the two behind it come at the same moment. Returns when they are
  /// sent.
  void make_gap();

 private:
  void relay(RawPeer& client);
  void to_server(const RawPeer& client, const RawPeer& server);
  void to_client(const RawPeer& server, const RawPeer& client);
  void send_or_hold(const RawPeer& client, usbip::UrbHead head, std::vector<std::byte> body);

  std::uint16_t server_port_;
  std::mutex mutex_;  // guards all below but `clients_`
  std::condition_variable changed_;
  std::map<std::uint32_t, std::uint32_t> endpoints_;  // of transfers to IN endpoints, by their sequence number
  bool armed_ = false;
  std::size_t held_replies_ = 0;
  std::vector<std::byte> held_;
  RawServer clients_{[this](RawPeer& client) { relay(client); }};
};

}  // namespace spikeloop::firmware
