// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "firmware-interface/transport/transport.hpp"
#include "firmware-interface/transport/usbip_wire.hpp"

namespace spikeloop::firmware {

class UsbipLink;

/// A transport to a device that a USB/IP server exports: a board on another machine, or a virtual one. Needs no kernel module here. The
/// connection is neither encrypted nor authenticated: keep it on the machine itself, or in an SSH tunnel. One thread behind it. A fault of
/// the stream ends it as that of a UsbTransport does.
class UsbipTransport : public Transport {
 public:
  /// Connects, imports the device, configures it and asks who it is. Throws NotFound (no host, no server, no such device), Busy,
  /// WrongDevice (another version of USB/IP), TimedOut, DeviceLost, ProtocolFault, and what `ask` throws, who is asked all the while.
  explicit UsbipTransport(const usbip::Address& address, Milliseconds timeout = Milliseconds(5000), const Ask& ask = nullptr);
  ~UsbipTransport() override;

  const DeviceIdentity& identity() const override { return identity_; }
  void control_out(ControlRequest request, std::span<const std::byte> data, Milliseconds timeout) override;
  std::size_t control_in(ControlRequest request, std::span<std::byte> into, Milliseconds timeout) override;
  void start_stream(const StreamOptions& options) override;
  void stop_stream() override;
  std::size_t read_stream(std::span<std::byte> into, Milliseconds timeout) override;
  void close() noexcept override;
  /// Received after a fault that made a gap in the stream, therefore thrown away.
  std::uint64_t discarded_bytes() const;

 private:
  std::unique_ptr<UsbipLink> link_;
  DeviceIdentity identity_;
};

/// What a USB/IP server exports. Throws as UsbipTransport does.
std::vector<usbip::Device> list_usbip(const std::string& host, std::uint16_t port = usbip::kPort, Milliseconds timeout = Milliseconds(5000),
                                      const Ask& ask = nullptr);

}  // namespace spikeloop::firmware
