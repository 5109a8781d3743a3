// SPDX-License-Identifier: Apache-2.0
// The bulk stream of UsbConnection. What is queued plus what the transfers in flight can bring never exceeds the queue, so nothing that
// arrives has to be dropped: a transfer for which there is no room is parked, and the device has to wait until somebody reads.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "firmware-interface/transport/checks.hpp"
#include "firmware-interface/transport/usb_connection.hpp"
#include "firmware-interface/transport/usb_errors.hpp"

namespace spikeloop::firmware {

void UsbConnection::start_stream(const StreamOptions& options) {
  check_stream_options(options);
  Lock lock(mutex_);
  require_usable();
  const int packet = libusb().get_max_packet_size(libusb().get_device(handle_.get()), options.endpoint);
  if (packet <= 0) throw_usb_error(packet, fmt::format("find endpoint {:#04x} of {}", options.endpoint, name_));
  running_ = false;  // a stream that runs goes on with the new options
  cancel_stream();
  drain_stream(lock);
  require_usable();
  throw_stream_fault(lock);  // of the last stream, if nobody has read so far
  if (halted_) libusb().clear_halt(handle_.get(), endpoint_);
  halted_ = false;
  endpoint_ = options.endpoint;
  // A transfer that no whole number of packets fills could be sent more than it can take.
  const auto whole = static_cast<std::size_t>(packet);
  transfer_bytes_ = (options.transfer_bytes + whole - 1) / whole * whole;
  queue_limit_ = std::max(options_.queue_bytes, options.transfers * transfer_bytes_);
  stream_.clear();
  running_ = true;
  for (std::size_t i = 0; i < options.transfers; ++i) {
    Transfer& transfer = stream_.emplace_back(*this);
    if (transfer.usb == nullptr) throw std::bad_alloc();
    transfer.buffer.resize(transfer_bytes_);
    libusb_fill_bulk_transfer(transfer.usb.get(), handle_.get(), endpoint_, transfer.buffer.data(), static_cast<int>(transfer_bytes_),
                              &stream_done, &transfer, /*timeout=*/0);
    submit_or_park(transfer);
  }
  require_usable();
  if (!running_) throw_stream_fault(lock);
}

void UsbConnection::stop_stream() {
  Lock lock(mutex_);
  require_usable();
  running_ = false;
  cancel_stream();
  drain_stream(lock);
  require_usable();
}

std::size_t UsbConnection::read_stream(std::span<std::byte> into, Milliseconds timeout) {
  Lock lock(mutex_);
  if (closing_) require_usable();
  if (into.empty()) return 0;
  // After a loss or a fault what came before it may still be on its way to us.
  const auto over = [&] { return !running_ && idle(); };
  wait(lock, timeout, [&] { return !queue_.empty() || closing_ || over(); });
  if (closing_) require_usable();
  if (!queue_.empty()) {
    const std::size_t n = queue_.pop(into);
    resume_parked();
    return n;
  }
  require_usable();
  if (over()) throw_stream_fault(lock);
  return 0;
}

void UsbConnection::throw_stream_fault(Lock& lock) {
  if (stream_fault_ == 0) return;
  const int code = without_cable(lock, std::exchange(stream_fault_, 0));
  if (code == LIBUSB_ERROR_NO_DEVICE) lose("unplugged");
  require_usable();
  throw_usb_error(code, fmt::format("read the stream of {}", name_));
}

void UsbConnection::stream_done(libusb_transfer* usb) {
  auto& transfer = *static_cast<Transfer*>(usb->user_data);
  UsbConnection& self = transfer.owner;
  const std::lock_guard lock(self.mutex_);
  transfer.in_flight = false;
  std::erase(self.flying_, &transfer);
  self.take_stream_bytes(transfer);
  switch (usb->status) {
    case LIBUSB_TRANSFER_COMPLETED:
      if (self.running_) self.submit_or_park(transfer);
      break;
    case LIBUSB_TRANSFER_CANCELLED:
      break;
    case LIBUSB_TRANSFER_NO_DEVICE:
      self.lose("unplugged");
      break;
    default:
      self.end_stream(usb_error_of(usb->status));
  }
  self.changed_.notify_all();
}

// A cancelled or failed transfer may have received something too.
void UsbConnection::take_stream_bytes(const Transfer& transfer) {
  const auto n = static_cast<std::size_t>(transfer.usb->actual_length);
  ++counts_.transfers;
  if (stream_fault_ != 0) {  // behind a gap
    counts_.discarded_bytes += n;
    return;
  }
  queue_.push(std::as_bytes(std::span(transfer.buffer).first(n)));
  counts_.bytes += n;
}

void UsbConnection::end_stream(int code) {
  if (stream_fault_ == 0) stream_fault_ = code;
  halted_ = halted_ || code == LIBUSB_ERROR_PIPE;
  running_ = false;
  cancel_stream();
}

void UsbConnection::submit_or_park(Transfer& transfer) {
  if (!running_) return;
  if (!has_room()) {
    ++counts_.pauses;
    parked_.push_back(&transfer);
    return;
  }
  switch (const int code = libusb().submit_transfer(transfer.usb.get()); code) {
    case LIBUSB_SUCCESS:
      transfer.in_flight = true;
      flying_.push_back(&transfer);
      break;
    case LIBUSB_ERROR_NO_DEVICE:
      lose("unplugged");
      break;
    default:
      end_stream(code);
  }
}

void UsbConnection::resume_parked() {
  for (std::size_t i = parked_.size(); i > 0 && !parked_.empty(); --i) {
    Transfer& transfer = *parked_.front();
    if (!has_room()) return;
    parked_.pop_front();
    submit_or_park(transfer);
  }
}

// The youngest first, so that none moves up to be the one that the device fills.
void UsbConnection::cancel_stream() {
  parked_.clear();
  for (auto at = flying_.rbegin(); at != flying_.rend(); ++at) libusb().cancel_transfer((*at)->usb.get());
}

void UsbConnection::drain_stream(Lock& lock) {
  ++calls_;
  const bool drained = wait(lock, options_.cancel_grace, [&] { return idle() || closed_; });
  --calls_;
  changed_.notify_all();
  if (!drained) lose("cancelled transfers do not come back");
}

}  // namespace spikeloop::firmware
