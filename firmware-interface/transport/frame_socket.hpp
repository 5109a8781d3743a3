// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "firmware-interface/transport/byte_queue.hpp"

namespace spikeloop::firmware {

/// A TCP connection that carries frames. Writes that come while one is under way are sent together; what is received is handed over until
/// no whole frame is left. To be used on the thread of its io_context only.
class FrameSocket : public std::enable_shared_from_this<FrameSocket> {
 public:
  /// Takes whole frames off the front of the bytes, and says how many bytes they had. May call `close`.
  using OnBytes = std::function<std::size_t(std::span<const std::byte>)>;
  /// The connection ended otherwise than by `close`; called at most once.
  using OnEnd = std::function<void(const std::string& why)>;

  explicit FrameSocket(boost::asio::ip::tcp::socket socket);
  /// Begins to read. The callbacks are let go of at `close`.
  void start(OnBytes on_bytes, OnEnd on_end);
  void send(std::span<const std::byte> head, std::span<const std::byte> body = {});
  /// Sends what is waiting: one `send` after another costs one system call.
  void flush();
  /// What waits to be sent.
  std::size_t unsent() const { return waiting_.size() + sending_.size(); }
  /// Reads nothing until `resume`: for a peer that sends, but does not receive.
  void hold() { held_ = true; }
  void resume();
  /// Ends when all is sent; hands nothing over any more.
  void finish();
  void close();

 private:
  void read();
  void hand_over();
  void end(const std::string& why);

  boost::asio::ip::tcp::socket socket_;
  OnBytes on_bytes_;
  OnEnd on_end_;
  ByteQueue received_;
  std::array<std::byte, std::size_t{64} << 10> chunk_{};
  std::vector<std::byte> waiting_, sending_;
  bool open_ = true, held_ = false, reading_ = false, finishing_ = false;
};

}  // namespace spikeloop::firmware
