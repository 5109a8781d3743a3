// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "firmware-interface/transport/libusb_api.hpp"
#include "firmware-interface/transport/transport.hpp"

/// What is asked of a libusb device before it is a Transport. Only for the sources beside this header.
namespace spikeloop::firmware {

using UsbDeviceRef = std::unique_ptr<libusb_device, decltype(&::libusb_unref_device)>;
using UsbHandle = std::unique_ptr<libusb_device_handle, decltype(&::libusb_close)>;

/// All plugged devices of one kind; throws where libusb cannot list.
std::vector<UsbDeviceRef> find_usb(libusb_context* context, std::uint16_t vendor, std::uint16_t product);

/// The bus id as Linux writes it: bus, ports on the way to the device, as "1-2.4".
std::string usb_location(libusb_device* device);

/// The device's file, as /dev/bus/usb/001/002.
std::string usb_node(libusb_device* device);

/// Everything that is known of a device without opening it: strings are those that the kernel read when it was plugged in.
DeviceIdentity usb_identity(libusb_device* device);

/// Opens a device without claiming it; throws the fault that keeps us from it.
UsbHandle open_usb_device(libusb_device* device);

/// Replaces the strings by those that the opened device itself gives; where it gives none the old ones stay.
void read_usb_strings(libusb_device_handle* handle, DeviceIdentity& identity);

/// True if a program, of whatever user, has claimed interface 0.
bool usb_is_claimed(libusb_device* device);

/// How a message names a device: "Dynap-se 00000008 at 1-2".
std::string usb_name(const DeviceIdentity& identity);

}  // namespace spikeloop::firmware
