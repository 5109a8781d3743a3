// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "firmware-interface/transport/errors.hpp"

namespace spikeloop::firmware {

using Milliseconds = std::chrono::milliseconds;

/// What a device says of itself, and where it is.
struct DeviceIdentity {
  std::uint16_t vendor = 0, product = 0;
  std::uint16_t version = 0;  ///< bcdDevice
  std::string manufacturer, product_name, serial;
  std::string location;  ///< how a user names it: a bus id as "1-2", or "usbip:HOST:PORT/BUSID", or "virtual"
};

/// Asked now and then by what waits whether to go on; may throw to end the wait.
using Ask = std::function<void()>;
/// How often a wait asks.
inline constexpr Milliseconds kAskEvery{50};

/// A vendor request to the device (bmRequestType 0x40 or 0xC0).
struct ControlRequest {
  std::uint8_t request = 0;
  std::uint16_t value = 0, index = 0;
  friend bool operator==(const ControlRequest&, const ControlRequest&) = default;
};

/// How a bulk IN endpoint is read.
struct StreamOptions {
  std::uint8_t endpoint = 0x82;
  std::size_t transfers = 8;  ///< in flight at a time
  std::size_t transfer_bytes = 8192;
};

/// One open device, whatever is between it and us. Calls may come from any one thread at a time, except `close`, which may come from any
/// thread at any time and ends calls that wait. Every call ends by its timeout: with the result, or by throwing TimedOut, Stalled,
/// DeviceLost or ProtocolFault. After DeviceLost every call throws it again at once.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual const DeviceIdentity& identity() const = 0;

  /// Sends all of `data` (at most 4096 bytes).
  virtual void control_out(ControlRequest request, std::span<const std::byte> data, Milliseconds timeout) = 0;
  /// Receives at most `into.size()` bytes, and says how many came: a device may answer with less.
  virtual std::size_t control_in(ControlRequest request, std::span<std::byte> into, Milliseconds timeout) = 0;

  /// Keeps bulk IN transfers in flight from now on, until `stop_stream`; what arrives waits for `read_stream`, in order. A fault that ended
  /// the stream before and that nobody has read is thrown, once, instead of starting.
  virtual void start_stream(const StreamOptions& options) = 0;
  /// Cancels what is in flight; what has arrived can still be read.
  virtual void stop_stream() = 0;
  /// Moves received bytes to `into` and says how many: 0 = none came by the timeout, or the stream is stopped and empty. A loss, or a fault
  /// that ends the stream, is thrown only after the bytes that came before it have been read; what came behind the gap is discarded.
  virtual std::size_t read_stream(std::span<std::byte> into, Milliseconds timeout) = 0;

  /// Lets go of the device; idempotent.
  virtual void close() noexcept = 0;
};

}  // namespace spikeloop::firmware
