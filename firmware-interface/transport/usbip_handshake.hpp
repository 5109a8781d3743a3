// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "firmware-interface/transport/transport.hpp"
#include "firmware-interface/transport/usbip_wire.hpp"

namespace spikeloop::firmware::usbip {

/// What is said before URBs are exchanged, in blocking calls that share one deadline and may be ended by who is asked. Runs the io_context
/// on the caller's thread.
class Handshake {
 public:
  /// Connects. Throws NotFound if nobody listens there or there is no such host, TimedOut. (A name server that does not answer may take
  /// longer than the deadline; an address in numbers never does.)
  Handshake(boost::asio::io_context& io, const std::string& host, std::uint16_t port, Milliseconds timeout, Ask ask = nullptr);

  /// Both throw DeviceLost if the connection ends, TimedOut.
  void send(std::span<const std::byte> bytes);
  void receive(std::span<std::byte> into);
  /// The head of the reply that we expect; throws WrongDevice for another version and ProtocolFault for another reply.
  OperationHead receive_head(Operation expected);

  /// Asks for the device. Throws NotFound, Busy, and DeviceFault for what else a server may say.
  Device import(const std::string& bus_id);
  std::vector<Device> device_list();

  /// The connection, to go on with.
  boost::asio::ip::tcp::socket release() { return std::move(socket_); }

 private:
  using Error = boost::system::error_code;
  using Done = std::function<void(Error)>;
  Error run(const std::function<void(Done)>& start);
  void give_up();
  void check(const Error& error, const char* doing) const;

  boost::asio::io_context& io_;
  boost::asio::ip::tcp::socket socket_;
  std::chrono::steady_clock::time_point deadline_;
  std::string place_;
  Ask ask_;
};

}  // namespace spikeloop::firmware::usbip
