// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "firmware-interface/transport/errors.hpp"
#include "firmware-interface/transport/usbip_wire.hpp"
#include "firmware-interface/virtual_board/device_clock.hpp"
#include "firmware-interface/virtual_board/usb_device.hpp"

namespace spikeloop::firmware {

/// Where a server listens.
struct UsbipServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = usbip::kPort;  ///< 0 = any that is free
  bool allow_remote = false;          ///< other addresses than loopback: whoever reaches the port can use the boards
};

/// The address is one that others can reach, and that was not allowed: somebody has to decide it.
class WouldExpose : public NoPermission {
 public:
  using NoPermission::NoPermission;
};

/// What a server has seen.
struct UsbipServerCounts {
  std::uint64_t connections = 0, imports = 0, refused_imports = 0, urbs = 0, unlinks = 0, bad_peers = 0;
};

/// Exports virtual boards over USB/IP, to our own transport and to Linux (`usbip attach`). One thread serves them all, so a device is never
/// called from two threads. A device's time passes only while it is imported. When a client goes, or dies, its device is reset and free.
class UsbipServer {
 public:
  /// Listens at once. Throws WouldExpose for an address that others can reach, unless allowed; NoPermission for a port that is not ours;
  /// Busy if the port is taken; NotFound if there is no such address here; std::invalid_argument for what is no address in numbers.
  explicit UsbipServer(const UsbipServerOptions& options);
  ~UsbipServer();

  /// Exports a device under a bus id, which must be new. Throws std::invalid_argument.
  void add(const std::string& bus_id, std::shared_ptr<UsbDevice> device, std::shared_ptr<DeviceClock> clock);
  /// Unplugs: the device is exported no more, and whoever uses it loses it. False if there is none.
  bool remove(const std::string& bus_id);

  /// Where it listens.
  std::uint16_t port() const;
  UsbipServerCounts counts() const;
  /// Ends all connections, at once. Idempotent.
  void stop() noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace spikeloop::firmware
