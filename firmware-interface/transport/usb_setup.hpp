// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

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

/// bmRequestType: direction, kind and recipient.
inline constexpr std::uint8_t kStandardIn = 0x80, kStandardOut = 0x00, kVendorIn = 0xC0, kVendorOut = 0x40;

/// bRequest of the standard requests we send or answer (USB 2.0, table 9-4).
enum class StandardRequest : std::uint8_t {
  kGetStatus = 0,
  kClearFeature = 1,
  kGetDescriptor = 6,
  kGetConfiguration = 8,
  kSetConfiguration = 9,
  kGetInterface = 10,
  kSetInterface = 11,
};

/// High byte of the value of GET_DESCRIPTOR (USB 2.0, table 9-5).
enum class DescriptorType : std::uint8_t { kDevice = 1, kConfiguration = 2, kString = 3, kInterface = 4, kEndpoint = 5 };

/// GET_DESCRIPTOR as a setup; the only language of strings is US English.
UsbSetup get_descriptor(DescriptorType type, std::uint8_t index, std::uint16_t length);

}  // namespace spikeloop::firmware
