// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace spikeloop::firmware {

/// How a kind of board presents itself on USB.
struct UsbBoardId {
  std::uint16_t vendor, product;
  std::string_view name;
};

/// The boards that we speak to; udev/70-spikeloop.rules gives their users access to the same ones.
inline constexpr std::array<UsbBoardId, 1> kUsbBoards = {{{0x152A, 0x841D, "DYNAP-SE1"}}};

}  // namespace spikeloop::firmware
