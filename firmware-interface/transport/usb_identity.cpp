// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/usb_identity.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace spikeloop::firmware {
namespace {

constexpr std::size_t kDeviceDescriptorBytes = 18;
constexpr std::size_t kConfigurationHeadBytes = 9;

/// UTF-16 as text; what is not ASCII becomes a question mark.
std::string text_of(std::span<const std::byte> descriptor) {
  std::string text;
  if (descriptor.size() < 2) return text;
  const std::size_t end = std::min(descriptor.size(), std::to_integer<std::size_t>(descriptor[0]));
  for (std::size_t at = 2; at + 1 < end; at += 2) {
    const auto low = std::to_integer<unsigned char>(descriptor[at]);
    const bool ascii = descriptor[at + 1] == std::byte{0} && low >= 0x20 && low < 0x7F;
    text += ascii ? static_cast<char>(low) : '?';
  }
  return text;
}

std::string string_at(const ControlIn& control_in, std::byte index) {
  if (index == std::byte{0}) return {};
  try {
    return text_of(control_in(get_descriptor(DescriptorType::kString, std::to_integer<std::uint8_t>(index), 255)));
  } catch (const Stalled&) {
    return {};
  }
}

}  // namespace

DeviceIdentity read_identity(const ControlIn& control_in, std::string location) {
  const std::vector<std::byte> d = control_in(get_descriptor(DescriptorType::kDevice, 0, kDeviceDescriptorBytes));
  if (d.size() != kDeviceDescriptorBytes || d[1] != static_cast<std::byte>(DescriptorType::kDevice))
    throw ProtocolFault(fmt::format("{}: the device descriptor is none ({} bytes)", location, d.size()));
  const auto word = [&](std::size_t at) {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(d[at]) | std::to_integer<unsigned>(d[at + 1]) << 8);
  };
  DeviceIdentity identity;
  identity.vendor = word(8);
  identity.product = word(10);
  identity.version = word(12);
  identity.manufacturer = string_at(control_in, d[14]);
  identity.product_name = string_at(control_in, d[15]);
  identity.serial = string_at(control_in, d[16]);
  identity.location = std::move(location);
  return identity;
}

UsbSetup first_configuration(const ControlIn& control_in, const std::string& location) {
  const auto head = control_in(get_descriptor(DescriptorType::kConfiguration, 0, kConfigurationHeadBytes));
  if (head.size() < kConfigurationHeadBytes)
    throw ProtocolFault(fmt::format("{}: the configuration descriptor is none ({} bytes)", location, head.size()));
  return {kStandardOut, static_cast<std::uint8_t>(StandardRequest::kSetConfiguration), std::to_integer<std::uint8_t>(head[5]), 0, 0};
}

}  // namespace spikeloop::firmware
