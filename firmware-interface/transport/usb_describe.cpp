// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/usb_describe.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "firmware-interface/transport/usb_errors.hpp"

namespace spikeloop::firmware {
namespace {

std::string sysfs_directory(libusb_device* device) { return "/sys/bus/usb/devices/" + usb_location(device); }

std::string first_line(const std::string& file) {
  std::string line;
  std::getline(std::ifstream(file), line);
  return line;
}

libusb_device_descriptor descriptor_of(libusb_device* device) {
  libusb_device_descriptor descriptor{};
  libusb().get_device_descriptor(device, &descriptor);  // cached by libusb: cannot fail
  return descriptor;
}

}  // namespace

std::vector<UsbDeviceRef> find_usb(libusb_context* context, std::uint16_t vendor, std::uint16_t product) {
  libusb_device** list = nullptr;
  const auto n = libusb().get_device_list(context, &list);
  if (n < 0) throw_usb_error(static_cast<int>(n), "list USB devices");
  std::vector<UsbDeviceRef> found;
  for (auto i = 0; i < n; ++i) {
    const libusb_device_descriptor d = descriptor_of(list[i]);
    if (d.idVendor == vendor && d.idProduct == product) found.emplace_back(libusb().ref_device(list[i]), libusb().unref_device);
  }
  libusb().free_device_list(list, /*unref_devices=*/1);
  return found;
}

std::string usb_location(libusb_device* device) {
  std::array<std::uint8_t, 7> ports{};  // the deepest that USB allows
  const int n = libusb().get_port_numbers(device, ports.data(), static_cast<int>(ports.size()));
  if (n <= 0) return fmt::format("usb{}", libusb().get_bus_number(device));
  return fmt::format("{}-{}", libusb().get_bus_number(device), fmt::join(ports.begin(), ports.begin() + n, "."));
}

std::string usb_node(libusb_device* device) {
  return fmt::format("/dev/bus/usb/{:03}/{:03}", libusb().get_bus_number(device), libusb().get_device_address(device));
}

DeviceIdentity usb_identity(libusb_device* device) {
  const libusb_device_descriptor d = descriptor_of(device);
  const std::string sysfs = sysfs_directory(device);
  return {d.idVendor,
          d.idProduct,
          d.bcdDevice,
          first_line(sysfs + "/manufacturer"),
          first_line(sysfs + "/product"),
          first_line(sysfs + "/serial"),
          usb_location(device)};
}

UsbHandle open_usb_device(libusb_device* device) {
  libusb_device_handle* opened = nullptr;
  if (const int code = libusb().open(device, &opened); code != 0) throw_usb_error(code, "open " + usb_name(usb_identity(device)));
  return {opened, libusb().close};
}

void read_usb_strings(libusb_device_handle* handle, DeviceIdentity& identity) {
  const libusb_device_descriptor d = descriptor_of(libusb().get_device(handle));
  const auto read = [&](std::uint8_t index, std::string& into) {
    std::array<unsigned char, 256> text{};
    if (index == 0) return;
    const int n = libusb().get_string_descriptor_ascii(handle, index, text.data(), static_cast<int>(text.size()));  // at most two seconds
    if (n > 0) into.assign(text.begin(), text.begin() + n);
  };
  read(d.iManufacturer, identity.manufacturer);
  read(d.iProduct, identity.product_name);
  read(d.iSerialNumber, identity.serial);
}

bool usb_is_claimed(libusb_device* device) {
  const std::string sysfs = sysfs_directory(device);
  const std::string interface = fmt::format("{}/{}:{}.0", sysfs, usb_location(device), first_line(sysfs + "/bConfigurationValue"));
  std::error_code none;
  return std::filesystem::read_symlink(interface + "/driver", none).filename() == "usbfs";
}

std::string usb_name(const DeviceIdentity& id) {
  const std::string kind = id.product_name.empty() ? fmt::format("USB device {:04x}:{:04x}", id.vendor, id.product) : id.product_name;
  return fmt::format("{}{}{} at {}", kind, id.serial.empty() ? "" : " ", id.serial, id.location);
}

}  // namespace spikeloop::firmware
