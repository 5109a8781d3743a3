// SPDX-License-Identifier: Apache-2.0
#include "tests/firmware_usb/fake_board.hpp"

#include <algorithm>

#include "tests/firmware/counter_device.hpp"

namespace spikeloop::firmware {
FakeBoard::FakeBoard(const std::string& serial) {
  descriptors_.device = bytes_of({18, 1, 0x00, 0x02, 0xFF, 0, 0, 64, 0x2A, 0x15, 0x1D, 0x84, 0x03, 0x00, 1, 2, 3, 1});
  descriptors_.configurations = {bytes_of({9, 2, 25,      0, 1,    1,    0, 0x80, 50,  // configuration 1
                                           9, 4, 0,       0, 1,    0xFF, 0, 0,    0,   // interface 0
                                           7, 5, kStream, 2, 0x00, 0x02, 0})};
  descriptors_.strings = {"iniLabs", "Dynap-se", serial};
}

void FakeBoard::send(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto packet = bytes.first(std::min<std::size_t>(512, bytes.size()));
    packets_.emplace_back(packet.begin(), packet.end());
    bytes = bytes.subspan(packet.size());
  }
}

std::optional<std::vector<std::byte>> FakeBoard::control(const UsbSetup& setup, std::span<const std::byte> data) {
  if (setup.request_type == 0x40 && setup.request == kStore) {
    stored_.assign(data.begin(), data.end());
    return std::vector<std::byte>{};
  }
  if (setup.request_type == 0xC0 && setup.request == kLoad) {
    const auto n = std::min<std::size_t>(stored_.size(), setup.length);
    return std::vector<std::byte>(stored_.begin(), stored_.begin() + static_cast<std::ptrdiff_t>(n));
  }
  return std::nullopt;
}

std::size_t FakeBoard::bulk_in(std::uint8_t endpoint, std::span<std::byte> into) {
  if (endpoint != kStream || packets_.empty()) return 0;
  const std::vector<std::byte> packet = std::move(packets_.front());
  packets_.pop_front();
  std::copy_n(packet.begin(), std::min(packet.size(), into.size()), into.begin());
  return packet.size();
}

}  // namespace spikeloop::firmware
