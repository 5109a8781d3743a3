// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace spikeloop::firmware {

/// The eight setup bytes of a control transfer, decoded.
struct UsbSetup {
  std::uint8_t request_type = 0, request = 0;
  std::uint16_t value = 0, index = 0, length = 0;
  bool is_in() const { return (request_type & 0x80) != 0; }
};
/// Little-endian, as on the wire.
UsbSetup decode_setup(std::span<const std::byte, 8> bytes);
std::array<std::byte, 8> encode_setup(const UsbSetup& setup);

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
/// GET_STATUS, CLEAR_FEATURE) are answered from the descriptors and `configuration`, which they change; all others go to the device.
std::optional<std::vector<std::byte>> answer_control(UsbDevice& device, std::uint8_t& configuration, const UsbSetup& setup,
                                                     std::span<const std::byte> data);

}  // namespace spikeloop::firmware
