// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "firmware-interface/transport/errors.hpp"

namespace spikeloop::firmware {

/// What to do where the system does not let us open a board.
std::string permission_advice();

/// Throws the fault that a failed libusb call means. `code` is a libusb_error, `doing` what was tried on which device ("open board 1-2"),
/// `users` who has the device, if known ("caer-bin (process 12)").
[[noreturn]] void throw_usb_error(int code, const std::string& doing, const std::string& users = "");

/// The libusb_error that a libusb_transfer_status amounts to; a transfer that was cancelled ended by its deadline.
int usb_error_of(int transfer_status);

}  // namespace spikeloop::firmware
