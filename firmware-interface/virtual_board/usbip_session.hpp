// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "firmware-interface/transport/frame_socket.hpp"
#include "firmware-interface/transport/usbip_wire.hpp"
#include "firmware-interface/virtual_board/board_run.hpp"
#include "firmware-interface/virtual_board/usbip_server.hpp"

namespace spikeloop::firmware {

class UsbipSession;

/// A device that a server exports.
struct ExportedBoard {
  ExportedBoard(std::shared_ptr<UsbDevice> device, std::shared_ptr<DeviceClock> clock) : run(std::move(device), std::move(clock)) {}
  BoardRun run;
  usbip::Device record;
  UsbipSession* importer = nullptr;
};

/// What a session needs of its server.
struct SessionHost {
  std::function<std::vector<usbip::Device>()> list;
  std::function<std::shared_ptr<ExportedBoard>(const std::string& bus_id)> find;
  std::function<void(UsbipSession&)> ended;  ///< may delete the session
  UsbipServerCounts* counts = nullptr;
};

/// One client's connection: first an operation, and after an import the URBs of its device. On the server's thread only.
class UsbipSession : public std::enable_shared_from_this<UsbipSession> {
 public:
  UsbipSession(boost::asio::io_context& io, boost::asio::ip::tcp::socket socket, SessionHost host);
  void start();
  void close();
  /// It has not asked for a board, or got none.
  bool is_idle() const { return board_ == nullptr; }

 private:
  struct PendingIn {
    std::uint32_t sequence, length;
    std::uint8_t endpoint;
    std::vector<std::byte> data;  ///< has come; more is to come
  };

  void end(bool bad_peer);
  std::size_t on_bytes(std::span<const std::byte> bytes);
  std::size_t on_operation(std::span<const std::byte> bytes);
  std::size_t import(std::span<const std::byte> bytes);
  std::optional<std::size_t> on_urb(const usbip::UrbHead& head, std::span<const std::byte> body);
  void on_unlink(const usbip::UrbHead& head);
  void on_control(const usbip::UrbHead& head, std::span<const std::byte> data);
  void reply(std::uint32_t sequence, std::int32_t status, std::uint32_t length, std::span<const std::byte> data = {});
  bool complete_ready();
  bool complete_and_look();
  bool starves();
  void pass_time();
  void schedule(bool at_once);

  boost::asio::io_context& io_;
  std::shared_ptr<FrameSocket> socket_;
  SessionHost host_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<ExportedBoard> board_;
  std::deque<PendingIn> pending_;
  bool scheduled_ = false, ended_ = false, answered_ = false;
  std::optional<std::chrono::steady_clock::time_point> starved_;  ///< since when all transfers of a stream have been answered
};

}  // namespace spikeloop::firmware
