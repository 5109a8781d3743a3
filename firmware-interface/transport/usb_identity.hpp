// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "firmware-interface/transport/transport.hpp"
#include "firmware-interface/transport/usb_setup.hpp"

namespace spikeloop::firmware {

/// One IN transfer on endpoint 0; may throw.
using ControlIn = std::function<std::vector<std::byte>(const UsbSetup&)>;

/// Asks one device for its descriptor and strings; a string that stalls is left empty.
/// Throws ProtocolFault if the device descriptor is none.
DeviceIdentity read_identity(const ControlIn& control_in, std::string location);

/// The SET_CONFIGURATION that an operating system sends to a device that was plugged in: of the first configuration.
UsbSetup first_configuration(const ControlIn& control_in, const std::string& location);

}  // namespace spikeloop::firmware
