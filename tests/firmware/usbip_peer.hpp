// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <vector>

namespace spikeloop::firmware {

/// The other end of a connection, byte by byte, in blocking calls.
class RawPeer {
 public:
  explicit RawPeer(int socket) : socket_(socket) {}
  RawPeer(RawPeer&& other) noexcept;
  RawPeer(const RawPeer&) = delete;
  ~RawPeer();
  /// Connects to a port of 127.0.0.1.
  static RawPeer connect(std::uint16_t port);
  void send(std::span<const std::byte> bytes) const;
  /// What comes, up to `n` bytes; fewer if the connection ends.
  std::vector<std::byte> receive(std::size_t n) const;
  /// Ends the connection without a farewell (RST), as a crash of the machine does.
  void abort();
  /// Ends the connection in both directions; who waits for it in another thread is woken.
  void end() const;
  void close();

 private:
  int socket_;
};

/// A server that does as a test says, for one connection, on a thread of its own.
class RawServer {
 public:
  explicit RawServer(std::function<void(RawPeer&)> talk);
  ~RawServer();
  std::uint16_t port() const { return port_; }

 private:
  int listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace spikeloop::firmware
