// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/usb_connection.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "firmware-interface/transport/checks.hpp"
#include "firmware-interface/transport/usb_errors.hpp"

namespace spikeloop::firmware {

class UsbConnection::Call {
 public:
  explicit Call(UsbConnection& owner) : owner_(owner) {  // with the mutex held
    owner_.require_usable();
    ++owner_.calls_;
  }
  ~Call() {
    --owner_.calls_;
    owner_.changed_.notify_all();
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

 private:
  UsbConnection& owner_;
};

UsbConnection::UsbConnection(std::shared_ptr<UsbContext> context, UsbHandle handle, DeviceIdentity identity, const UsbOptions& options)
    : context_(std::move(context)),
      identity_(std::move(identity)),
      name_(usb_name(identity_)),
      options_(options),
      handle_(std::move(handle)) {}

UsbConnection::~UsbConnection() { close(); }

void UsbConnection::require_usable() const {
  if (closing_) throw DeviceLost(name_ + " has been closed by this program");
  if (!lost_.empty()) throw DeviceLost(lost_, "Plug the board in again and open it anew.");
}

bool UsbConnection::wait(Lock& lock, Milliseconds timeout, const std::function<bool()>& until) {
  return changed_.wait_for(lock, bounded(timeout), until);
}

void UsbConnection::lose(const std::string& why) {
  if (lost_.empty()) lost_ = fmt::format("{} is lost: {}", name_, why);
  running_ = false;
  parked_.clear();
  changed_.notify_all();
}

// What a bus error turns out to be: transfers in flight fail with one when the cable is pulled, some time before the hub tells the system.
int UsbConnection::without_cable(Lock& lock, int code) {
  if (code != LIBUSB_ERROR_IO || handle_ == nullptr) return code;
  const libusb_device* device = libusb().get_device(handle_.get());
  lock.unlock();
  const bool left = context_->has_left(device, options_.unplug_grace);
  lock.lock();
  return left ? LIBUSB_ERROR_NO_DEVICE : code;
}

void UsbConnection::control_done(libusb_transfer* usb) {
  auto& transfer = *static_cast<Transfer*>(usb->user_data);
  const std::lock_guard lock(transfer.owner.mutex_);
  transfer.in_flight = false;
  transfer.owner.changed_.notify_all();
}

UsbConnection::Transfer& UsbConnection::new_control(bool is_in, ControlRequest r, std::size_t bytes) {
  check_control_size(bytes);
  controls_.remove_if([](const Transfer& t) { return !t.in_flight; });
  Transfer& transfer = controls_.emplace_back(*this);
  if (transfer.usb == nullptr) throw std::bad_alloc();
  transfer.buffer.resize(LIBUSB_CONTROL_SETUP_SIZE + bytes);
  libusb_fill_control_setup(transfer.buffer.data(), is_in ? 0xC0 : 0x40, r.request, r.value, r.index, static_cast<std::uint16_t>(bytes));
  libusb_fill_control_transfer(transfer.usb.get(), handle_.get(), transfer.buffer.data(), &control_done, &transfer, /*timeout=*/0);
  return transfer;
}

void UsbConnection::run_control(Lock& lock, Transfer& transfer, const std::string& doing, Milliseconds timeout) {
  int code = libusb().submit_transfer(transfer.usb.get());
  if (code == 0) {
    transfer.in_flight = true;
    if (!wait(lock, timeout, [&] { return !transfer.in_flight || closing_; })) libusb().cancel_transfer(transfer.usb.get());
    wait(lock, options_.cancel_grace, [&] { return !transfer.in_flight || closed_; });
    if (transfer.in_flight) lose("a cancelled transfer does not come back");
    code = transfer.in_flight ? LIBUSB_ERROR_NO_DEVICE : usb_error_of(transfer.usb->status);
  }
  if (code == 0) return;
  code = without_cable(lock, code);
  if (code == LIBUSB_ERROR_NO_DEVICE) lose("unplugged");
  require_usable();
  throw_usb_error(code, doing);
}

std::size_t UsbConnection::control(bool is_in, ControlRequest request, std::span<const std::byte> data, std::span<std::byte> into,
                                   Milliseconds timeout) {
  Lock lock(mutex_);
  const Call call(*this);
  Transfer& transfer = new_control(is_in, request, is_in ? into.size() : data.size());
  const std::span<unsigned char> payload = std::span(transfer.buffer).subspan(LIBUSB_CONTROL_SETUP_SIZE);
  std::transform(data.begin(), data.end(), payload.begin(), [](std::byte b) { return std::to_integer<unsigned char>(b); });
  const std::string doing = fmt::format("{} {} {} {}", is_in ? "read" : "send", describe(request), is_in ? "from" : "to", name_);
  run_control(lock, transfer, doing, timeout);
  const auto done = static_cast<std::size_t>(transfer.usb->actual_length);
  if (is_in) {
    std::transform(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(done), into.begin(),
                   [](unsigned char b) { return std::byte{b}; });
  } else if (done != data.size()) {
    throw ProtocolFault(fmt::format("cannot {}: it took {} of {} bytes", doing, done, data.size()));
  }
  return done;
}

void UsbConnection::control_out(ControlRequest request, std::span<const std::byte> data, Milliseconds timeout) {
  control(false, request, data, {}, timeout);
}

std::size_t UsbConnection::control_in(ControlRequest request, std::span<std::byte> into, Milliseconds timeout) {
  return control(true, request, {}, into, timeout);
}

void UsbConnection::close() noexcept {
  Lock lock(mutex_);
  if (closing_) {
    changed_.wait(lock, [&] { return closed_; });
    return;
  }
  closing_ = true;
  running_ = false;
  cancel_stream();
  const auto cancelled = [&] {
    return idle() && std::none_of(controls_.begin(), controls_.end(), [](const Transfer& t) { return t.in_flight; });
  };
  for (Transfer& transfer : controls_) {
    if (transfer.in_flight) libusb().cancel_transfer(transfer.usb.get());
  }
  changed_.notify_all();
  wait(lock, options_.cancel_grace, [&] { return cancelled() && calls_ == 0; });
  UsbHandle handle = std::move(handle_);
  lock.unlock();  // closing waits for the event thread, which may be in a callback of ours
  libusb().release_interface(handle.get(), 0);
  handle.reset();  // from here on libusb calls back no more, and what did not come back may be freed
  lock.lock();
  closed_ = true;
  changed_.notify_all();
  wait(lock, options_.cancel_grace, [&] { return calls_ == 0; });
}

UsbStreamCounts UsbConnection::stream_counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

}  // namespace spikeloop::firmware
