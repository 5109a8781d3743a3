// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/usb_setup.hpp"

namespace spikeloop::firmware {

UsbSetup decode_setup(std::span<const std::byte, 8> b) {
  const auto word = [&](std::size_t at) {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(b[at]) | std::to_integer<unsigned>(b[at + 1]) << 8);
  };
  return {std::to_integer<std::uint8_t>(b[0]), std::to_integer<std::uint8_t>(b[1]), word(2), word(4), word(6)};
}

std::array<std::byte, 8> encode_setup(const UsbSetup& s) {
  const auto low = [](std::uint16_t x) { return static_cast<std::byte>(x & 0xFF); };
  const auto high = [](std::uint16_t x) { return static_cast<std::byte>(x >> 8); };
  return {std::byte{s.request_type},
          std::byte{s.request},
          low(s.value),
          high(s.value),
          low(s.index),
          high(s.index),
          low(s.length),
          high(s.length)};
}

UsbSetup get_descriptor(DescriptorType type, std::uint8_t index, std::uint16_t length) {
  constexpr std::uint16_t kUsEnglish = 0x0409;
  return {kStandardIn, static_cast<std::uint8_t>(StandardRequest::kGetDescriptor),
          static_cast<std::uint16_t>(static_cast<unsigned>(type) << 8 | index),
          type == DescriptorType::kString && index != 0 ? kUsEnglish : std::uint16_t{0}, length};
}

}  // namespace spikeloop::firmware
