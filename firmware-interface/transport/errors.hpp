// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

/// Conversations with neuromorphic boards: bytes and address-events, never a Network.
namespace spikeloop::firmware {

/// Base of everything that can go wrong between us and a device. `what()` says what happened, where and why; `advice()` what to do.
class DeviceFault : public std::runtime_error {
 public:
  explicit DeviceFault(const std::string& what, std::string advice = "")
      : std::runtime_error(what), what_(what), advice_(std::move(advice)) {}
  const char* what() const noexcept override { return what_.c_str(); }
  const std::string& advice() const noexcept { return advice_; }
  /// Adds to `what()` what was going on, for the one who is handling the fault and throws it on.
  void add(const std::string& doing) { what_ += " (" + doing + ")"; }

 private:
  std::string what_, advice_;
};

/// No such device.
class NotFound : public DeviceFault {
 public:
  using DeviceFault::DeviceFault;
};

/// The device is there, and the system does not let us open it.
class NoPermission : public DeviceFault {
 public:
  using DeviceFault::DeviceFault;
};

/// Another program has it.
class Busy : public DeviceFault {
 public:
  using DeviceFault::DeviceFault;
};

/// Another device, or another version of it, than we can talk to.
class WrongDevice : public DeviceFault {
 public:
  using DeviceFault::DeviceFault;
};

/// No answer before the deadline. The transfer is cancelled; the device can be used further.
class TimedOut : public DeviceFault {
 public:
  using DeviceFault::DeviceFault;
};

/// The device refused the request (USB stall). It can be used further.
class Stalled : public DeviceFault {
 public:
  using DeviceFault::DeviceFault;
};

/// Unplugged, or the connection to it ended. Nothing but `close` makes sense from now on.
class DeviceLost : public DeviceFault {
 public:
  using DeviceFault::DeviceFault;
};

/// The other end does not keep to the protocol: a short answer, a wrong length, a status that says so.
class ProtocolFault : public DeviceFault {
 public:
  using DeviceFault::DeviceFault;
};

}  // namespace spikeloop::firmware
