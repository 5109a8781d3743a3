// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "firmware-interface/transport/transport.hpp"

struct libusb_context;
struct libusb_device;

namespace spikeloop::firmware {

/// The file that libusb is in, unless a test names another.
inline constexpr const char* kLibusb = "libusb-1.0.so.0";

class UsbWatch;

/// One libusb context with the one thread that handles its events. Thread-safe; outlives what was opened through it.
class UsbContext {
 public:
  /// Throws NotFound where the system has no USB at all, LibraryMissing without libusb, DeviceFault where it does not start.
  UsbContext();
  ~UsbContext();
  UsbContext(const UsbContext&) = delete;
  UsbContext& operator=(const UsbContext&) = delete;

  libusb_context* native() const { return context_; }

  /// True as soon as the system says that a device is unplugged; false if it does not by the timeout.
  bool has_left(const libusb_device* device, Milliseconds timeout);

 private:
  friend class UsbWatch;
  struct Hotplug;  // receives libusb's callbacks
  void stop() noexcept;

  libusb_context* context_ = nullptr;
  std::mutex mutex_;  // guards the two below
  std::condition_variable left_;
  std::map<const libusb_device*, DeviceIdentity> present_;  // without strings that can be had only by opening
  std::vector<UsbWatch*> watches_;
  std::jthread events_;
};

/// What happened to a device on the bus.
enum class UsbChange { arrived, left };

/// A device came or went; its serial and names are those that the system knows without opening it.
struct UsbEvent {
  UsbChange change;
  DeviceIdentity identity;
};

/// The comings and goings of one kind of device, as a queue, so that whoever reads it may open and close devices as it likes (a libusb
/// callback may not). Devices that are there already arrive first.
class UsbWatch {
 public:
  UsbWatch(std::shared_ptr<UsbContext> context, std::uint16_t vendor, std::uint16_t product);
  ~UsbWatch();
  UsbWatch(const UsbWatch&) = delete;
  UsbWatch& operator=(const UsbWatch&) = delete;

  /// The next change, or nothing if there was none by the timeout.
  std::optional<UsbEvent> next(Milliseconds timeout);

 private:
  friend struct UsbContext::Hotplug;
  void add(const UsbEvent& event);  // with the context's mutex held

  std::shared_ptr<UsbContext> context_;
  std::uint16_t vendor_, product_;
  std::condition_variable changed_;
  std::deque<UsbEvent> events_;  // guarded by the context's mutex
};

/// Whether this program could have a device, and if not, why.
enum class UsbAccess { free, in_use, no_permission, failed };

/// A device on the bus, and whether we could have it.
struct UsbListing {
  DeviceIdentity identity;
  UsbAccess access = UsbAccess::free;
  std::string problem, advice;  ///< empty if it is free
  std::string users;            ///< who has it open, as far as this user may see: "caer-bin (process 12)"
};

/// All devices of one kind that are plugged in, also those that cannot be opened, in the order of their bus ids. Claims nothing, so it
/// disturbs no other program. Throws only where the bus cannot be listed at all.
std::vector<UsbListing> list_usb(UsbContext& context, std::uint16_t vendor, std::uint16_t product);

}  // namespace spikeloop::firmware
