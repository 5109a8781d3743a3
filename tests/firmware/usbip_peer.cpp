// SPDX-License-Identifier: Apache-2.0
#include "tests/firmware/usbip_peer.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

namespace spikeloop::firmware {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}

}  // namespace

RawPeer::RawPeer(RawPeer&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}

RawPeer::~RawPeer() { close(); }

RawPeer RawPeer::connect(std::uint16_t port) {
  const int s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in a = loopback(port);
  if (::connect(s, reinterpret_cast<const sockaddr*>(&a), sizeof a) != 0) throw std::runtime_error("cannot connect");
  return RawPeer(s);
}

void RawPeer::send(std::span<const std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
}

std::vector<std::byte> RawPeer::receive(std::size_t n) const {
  std::vector<std::byte> bytes(n);
  std::size_t got = 0;
  while (got < n) {
    const ssize_t k = ::recv(socket_, bytes.data() + got, n - got, 0);
    if (k <= 0) break;
    got += static_cast<std::size_t>(k);
  }
  bytes.resize(got);
  return bytes;
}

void RawPeer::abort() {
  const linger now{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

void RawPeer::end() const { ::shutdown(socket_, SHUT_RDWR); }

void RawPeer::close() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
}

RawServer::RawServer(std::function<void(RawPeer&)> talk) : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in a = loopback(0);
  socklen_t length = sizeof a;
  const bool ok = ::bind(listener_, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0 && ::listen(listener_, 1) == 0 &&
                  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&a), &length) == 0;
  if (!ok) throw std::runtime_error("cannot listen");
  port_ = ntohs(a.sin_port);
  thread_ = std::thread([this, talk = std::move(talk)] {
    const int s = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (s < 0) return;
    const int at_once = 1;
    ::setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    RawPeer peer(s);
    talk(peer);
  });
}

RawServer::~RawServer() {
  ::shutdown(listener_, SHUT_RDWR);  // ends an accept that waits
  thread_.join();
  ::close(listener_);
}

}  // namespace spikeloop::firmware
