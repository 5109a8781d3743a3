// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/usbdevice_fs.h>
#include <umockdev.h>

#include <list>
#include <map>
#include <mutex>
#include <set>

#include "tests/firmware_usb/usbfs.hpp"

namespace spikeloop::firmware {

struct UsbfsPort::Shared {
  struct Fault {
    int error;
    std::size_t bytes;
  };
  Shared(UsbDevice& served, UsbfsOptions chosen) : device(served), options(std::move(chosen)) {}

  UsbDevice& device;
  const UsbfsOptions options;
  mutable std::mutex mutex;  // guards all below, the device and the nodes
  std::map<std::uint8_t, std::list<Fault>> faults;
  std::map<std::uint8_t, bool> held;
  bool cancels_ignored = false;
  UsbfsCounts counts;
};

/// One plugged-in device: its file, its part of sysfs, and its transfers (URBs). Members but for plug and unplug want the mutex held.
///
/// libusb polls the file for POLLOUT and then fetches what has finished. A regular file, as umockdev makes it, is always ready, and
/// libusb's thread would spin. The file is therefore a pseudo-terminal, whose output is stopped while there is nothing to fetch; closing
/// its other end makes poll say POLLERR, as usbfs does when the device is gone.
class UsbfsPort::Node : public std::enable_shared_from_this<Node> {
 public:
  Node(const UsbfsBed& bed, std::shared_ptr<Shared> shared, int number);
  ~Node();
  void plug();
  void unplug();
  /// Lets go of what keeps this object alive; an open file's next ioctl would end the program, so not before all are closed.
  void dispose();
  void serve();
  void finish_cancelled();
  bool gone() const { return gone_; }
  const std::string& file() const { return file_; }
  std::size_t waiting(std::uint8_t endpoint) const;

 private:
  struct Urb {
    UMockdevIoctlClient* owner;  // URBs belong to one open file
    unsigned long address;       // in the program under test
    usbdevfs_urb* urb;           // reached from here
    std::byte* buffer;
    UMockdevIoctlData* copy;  // null if in place
    std::size_t done = 0;
    bool cancelled = false;
  };
  using Urbs = std::list<Urb>;

  static gboolean on_ioctl(UMockdevIoctlBase*, UMockdevIoctlClient* client, std::shared_ptr<Node>* self);
  static void on_closed(gpointer self, GObject* client);
  void watch(UMockdevIoctlClient* client);

  std::string sysfs() const;
  std::string description() const;
  void make_file();
  void set_ready(bool ready);

  int answer(UMockdevIoctlClient* client, unsigned long request, UMockdevIoctlData* argument);
  int submit(UMockdevIoctlClient* client, UMockdevIoctlData* argument);
  int reap(UMockdevIoctlClient* client, UMockdevIoctlData* argument);
  int discard(UMockdevIoctlClient* client, UMockdevIoctlData* argument);
  int claim(UMockdevIoctlClient* client);
  void release(const UMockdevIoctlClient* client);
  int configure(const UMockdevIoctlClient* client, UMockdevIoctlData* argument);

  void finish(Urbs::iterator at, int status);
  bool fail(Urbs::iterator at);
  void serve_control(Urbs::iterator at);
  bool serve_bulk_in(Urbs::iterator at);

  const UsbfsBed& bed_;
  const std::shared_ptr<Shared> shared_;
  const int number_;
  const std::string name_, file_;  // "1-1", "/dev/bus/usb/001/002"
  UMockdevIoctlBase* handler_;
  std::set<const void*> clients_;  // open files
  UMockdevIoctlClient* claimed_by_ = nullptr;
  Urbs pending_, finished_;
  std::uint8_t configuration_;
  int terminal_ = -1, file_end_ = -1;
  bool gone_ = false, ready_ = true;
};

}  // namespace spikeloop::firmware
