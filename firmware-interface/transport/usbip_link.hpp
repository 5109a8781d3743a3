// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "firmware-interface/transport/byte_queue.hpp"
#include "firmware-interface/transport/frame_socket.hpp"
#include "firmware-interface/transport/transport.hpp"
#include "firmware-interface/transport/usb_setup.hpp"
#include "firmware-interface/transport/usbip_wire.hpp"

namespace spikeloop::firmware {

/// The URB phase of an imported device, with a thread that receives and sends. State is shared under one mutex; only the thread touches
/// the socket. Calls as in Transport.
class UsbipLink {
 public:
  UsbipLink(const usbip::Address& address, Milliseconds timeout, const Ask& ask);
  ~UsbipLink();
  UsbipLink(const UsbipLink&) = delete;
  UsbipLink& operator=(const UsbipLink&) = delete;

  /// After `ask` has thrown nothing but `close` makes sense.
  std::vector<std::byte> control(const UsbSetup& setup, std::span<const std::byte> data, Milliseconds timeout, const Ask& ask = nullptr);
  void start_stream(const StreamOptions& options);
  void stop_stream();
  std::size_t read_stream(std::span<std::byte> into, Milliseconds timeout);
  void close() noexcept;
  std::uint64_t discarded_bytes() const;

 private:
  /// A transfer that was submitted. It stays here until the server has said what became of it, also when nobody waits for it any more.
  struct Urb {
    bool stream = false, in = false, done = false, abandoned = false;
    std::uint32_t room = 0;
    std::int32_t status = 0;
    std::vector<std::byte> data;
  };
  using Urbs = std::map<std::uint32_t, Urb>;
  using Lock = std::unique_lock<std::mutex>;

  // On the callers' threads, with the mutex held.
  void check_alive() const;
  void stop_stream(Lock& lock);
  void throw_stream_fault();
  void post_outgoing();

  // With the mutex held.
  std::uint32_t submit(Urb urb, std::uint8_t endpoint, const UsbSetup* setup, std::span<const std::byte> data);
  void unlink(std::uint32_t victim);
  void refill();
  void unlink_stream();
  void lose(const std::string& why);
  void complete(Urbs::iterator urb, std::int32_t status, std::span<const std::byte> data);
  void deliver(const Urb& urb, std::span<const std::byte> data);
  std::optional<std::size_t> take_reply(const usbip::UrbHead& head, std::span<const std::byte> body);
  [[noreturn]] void fail_status(std::int32_t status, const std::string& what);

  // On our thread.
  void run();
  std::size_t on_bytes(std::span<const std::byte> bytes);
  void send_outgoing();

  boost::asio::io_context io_{1};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  std::string location_;
  std::uint32_t device_ = 0;
  std::shared_ptr<FrameSocket> socket_;

  mutable std::mutex mutex_;  ///< guards all from here to `thread_`
  std::condition_variable changed_;
  std::vector<std::byte> outgoing_;
  bool posted_ = false, closed_ = false, streaming_ = false, halted_ = false;
  std::string lost_;  ///< why; empty = it is not
  std::uint32_t sequence_ = 0;
  Urbs urbs_;
  std::size_t abandoned_ = 0;
  std::map<std::uint32_t, std::uint32_t> unlinks_;  ///< victim, by the sequence number of the unlink
  StreamOptions stream_;
  std::deque<std::uint32_t> order_;  ///< of the stream's transfers, as submitted: so they are delivered
  ByteQueue arrived_;
  std::function<void()> stream_fault_;  ///< throws what ended the stream, until it is thrown
  bool behind_gap_ = false;             ///< it has ended by a fault, which may have been told, and transfers may still come
  std::uint64_t discarded_bytes_ = 0;

  std::once_flag closing_;
  std::thread thread_;
};

}  // namespace spikeloop::firmware
