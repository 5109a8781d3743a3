// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/usb_context.hpp"

#include <algorithm>

#include "firmware-interface/transport/libusb_api.hpp"
#include "firmware-interface/transport/usb_describe.hpp"
#include "firmware-interface/transport/usb_errors.hpp"
#include "firmware-interface/transport/usb_users.hpp"

namespace spikeloop::firmware {

struct UsbContext::Hotplug {
  static int LIBUSB_CALL changed(libusb_context*, libusb_device* device, libusb_hotplug_event event, void* data) {
    auto& context = *static_cast<UsbContext*>(data);
    const std::lock_guard lock(context.mutex_);
    UsbEvent told{event == LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED ? UsbChange::arrived : UsbChange::left, {}};
    if (told.change == UsbChange::arrived) {
      const auto [known, is_new] = context.present_.try_emplace(device, usb_identity(device));
      if (!is_new) return 0;  // libusb may tell of one that came while we were registering both by the list and as an event
      told.identity = known->second;
    } else {
      const auto known = context.present_.find(device);
      if (known == context.present_.end()) return 0;
      told.identity = known->second;
      context.present_.erase(known);
      context.left_.notify_all();
    }
    for (UsbWatch* watch : context.watches_) watch->add(told);
    return 0;
  }
};

UsbContext::UsbContext() {
  if (const int code = libusb().init(&context_); code != 0) {
    if (code == LIBUSB_ERROR_OTHER) {
      throw NotFound("this system has no USB (libusb finds no /dev/bus/usb)",
                     "In a container or virtual machine, pass the board through to it.");
    }
    throw_usb_error(code, "start libusb");
  }
  events_ = std::jthread([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      timeval limit{60, 0};  // ended early by libusb_interrupt_event_handler
      const int code = libusb().handle_events_timeout_completed(context_, &limit, nullptr);
      if (code != 0 && code != LIBUSB_ERROR_INTERRUPTED)
        std::this_thread::sleep_for(Milliseconds(10));  // do not spin on what fails at once
    }
  });
  const int code = libusb().hotplug_register_callback(context_, LIBUSB_HOTPLUG_EVENT_DEVICE_ARRIVED | LIBUSB_HOTPLUG_EVENT_DEVICE_LEFT,
                                                      LIBUSB_HOTPLUG_ENUMERATE, LIBUSB_HOTPLUG_MATCH_ANY, LIBUSB_HOTPLUG_MATCH_ANY,
                                                      LIBUSB_HOTPLUG_MATCH_ANY, &Hotplug::changed, this, nullptr);
  if (code != 0) {
    stop();
    throw_usb_error(code, "watch USB for devices that come and go");
  }
}

UsbContext::~UsbContext() { stop(); }

void UsbContext::stop() noexcept {
  events_.request_stop();
  libusb().interrupt_event_handler(context_);
  events_.join();
  libusb().exit(context_);
}

bool UsbContext::has_left(const libusb_device* device, Milliseconds timeout) {
  std::unique_lock lock(mutex_);
  return left_.wait_for(lock, timeout, [&] { return !present_.contains(device); });
}

UsbWatch::UsbWatch(std::shared_ptr<UsbContext> context, std::uint16_t vendor, std::uint16_t product)
    : context_(std::move(context)), vendor_(vendor), product_(product) {
  const std::lock_guard lock(context_->mutex_);
  for (const auto& [device, identity] : context_->present_) add({UsbChange::arrived, identity});
  context_->watches_.push_back(this);
}

UsbWatch::~UsbWatch() {
  const std::lock_guard lock(context_->mutex_);
  std::erase(context_->watches_, this);
}

void UsbWatch::add(const UsbEvent& event) {
  if (event.identity.vendor != vendor_ || event.identity.product != product_) return;
  events_.push_back(event);
  changed_.notify_all();
}

std::optional<UsbEvent> UsbWatch::next(Milliseconds timeout) {
  std::unique_lock lock(context_->mutex_);
  if (!changed_.wait_for(lock, timeout, [&] { return !events_.empty(); })) return std::nullopt;
  UsbEvent event = std::move(events_.front());
  events_.pop_front();
  return event;
}

namespace {

UsbListing describe(libusb_device* device) {
  UsbListing listing{usb_identity(device), UsbAccess::free, "", "", ""};
  const auto failed = [&](UsbAccess why, const DeviceFault& fault) {
    listing.access = why;
    listing.problem = fault.what();
    listing.advice = fault.advice();
  };
  try {
    {
      const UsbHandle handle = open_usb_device(device);
      read_usb_strings(handle.get(), listing.identity);
    }  // closed again, or we would find ourselves among its users
    if (!usb_is_claimed(device)) return listing;
    listing.users = users_of_file(usb_node(device));
    throw_usb_error(LIBUSB_ERROR_BUSY, "use " + usb_name(listing.identity), listing.users);
  } catch (const NoPermission& fault) {
    failed(UsbAccess::no_permission, fault);
  } catch (const Busy& fault) {
    failed(UsbAccess::in_use, fault);
  } catch (const DeviceFault& fault) {
    failed(UsbAccess::failed, fault);
  }
  return listing;
}

}  // namespace

std::vector<UsbListing> list_usb(UsbContext& context, std::uint16_t vendor, std::uint16_t product) {
  std::vector<UsbListing> listings;
  for (const UsbDeviceRef& device : find_usb(context.native(), vendor, product)) listings.push_back(describe(device.get()));
  std::sort(listings.begin(), listings.end(), [](const auto& a, const auto& b) { return a.identity.location < b.identity.location; });
  return listings;
}

}  // namespace spikeloop::firmware
