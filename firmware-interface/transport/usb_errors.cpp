// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/usb_errors.hpp"

#include <fmt/format.h>

#include "firmware-interface/transport/libusb_api.hpp"

namespace spikeloop::firmware {
namespace {

constexpr const char* kReplug = "Check cable and power, and plug the board in again.";

std::string busy_advice(const std::string& users) {
  return users.empty() ? "Another program has claimed the board: end it. `sudo lsof /dev/bus/usb/*/*` names it."
                       : fmt::format("End {}, or let it close the board.", users);
}

}  // namespace

std::string permission_advice() {
  return "Copy firmware-interface/udev/70-spikeloop.rules to /etc/udev/rules.d, run `sudo udevadm control --reload-rules && sudo udevadm "
         "trigger`, and plug the board in again.";
}

void throw_usb_error(int code, const std::string& doing, const std::string& users) {
  const auto what = [&](const char* why) { return fmt::format("cannot {}: {}", doing, why); };
  switch (code) {
    case LIBUSB_ERROR_ACCESS:
      throw NoPermission(what("permission denied"), permission_advice());
    case LIBUSB_ERROR_BUSY:
      throw Busy(users.empty() ? what("it is in use") : fmt::format("cannot {}: it is in use by {}", doing, users), busy_advice(users));
    case LIBUSB_ERROR_NO_DEVICE:
      throw DeviceLost(what("the device is gone"), kReplug);
    case LIBUSB_ERROR_NOT_FOUND:
      throw NotFound(what("the device has no such thing"), "This may be another kind of board, or one whose firmware has not started.");
    case LIBUSB_ERROR_TIMEOUT:
      throw TimedOut(what("no answer in time"), kReplug);
    case LIBUSB_ERROR_PIPE:
      throw Stalled(what("the device refused (stall)"), "The board's firmware does not know this request.");
    case LIBUSB_ERROR_OVERFLOW:
      throw ProtocolFault(what("the device sent more than was asked for"), kReplug);
    case LIBUSB_ERROR_IO:
      throw ProtocolFault(what("transmission error on the bus"), kReplug);
    case LIBUSB_ERROR_NO_MEM:
      throw DeviceFault(what("no memory for USB transfers"),
                        "Other programs use it up: raise /sys/module/usbcore/parameters/usbfs_memory_mb.");
    case LIBUSB_ERROR_NOT_SUPPORTED:
      throw DeviceFault(what("this system or its libusb cannot do it"), "Install libusb 1.0.26 or later.");
    case LIBUSB_ERROR_INTERRUPTED:
      throw DeviceFault(what("interrupted by a signal"), "Try again.");
    case LIBUSB_ERROR_INVALID_PARAM:
      throw DeviceFault(what("libusb found a wrong argument"), "This is a fault of the program: please report it.");
    default:
      throw DeviceFault(fmt::format("cannot {}: {} ({})", doing, libusb().error_name(code), code), kReplug);
  }
}

int usb_error_of(int transfer_status) {
  switch (transfer_status) {
    case LIBUSB_TRANSFER_COMPLETED:
      return LIBUSB_SUCCESS;
    case LIBUSB_TRANSFER_TIMED_OUT:
    case LIBUSB_TRANSFER_CANCELLED:
      return LIBUSB_ERROR_TIMEOUT;
    case LIBUSB_TRANSFER_STALL:
      return LIBUSB_ERROR_PIPE;
    case LIBUSB_TRANSFER_NO_DEVICE:
      return LIBUSB_ERROR_NO_DEVICE;
    case LIBUSB_TRANSFER_OVERFLOW:
      return LIBUSB_ERROR_OVERFLOW;
    default:
      return LIBUSB_ERROR_IO;
  }
}

}  // namespace spikeloop::firmware
