// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "firmware-interface/virtual_board/usb_device.hpp"

struct _UMockdevTestbed;

/// A UsbDevice as a file of usbfs, which unmodified libusb opens: umockdev redirects /sys, /dev and udev, and hands us the ioctls.
/// The program must run under umockdev-wrapper.
namespace spikeloop::firmware {

/// The faked system. Made before the first libusb context and destroyed after the last. One at a time.
class UsbfsBed {
 public:
  /// Throws if the program does not run under umockdev-wrapper.
  UsbfsBed();
  ~UsbfsBed();
  UsbfsBed(const UsbfsBed&) = delete;
  UsbfsBed& operator=(const UsbfsBed&) = delete;

  _UMockdevTestbed* native() const { return bed_; }
  /// Where the files of the faked system really are.
  const std::string& root() const { return root_; }
  /// A device number that no device has had of late.
  int next_number() { return number_ = number_ == 127 ? 2 : number_ + 1; }

 private:
  _UMockdevTestbed* bed_;
  std::string root_;
  int number_ = 1;  // of the root hub
};

/// How the transfers of the program under test are reached: in place, if it is this process, or by copies, if it may be another.
enum class UsbfsMemory { in_place, copied };

struct UsbfsOptions {
  int bus = 1;
  std::string port = "1";          ///< the bus id is then "1-1"
  std::uint8_t configuration = 1;  ///< active when plugged in; 0 = none
  bool kernel_strings = true;      ///< the system tells serial and names without opening the device
  UsbfsMemory memory = UsbfsMemory::in_place;
};

/// What the program under test asked of the device's file, over all plugs.
struct UsbfsCounts {
  std::size_t ioctls = 0, submits = 0, discards = 0, clear_halts = 0, configurations = 0;
  std::size_t idle_reaps = 0;  ///< asked for a finished transfer when there was none
};

/// A socket of the bus with one device that can be plugged in and out of it. The device is called under a lock; plug, unplug and
/// destruction are for one thread, and destruction comes after every open file is closed.
class UsbfsPort {
 public:
  UsbfsPort(UsbfsBed& bed, UsbDevice& device, UsbfsOptions options = {});
  ~UsbfsPort();
  UsbfsPort(const UsbfsPort&) = delete;
  UsbfsPort& operator=(const UsbfsPort&) = delete;

  /// Each plug gets a new device number, as from a kernel.
  void plug();
  /// Finished transfers can still be fetched, those in flight end with ESHUTDOWN, and every later ioctl with ENODEV.
  void unplug();

  /// Calls `use` while nobody else uses the device, then answers the transfers that can be answered.
  void with_device(const std::function<void()>& use);

  /// The next transfer of an endpoint (0 = control) ends with -`error` (EPIPE, EOVERFLOW, EPROTO), or with 0 early, after `bytes` bytes.
  void fail_next(std::uint8_t endpoint, int error, std::size_t bytes = 0);
  /// Transfers of an endpoint are not answered while it is held.
  void hold(std::uint8_t endpoint, bool held);
  /// Cancelled transfers do not come back; those in flight do when it is turned off.
  void ignore_cancels(bool ignored);
  /// The file as the system under test knows it ("/dev/bus/usb/001/002"), of the latest plug.
  const std::string& node() const;

  UsbfsCounts counts() const;
  /// Transfers of an endpoint that wait for the device.
  std::size_t waiting(std::uint8_t endpoint) const;

 private:
  class Node;     // one plug
  struct Shared;  // what all plugs share
  UsbfsBed& bed_;
  std::shared_ptr<Shared> shared_;
  std::vector<std::shared_ptr<Node>> nodes_;  // the latest last; older ones may still be open
};

}  // namespace spikeloop::firmware
