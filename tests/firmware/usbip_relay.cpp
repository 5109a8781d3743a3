// SPDX-License-Identifier: Apache-2.0
#include "tests/firmware/usbip_relay.hpp"

#include <span>
#include <thread>

namespace spikeloop::firmware {
namespace {

constexpr std::size_t kHeld = 3;  // the reply that fails, and those behind the gap
constexpr std::int32_t kProtocolError = -71;

void append(std::vector<std::byte>& to, std::span<const std::byte> bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

}  // namespace

void UsbipRelay::make_gap() {
  std::unique_lock lock(mutex_);
  armed_ = true;
  changed_.wait(lock, [this] { return !armed_; });
}

void UsbipRelay::relay(RawPeer& client) {
  const RawPeer server = RawPeer::connect(server_port_);
  server.send(client.receive(usbip::kImportRequestBytes));
  client.send(server.receive(usbip::kOperationHeadBytes + usbip::kDeviceBytes));
  std::thread back([&] { to_client(server, client); });
  to_server(client, server);
  back.join();
}

void UsbipRelay::to_server(const RawPeer& client, const RawPeer& server) {
  for (;;) {
    std::vector<std::byte> bytes = client.receive(usbip::kUrbHeadBytes);
    if (bytes.size() < usbip::kUrbHeadBytes) return server.end();
    const auto head = usbip::decode_urb_head(std::span(bytes).first<usbip::kUrbHeadBytes>());
    if (head.command == static_cast<std::uint32_t>(usbip::Command::kSubmit)) {
      const std::scoped_lock lock(mutex_);
      if (head.direction == 1) endpoints_[head.sequence] = head.endpoint;
    }
    const bool carries = head.command == static_cast<std::uint32_t>(usbip::Command::kSubmit) && head.direction == 0;
    if (carries) append(bytes, client.receive(head.length));
    server.send(bytes);
  }
}

void UsbipRelay::to_client(const RawPeer& server, const RawPeer& client) {
  for (;;) {
    const std::vector<std::byte> bytes = server.receive(usbip::kUrbHeadBytes);
    if (bytes.size() < usbip::kUrbHeadBytes) return client.end();
    const auto head = usbip::decode_urb_head(std::span(bytes).first<usbip::kUrbHeadBytes>());
    std::unique_lock lock(mutex_);
    const auto in = endpoints_.find(head.sequence);
    const bool replies = head.command == static_cast<std::uint32_t>(usbip::Command::kSubmitReply) && in != endpoints_.end();
    const bool streams = replies && in->second != 0;
    lock.unlock();
    std::vector<std::byte> body;
    if (replies) body = server.receive(head.length);
    if (streams) {
      send_or_hold(client, head, std::move(body));
    } else {
      client.send(bytes);
      client.send(body);
    }
  }
}

void UsbipRelay::send_or_hold(const RawPeer& client, usbip::UrbHead head, std::vector<std::byte> body) {
  const std::scoped_lock lock(mutex_);
  if (armed_ && held_replies_++ == 0) {
    head.status = kProtocolError;
    head.length = 0;
    body.clear();
  }
  append(held_, usbip::encode(head));
  append(held_, body);
  if (armed_ && held_replies_ < kHeld) return;
  client.send(held_);
  held_.clear();
  held_replies_ = 0;
  armed_ = false;
  changed_.notify_all();
}

}  // namespace spikeloop::firmware
