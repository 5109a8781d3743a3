// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "firmware-interface/virtual_board/usb_device.hpp"

namespace spikeloop::firmware {

/// Does what `answer_control` does, for the standard requests that libusb makes.
std::optional<std::vector<std::byte>> answer_any_control(UsbDevice& device, std::uint8_t& configuration, const UsbSetup& setup,
                                                         std::span<const std::byte> data);

}  // namespace spikeloop::firmware
