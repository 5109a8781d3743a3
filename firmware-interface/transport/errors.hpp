// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

/// Conversations with neuromorphic boards: bytes and address-events, never a Network.
namespace spikeloop::firmware {

/// Base of everything that can go wrong between us and a device. `what()` says what happened, where and why; `advice()` what to do: never
/// empty, for where the thrower knows nothing better each kind of fault has an advice of its own.
class DeviceFault : public std::runtime_error {
 public:
  explicit DeviceFault(const std::string& what, const std::string& advice = "")
      : DeviceFault(what, advice, "Run `spikeloop doctor`: it looks for what is wrong, step by step.") {}
  const char* what() const noexcept override { return what_.c_str(); }
  const std::string& advice() const noexcept { return advice_; }
  /// Adds to `what()` what was going on, for the one who is handling the fault and throws it on.
  void add(const std::string& doing) { what_ += " (" + doing + ")"; }

 protected:
  DeviceFault(const std::string& what, const std::string& advice, const char* otherwise)
      : std::runtime_error(what), what_(what), advice_(advice.empty() ? otherwise : advice) {}

 private:
  std::string what_, advice_;
};

/// libusb is not installed, or is none that has what we need.
class LibraryMissing : public DeviceFault {
 public:
  explicit LibraryMissing(const std::string& what, const std::string& advice = "")
      : DeviceFault(what, advice, "Install libusb 1.0.26 or later (Debian and Ubuntu: `sudo apt install libusb-1.0-0`).") {}
};

/// No such device.
class NotFound : public DeviceFault {
 public:
  explicit NotFound(const std::string& what, const std::string& advice = "")
      : DeviceFault(what, advice, "`spikeloop boards [--usbip HOST:PORT]` lists the boards that there are.") {}
};

/// The device is there, and the system does not let us open it.
class NoPermission : public DeviceFault {
 public:
  explicit NoPermission(const std::string& what, const std::string& advice = "")
      : DeviceFault(what, advice, "`spikeloop doctor` says what the system needs to be told.") {}
};

/// Another program has it.
class Busy : public DeviceFault {
 public:
  explicit Busy(const std::string& what, const std::string& advice = "")
      : DeviceFault(what, advice, "End the program that uses it, perhaps on another machine.") {}
};

/// Another device, or another version of it, than we can talk to.
class WrongDevice : public DeviceFault {
 public:
  explicit WrongDevice(const std::string& what, const std::string& advice = "")
      : DeviceFault(what, advice, "Choose another device; `spikeloop boards` lists those that can be used.") {}
};

/// No answer before the deadline. The transfer is cancelled; the device can be used further.
class TimedOut : public DeviceFault {
 public:
  explicit TimedOut(const std::string& what, const std::string& advice = "")
      : DeviceFault(what, advice,
                    "Check cable, power and network, and try again; if it stays so, plug the board in again, or start its server again.") {}
};

/// The device refused the request (USB stall). It can be used further.
class Stalled : public DeviceFault {
 public:
  explicit Stalled(const std::string& what, const std::string& advice = "")
      : DeviceFault(what, advice, "The board's firmware does not know this: `spikeloop boards` shows its version.") {}
};

/// Unplugged, or the connection to it ended. Nothing but `close` makes sense from now on.
class DeviceLost : public DeviceFault {
 public:
  explicit DeviceLost(const std::string& what, const std::string& advice = "")
      : DeviceFault(what, advice, "Check cable, power and network, or start its server again; then open the board anew.") {}
};

/// The other end does not keep to the protocol: a short answer, a wrong length, a status that says so.
class ProtocolFault : public DeviceFault {
 public:
  explicit ProtocolFault(const std::string& what, const std::string& advice = "")
      : DeviceFault(what, advice,
                    "Plug the board in again, or start its server again; if it comes back, record it (`board probe --record FILE`) and "
                    "report it.") {}
};

}  // namespace spikeloop::firmware
