// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>

#include "firmware-interface/transport/byte_queue.hpp"
#include "firmware-interface/transport/libusb_api.hpp"
#include "firmware-interface/transport/usb_describe.hpp"
#include "firmware-interface/transport/usb_transport.hpp"

namespace spikeloop::firmware {

/// The UsbTransport over a claimed libusb handle. Only for the sources beside this header.
///
/// libusb is called with the mutex held, but for closing: no libusb call that we make under it waits for a callback, and callbacks, which
/// run in the context's event thread, take the mutex. Whoever waits does so for `changed_`, by a deadline.
class UsbConnection final : public UsbTransport {
 public:
  UsbConnection(std::shared_ptr<UsbContext> context, UsbHandle handle, DeviceIdentity identity, const UsbOptions& options);
  ~UsbConnection() override;

  const DeviceIdentity& identity() const override { return identity_; }
  void control_out(ControlRequest request, std::span<const std::byte> data, Milliseconds timeout) override;
  std::size_t control_in(ControlRequest request, std::span<std::byte> into, Milliseconds timeout) override;
  void start_stream(const StreamOptions& options) override;
  void stop_stream() override;
  std::size_t read_stream(std::span<std::byte> into, Milliseconds timeout) override;
  void close() noexcept override;
  UsbStreamCounts stream_counts() const override;

 private:
  using Lock = std::unique_lock<std::mutex>;
  using UsbTransfer = std::unique_ptr<libusb_transfer, decltype(&::libusb_free_transfer)>;
  struct Transfer {
    explicit Transfer(UsbConnection& of) : owner(of) {}
    UsbConnection& owner;
    std::vector<unsigned char> buffer;
    UsbTransfer usb{libusb().alloc_transfer(0), libusb().free_transfer};
    bool in_flight = false;
  };
  class Call;  // a call that has not ended keeps `close` from freeing what it uses

  static void LIBUSB_CALL control_done(libusb_transfer* usb);
  static void LIBUSB_CALL stream_done(libusb_transfer* usb);

  void require_usable() const;
  bool wait(Lock& lock, Milliseconds timeout, const std::function<bool()>& until);
  void lose(const std::string& why);
  int without_cable(Lock& lock, int code);

  std::size_t control(bool is_in, ControlRequest request, std::span<const std::byte> data, std::span<std::byte> into, Milliseconds timeout);
  Transfer& new_control(bool is_in, ControlRequest request, std::size_t bytes);
  void run_control(Lock& lock, Transfer& transfer, const std::string& doing, Milliseconds timeout);

  bool idle() const { return flying_.empty(); }
  void take_stream_bytes(const Transfer& transfer);
  void end_stream(int code);
  bool has_room() const { return queue_.size() + (flying_.size() + 1) * transfer_bytes_ <= queue_limit_; }
  void submit_or_park(Transfer& transfer);
  void resume_parked();
  void cancel_stream();
  void drain_stream(Lock& lock);
  void throw_stream_fault(Lock& lock);

  const std::shared_ptr<UsbContext> context_;
  const DeviceIdentity identity_;
  const std::string name_;
  const UsbOptions options_;

  mutable std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  UsbHandle handle_;
  unsigned calls_ = 0;
  bool closing_ = false, closed_ = false;
  std::string lost_;  // why; empty = it is there

  std::list<Transfer> controls_;  // of the call that waits, and such as were given up

  std::list<Transfer> stream_;
  std::deque<Transfer*> flying_, parked_;  // submitted, oldest first; held back because the queue is full
  std::size_t transfer_bytes_ = 0;
  std::uint8_t endpoint_ = 0;
  bool running_ = false, halted_ = false;
  int stream_fault_ = 0;  // the libusb_error that ended the stream, until it is thrown
  ByteQueue queue_;
  std::size_t queue_limit_ = 0;
  UsbStreamCounts counts_;
};

}  // namespace spikeloop::firmware
