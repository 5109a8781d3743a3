// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "firmware-interface/transport/usb_setup.hpp"

namespace spikeloop::firmware {

/// What enumeration reads.
struct UsbDescriptors {
  std::vector<std::byte> device;                       ///< 18 bytes
  std::vector<std::vector<std::byte>> configurations;  ///< each whole: configuration, interface and endpoint descriptors
  std::vector<std::string> strings;                    ///< index 1 first; ASCII
};

/// A USB device as the host's bus sees it, without any transport: what is served in process, over USB/IP, and as a usbfs device is this.
/// Not thread-safe: whoever serves it calls from one thread at a time. Time is simulated and moves only in `advance`.
class UsbDevice {
 public:
  virtual ~UsbDevice() = default;
  virtual const UsbDescriptors& descriptors() const = 0;
  /// A vendor or class request (standard ones are answered by `answer_control`). For OUT `data` is what the host sent. Gives what an IN
  /// request answers, at most `setup.length` bytes (empty for OUT); nothing = stall.
  virtual std::optional<std::vector<std::byte>> control(const UsbSetup& setup, std::span<const std::byte> data) = 0;
  /// Takes up to `into.size()` bytes out of the endpoint's FIFO and says how many; 0 = nothing to send now (NAK), and the transfer waits.
  virtual std::size_t bulk_in(std::uint8_t endpoint, std::span<std::byte> into) = 0;
  /// True if `bulk_in` would give something now: a full packet, or an early one by the device's own clock.
  virtual bool bulk_ready(std::uint8_t endpoint) const = 0;
  /// Bulk OUT, for devices that have such an endpoint; false = stall.
  virtual bool bulk_out(std::uint8_t, std::span<const std::byte>) { return false; }
  /// The host has chosen a configuration, or reset the device.
  virtual void configured(std::uint8_t configuration) = 0;
  virtual void reset() = 0;
  /// Simulated time passes.
  virtual void advance(std::chrono::nanoseconds time) = 0;
};

/// Any control transfer: standard requests (GET_DESCRIPTOR of device, configuration and strings, GET/SET_CONFIGURATION, GET/SET_INTERFACE,
/// GET_STATUS, CLEAR_FEATURE) are answered from the descriptors and `configuration`, which they change; other standard ones stall. Vendor
/// and class requests go to the device. An answer is cut to `setup.length`.
std::optional<std::vector<std::byte>> answer_control(UsbDevice& device, std::uint8_t& configuration, const UsbSetup& setup,
                                                     std::span<const std::byte> data);

}  // namespace spikeloop::firmware
