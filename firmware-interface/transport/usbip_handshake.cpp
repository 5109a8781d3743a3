// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/usbip_handshake.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <vector>

#include "firmware-interface/transport/checks.hpp"

namespace spikeloop::firmware::usbip {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr const char* kServeAdvice =
    "on the machine with the board: `usbipd -D` and `usbip bind -b BUSID`; or a virtual board: `spikeloop board serve`";

}  // namespace

/// Runs one operation up to the deadline; after it the socket is closed.
Handshake::Error Handshake::run(const std::function<void(Done)>& start) {
  Error result = asio::error::would_block;
  start([&result](Error error) { result = error; });
  io_.restart();
  while (result == asio::error::would_block && std::chrono::steady_clock::now() < deadline_) {
    try {
      if (ask_) ask_();
    } catch (...) {
      give_up();
      throw;
    }
    io_.run_until(ask_ ? std::min(deadline_, std::chrono::steady_clock::now() + kAskEvery) : deadline_);
  }
  if (result != asio::error::would_block) return result;
  give_up();
  return asio::error::timed_out;
}

void Handshake::give_up() {
  Error ignored;
  socket_.close(ignored);
  io_.restart();
  io_.run();  // what was cancelled still refers to us
}

void Handshake::check(const Error& error, const char* doing) const {
  if (!error) return;
  if (error == asio::error::timed_out)
    throw TimedOut(fmt::format("{}: no answer by the deadline, {}", place_, doing),
                   "Does a USB/IP server run there, and does a firewall let us through? Try again, or start it again.");
  throw DeviceLost(
      fmt::format("{}: {}, {}", place_, error == asio::error::eof ? "the server closed the connection" : error.message(), doing),
      "Is this the port of a USB/IP server, and does it still run? Start it again, then open the board anew.");
}

Handshake::Handshake(asio::io_context& io, const std::string& host, std::uint16_t port, Milliseconds timeout, Ask ask)
    : io_(io),
      socket_(io),
      deadline_(std::chrono::steady_clock::now() + bounded(timeout)),
      place_(fmt::format("{}:{}", host, port)),
      ask_(std::move(ask)) {
  std::vector<tcp::endpoint> endpoints;
  Error error;
  const auto numeric = asio::ip::make_address(host, error);
  if (!error) {
    endpoints.emplace_back(numeric, port);
  } else {
    tcp::resolver resolver(io_);
    error = run([&](Done done) {
      resolver.async_resolve(host, std::to_string(port), [done, &endpoints](Error e, const tcp::resolver::results_type& found) {
        for (const auto& one : found) endpoints.push_back(one.endpoint());
        done(e);
      });
    });
    if (error == asio::error::timed_out) check(error, "looking up the host");
    if (error)
      throw NotFound(fmt::format("{}: no such host: {}", place_, error.message()),
                     fmt::format("Look at its spelling; `getent hosts {}` asks this system. An address in numbers works too.", host));
  }
  error = run([&](Done done) { asio::async_connect(socket_, endpoints, [done](Error e, const tcp::endpoint&) { done(e); }); });
  if (error == asio::error::timed_out) check(error, "connecting");
  if (error) throw NotFound(fmt::format("{}: no USB/IP server there: {}", place_, error.message()), kServeAdvice);
  socket_.set_option(tcp::no_delay(true), error);
}

void Handshake::send(std::span<const std::byte> bytes) {
  check(run([&](Done done) {
          asio::async_write(socket_, asio::buffer(bytes.data(), bytes.size()), [done](Error e, std::size_t) { done(e); });
        }),
        "asking");
}

void Handshake::receive(std::span<std::byte> into) {
  check(
      run([&](Done done) { asio::async_read(socket_, asio::buffer(into.data(), into.size()), [done](Error e, std::size_t) { done(e); }); }),
      "waiting for the answer");
}

OperationHead Handshake::receive_head(Operation expected) {
  std::array<std::byte, kOperationHeadBytes> bytes{};
  receive(bytes);
  const OperationHead head = decode_operation_head(bytes);
  if (head.version != kVersion)
    throw WrongDevice(fmt::format("{}: version 0x{:04X} of USB/IP, or something else; we speak 0x{:04X}", place_, head.version, kVersion),
                      "is this the port of a USB/IP server?");
  if (head.code != static_cast<std::uint16_t>(expected))
    throw ProtocolFault(fmt::format("{}: answer 0x{:04X} where 0x{:04X} was due", place_, head.code, static_cast<unsigned>(expected)),
                        "Is this the port of a USB/IP server? If so, start it again.");
  return head;
}

Device Handshake::import(const std::string& bus_id) {
  send(encode_import_request(bus_id));
  const OperationHead head = receive_head(Operation::kImportReply);
  switch (static_cast<Status>(head.status)) {
    case Status::kOk:
      break;
    case Status::kBusy:
      throw Busy(fmt::format("{}: device {} is in use", place_, bus_id), "end the program that uses it, perhaps on another machine");
    case Status::kNotAvailable:
    case Status::kNoDevice:
      throw NotFound(fmt::format("{}: no device {} is exported", place_, bus_id),
                     "`spikeloop boards --usbip HOST:PORT` lists what is; `usbip bind -b BUSID` exports a board");
    default:
      throw DeviceFault(fmt::format("{}: device {} cannot be had: status {}", place_, bus_id, head.status),
                        "On the machine with the board: plug it in again, then `usbip bind -b BUSID`.");
  }
  std::array<std::byte, kDeviceBytes> bytes{};
  receive(bytes);
  Device device = decode_device(bytes);
  if (device.bus_id != bus_id)
    throw ProtocolFault(fmt::format("{}: asked for {}, got {}", place_, bus_id, device.bus_id), "Start the server again.");
  return device;
}

std::vector<Device> Handshake::device_list() {
  send(encode_device_list_request());
  const OperationHead head = receive_head(Operation::kDeviceListReply);
  if (head.status != 0)
    throw DeviceFault(fmt::format("{}: no list of devices: status {}", place_, head.status), "Start the server there again.");
  std::vector<std::byte> all(4);
  receive(all);
  for (;;) {  // the length of each device is known when its record is there
    try {
      if (auto devices = decode_device_list(all)) return std::move(*devices);
    } catch (const ProtocolFault& fault) {  // which knows no place
      throw ProtocolFault(fmt::format("{}: {}", place_, fault.what()), "Is this the port of a USB/IP server? If so, start it again.");
    }
    const std::size_t have = all.size();
    std::array<std::byte, 4096> chunk{};
    std::size_t got = 0;
    check(run([&](Done done) {
            socket_.async_read_some(asio::buffer(chunk), [done, &got](Error e, std::size_t n) {
              got = n;
              done(e);
            });
          }),
          "reading the list of devices");
    all.resize(have + got);
    std::copy_n(chunk.begin(), got, all.begin() + static_cast<std::ptrdiff_t>(have));
  }
}

}  // namespace spikeloop::firmware::usbip
