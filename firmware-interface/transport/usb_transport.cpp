// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/usb_transport.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "firmware-interface/transport/usb_connection.hpp"
#include "firmware-interface/transport/usb_errors.hpp"
#include "firmware-interface/transport/usb_users.hpp"

namespace spikeloop::firmware {
namespace {

struct Candidate {
  UsbDeviceRef device;
  DeviceIdentity identity;
};

// The serial as the kernel knows it; where it knows none, the device is asked, if it can be opened.
DeviceIdentity identify(libusb_device* device) {
  DeviceIdentity identity = usb_identity(device);
  if (!identity.serial.empty()) return identity;
  try {
    read_usb_strings(open_usb_device(device).get(), identity);
  } catch (const DeviceFault&) {  // it can still be chosen by its bus id
  }
  return identity;
}

std::string list_of(const std::vector<Candidate>& candidates) {
  std::string list;
  for (const Candidate& c : candidates) list += (list.empty() ? "" : ", ") + usb_name(c.identity);
  return list;
}

Candidate choose(libusb_context* context, const UsbSelector& wanted) {
  std::vector<Candidate> all;
  for (UsbDeviceRef& device : find_usb(context, wanted.vendor, wanted.product)) {
    DeviceIdentity identity = identify(device.get());
    all.push_back({std::move(device), std::move(identity)});
  }
  const std::string kind = fmt::format("{:04x}:{:04x}", wanted.vendor, wanted.product);
  if (all.empty())
    throw NotFound(fmt::format("no device {} on USB", kind), "Is the board plugged in and powered? `lsusb` lists what the system sees.");
  if (wanted.which.empty()) {
    if (all.size() > 1)
      throw NotFound(fmt::format("more than one device {} on USB: {}", kind, list_of(all)), "Name one by its serial or its bus id.");
    return std::move(all.front());
  }
  const auto found = std::find_if(
      all.begin(), all.end(), [&](const Candidate& c) { return c.identity.serial == wanted.which || c.identity.location == wanted.which; });
  if (found == all.end())
    throw NotFound(fmt::format("no device {} with serial or bus id '{}' on USB", kind, wanted.which), "There is: " + list_of(all) + ".");
  return std::move(*found);
}

void claim(libusb_device_handle* handle, const std::string& name) {
  const auto check = [&](int code, const char* doing) {
    if (code != 0)
      throw_usb_error(code, fmt::format("{} {}", doing, name),
                      code == LIBUSB_ERROR_BUSY ? users_of_file(usb_node(libusb().get_device(handle)), 1) : "");  // `handle` is one
  };
  int configuration = 0;
  check(libusb().get_configuration(handle, &configuration), "read the configuration of");
  if (configuration != 1) check(libusb().set_configuration(handle, 1), "configure");
  check(libusb().claim_interface(handle, 0), "claim");
}

}  // namespace

std::unique_ptr<UsbTransport> open_usb(std::shared_ptr<UsbContext> context, const UsbSelector& selector, const UsbOptions& options) {
  Candidate chosen = choose(context->native(), selector);
  UsbHandle handle = open_usb_device(chosen.device.get());
  read_usb_strings(handle.get(), chosen.identity);
  claim(handle.get(), usb_name(chosen.identity));
  return std::make_unique<UsbConnection>(std::move(context), std::move(handle), std::move(chosen.identity), options);
}

}  // namespace spikeloop::firmware
