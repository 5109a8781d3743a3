// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/virtual_board/usb_device.hpp"

#include <algorithm>

namespace spikeloop::firmware {
namespace {

using Bytes = std::vector<std::byte>;
using Answer = std::optional<Bytes>;

constexpr std::size_t kMaxStringLength = 126;  // a descriptor's length is one byte: 2 + 2 * 126 = 254

std::uint8_t octet(std::span<const std::byte> bytes, std::size_t at) {
  return at < bytes.size() ? std::to_integer<std::uint8_t>(bytes[at]) : std::uint8_t{0};
}

Bytes two_bytes(unsigned low, unsigned high) { return {static_cast<std::byte>(low), static_cast<std::byte>(high)}; }

Bytes string_descriptor(const std::string& text) {
  const std::size_t length = std::min(text.size(), kMaxStringLength);
  Bytes bytes = two_bytes(static_cast<unsigned>(2 + 2 * length), static_cast<unsigned>(DescriptorType::kString));
  for (const char c : text.substr(0, length)) {
    bytes.push_back(static_cast<std::byte>(c));
    bytes.push_back(std::byte{0});
  }
  return bytes;
}

Answer descriptor(const UsbDescriptors& all, std::uint8_t type, std::uint8_t index) {
  switch (static_cast<DescriptorType>(type)) {
    case DescriptorType::kDevice:
      return index == 0 ? Answer(all.device) : std::nullopt;
    case DescriptorType::kConfiguration:
      return index < all.configurations.size() ? Answer(all.configurations[index]) : std::nullopt;
    case DescriptorType::kString:
      if (index == 0 && !all.strings.empty()) return Bytes{std::byte{4}, std::byte{3}, std::byte{0x09}, std::byte{0x04}};
      return index != 0 && index <= all.strings.size() ? Answer(string_descriptor(all.strings[index - 1U])) : std::nullopt;
    default:
      return std::nullopt;
  }
}

/// The chosen configuration's descriptors; empty before one is chosen.
std::span<const std::byte> chosen(const UsbDescriptors& all, std::uint8_t configuration) {
  for (const Bytes& one : all.configurations)
    if (configuration != 0 && octet(one, 5) == configuration) return one;
  return {};
}

/// True if the configuration holds a descriptor of this type whose third byte (interface number, endpoint address) is `id`.
bool holds(std::span<const std::byte> configuration, DescriptorType type, std::uint8_t id) {
  for (std::size_t at = 0; at + 2 < configuration.size() && octet(configuration, at) >= 2; at += octet(configuration, at))
    if (octet(configuration, at + 1) == static_cast<std::uint8_t>(type) && octet(configuration, at + 2) == id) return true;
  return false;
}

Answer set_configuration(UsbDevice& device, std::uint8_t& configuration, std::uint16_t value) {
  if (value > 0xFF) return std::nullopt;
  const auto wanted = static_cast<std::uint8_t>(value);
  if (wanted != 0 && chosen(device.descriptors(), wanted).empty()) return std::nullopt;
  configuration = wanted;
  device.configured(wanted);
  return Bytes{};
}

/// Does the recipient of a standard request (device, interface, endpoint) exist?
bool has_recipient(std::span<const std::byte> configuration, const UsbSetup& setup) {
  const auto id = static_cast<std::uint8_t>(setup.index);
  switch (setup.request_type & 0x1F) {
    case 0:
      return true;
    case 1:
      return holds(configuration, DescriptorType::kInterface, id);
    case 2:
      return (id & 0x7F) == 0 || holds(configuration, DescriptorType::kEndpoint, id);
    default:
      return false;
  }
}

/// What is not answered here stalls, as it does on a device.
Answer standard(UsbDevice& device, std::uint8_t& configuration, const UsbSetup& setup) {
  const UsbDescriptors& all = device.descriptors();
  const std::span<const std::byte> now = chosen(all, configuration);
  const unsigned recipient = setup.request_type & 0x1F;
  if (!has_recipient(now, setup)) return std::nullopt;
  const unsigned key = static_cast<unsigned>(setup.is_in()) << 8 | setup.request;
  constexpr unsigned kIn = 0x100;
  const auto is = [&](unsigned direction, StandardRequest request) { return key == (direction | static_cast<unsigned>(request)); };

  if (is(kIn, StandardRequest::kGetStatus)) return two_bytes(recipient == 0 ? octet(now, 7) >> 6 & 1 : 0, 0);             // self-powered
  if (is(0, StandardRequest::kClearFeature)) return recipient == 2 && setup.value == 0 ? Answer(Bytes{}) : std::nullopt;  // ENDPOINT_HALT
  if (recipient == 0) {
    if (is(kIn, StandardRequest::kGetDescriptor))
      return descriptor(all, static_cast<std::uint8_t>(setup.value >> 8), static_cast<std::uint8_t>(setup.value));
    if (is(kIn, StandardRequest::kGetConfiguration)) return Bytes{static_cast<std::byte>(configuration)};
    if (is(0, StandardRequest::kSetConfiguration)) return set_configuration(device, configuration, setup.value);
  }
  if (recipient == 1) {  // our devices have no alternate settings
    if (is(kIn, StandardRequest::kGetInterface)) return Bytes{std::byte{0}};
    if (is(0, StandardRequest::kSetInterface)) return setup.value == 0 ? Answer(Bytes{}) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<std::byte>> answer_control(UsbDevice& device, std::uint8_t& configuration, const UsbSetup& setup,
                                                     std::span<const std::byte> data) {
  const bool is_standard = (setup.request_type & 0x60) == 0;
  Answer answer = is_standard ? standard(device, configuration, setup) : device.control(setup, data);
  if (answer && answer->size() > setup.length) answer->resize(setup.length);
  return answer;
}

}  // namespace spikeloop::firmware
