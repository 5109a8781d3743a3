// SPDX-License-Identifier: Apache-2.0
#include "tests/firmware_usb/standard_requests.hpp"

#include <algorithm>

namespace spikeloop::firmware {
namespace {

using Answer = std::optional<std::vector<std::byte>>;

std::vector<std::byte> string_descriptor(const std::string& text) {
  std::vector<std::byte> bytes = {std::byte(2 + 2 * text.size()), std::byte{3}};
  for (const char c : text) {
    bytes.push_back(static_cast<std::byte>(c));
    bytes.push_back(std::byte{0});
  }
  return bytes;
}

Answer descriptor(const UsbDescriptors& all, unsigned type, unsigned index) {
  if (type == 1) return all.device;
  if (type == 2 && index < all.configurations.size()) return all.configurations[index];
  if (type == 3 && index == 0) return std::vector<std::byte>{std::byte{4}, std::byte{3}, std::byte{0x09}, std::byte{0x04}};
  if (type == 3 && index <= all.strings.size()) return string_descriptor(all.strings[index - 1]);
  return std::nullopt;
}

}  // namespace

Answer answer_any_control(UsbDevice& device, std::uint8_t& configuration, const UsbSetup& s, std::span<const std::byte> data) {
  constexpr unsigned kGetStatus = 0, kGetDescriptor = 6, kGetConfiguration = 8, kSetConfiguration = 9;
  if ((s.request_type & 0x60) != 0) return device.control(s, data);
  Answer answer;
  if (s.request == kGetStatus) answer = std::vector<std::byte>(2);
  if (s.request == kGetDescriptor) answer = descriptor(device.descriptors(), s.value >> 8, s.value & 0xFF);
  if (s.request == kGetConfiguration) answer = std::vector<std::byte>{std::byte{configuration}};
  if (s.request == kSetConfiguration) {
    configuration = static_cast<std::uint8_t>(s.value);
    device.configured(configuration);
    answer.emplace();
  }
  if (answer) answer->resize(std::min<std::size_t>(answer->size(), s.length));
  return answer;
}

}  // namespace spikeloop::firmware
