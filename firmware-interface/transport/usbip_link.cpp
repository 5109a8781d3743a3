// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/usbip_link.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "firmware-interface/transport/checks.hpp"
#include "firmware-interface/transport/usbip_handshake.hpp"

namespace spikeloop::firmware {

namespace asio = boost::asio;
using std::chrono::steady_clock;
using usbip::Command;

namespace {

constexpr Milliseconds kStopDeadline{5000}, kClearHaltDeadline{1000};
constexpr const char* kServerAdvice =
    "Does the server there still run, has it still the board, and is the network up? See to it, then open the board anew.";
constexpr std::size_t kMaxAbandoned = 256;  // transfers whose unlinking the server has not even acknowledged

bool is_gone(std::int32_t status) { return status == usbip::kStatusShutdown || status == usbip::kStatusNoDevice; }
bool is_data(std::int32_t status) { return status == 0 || status == usbip::kStatusShort; }

}  // namespace

UsbipLink::UsbipLink(const usbip::Address& address, Milliseconds timeout, const Ask& ask) : location_(usbip::to_text(address)) {
  usbip::Handshake handshake(io_, address.host, address.port, timeout, ask);
  device_ = handshake.import(address.bus_id).id();
  socket_ = std::make_shared<FrameSocket>(handshake.release());
  io_.restart();
  work_.emplace(asio::make_work_guard(io_));
  socket_->start([this](std::span<const std::byte> bytes) { return on_bytes(bytes); },
                 [this](const std::string& why) {
                   const Lock lock(mutex_);
                   lose(why);
                 });
  thread_ = std::thread([this] { run(); });
}

UsbipLink::~UsbipLink() { close(); }

void UsbipLink::run() {
  try {
    io_.run();
  } catch (const std::exception& e) {  // out of memory, say
    const Lock lock(mutex_);
    lose(e.what());
  }
}

void UsbipLink::close() noexcept {
  std::call_once(closing_, [this] {
    {
      const Lock lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
    asio::post(io_, [this] { socket_->close(); });
    work_.reset();
    thread_.join();
  });
}

void UsbipLink::check_alive() const {
  if (closed_) throw DeviceLost(location_ + ": the connection was closed", "Open the board anew.");
  if (!lost_.empty()) throw DeviceLost(fmt::format("{}: the connection is lost: {}", location_, lost_), kServerAdvice);
}

void UsbipLink::lose(const std::string& why) {
  if (lost_.empty()) lost_ = why;
  streaming_ = false;
  changed_.notify_all();
}

// --- sending ---

std::uint32_t UsbipLink::submit(Urb urb, std::uint8_t endpoint, const UsbSetup* setup, std::span<const std::byte> data) {
  usbip::UrbHead head;
  head.command = static_cast<std::uint32_t>(Command::kSubmit);
  head.sequence = ++sequence_;
  head.device = device_;
  head.direction = urb.in ? 1 : 0;
  head.endpoint = endpoint & 0x0FU;
  head.length = urb.room;
  if (setup != nullptr) head.setup = encode_setup(*setup);
  const auto bytes = usbip::encode(head);
  outgoing_.insert(outgoing_.end(), bytes.begin(), bytes.end());
  outgoing_.insert(outgoing_.end(), data.begin(), data.end());
  urbs_.emplace(head.sequence, std::move(urb));
  return head.sequence;
}

void UsbipLink::unlink(std::uint32_t victim) {
  usbip::UrbHead head;
  head.command = static_cast<std::uint32_t>(Command::kUnlink);
  head.sequence = ++sequence_;
  head.device = device_;
  head.victim = victim;
  const auto bytes = usbip::encode(head);
  outgoing_.insert(outgoing_.end(), bytes.begin(), bytes.end());
  unlinks_.emplace(head.sequence, victim);
}

void UsbipLink::refill() {
  while (streaming_ && order_.size() < stream_.transfers &&
         arrived_.size() + (order_.size() + 1) * stream_.transfer_bytes <= kMaxWaitingBytes) {
    Urb urb;
    urb.stream = urb.in = true;
    urb.room = static_cast<std::uint32_t>(stream_.transfer_bytes);
    order_.push_back(submit(std::move(urb), stream_.endpoint, nullptr, {}));
  }
}

void UsbipLink::unlink_stream() {
  streaming_ = false;
  for (const std::uint32_t sequence : order_)
    if (!urbs_.at(sequence).done) unlink(sequence);
}

void UsbipLink::post_outgoing() {
  if (outgoing_.empty() || std::exchange(posted_, true)) return;
  asio::post(io_, [this] { send_outgoing(); });
}

void UsbipLink::send_outgoing() {
  {
    const Lock lock(mutex_);
    posted_ = false;
    socket_->send(outgoing_);
    outgoing_.clear();
  }
  socket_->flush();
}

// --- receiving ---

std::size_t UsbipLink::on_bytes(std::span<const std::byte> bytes) {
  std::size_t used = 0;
  try {
    const Lock lock(mutex_);
    while (bytes.size() - used >= usbip::kUrbHeadBytes) {
      const auto frame = bytes.subspan(used);
      const auto head = usbip::decode_urb_head(frame.first<usbip::kUrbHeadBytes>());
      const auto body = take_reply(head, frame.subspan(usbip::kUrbHeadBytes));
      if (!body) break;
      used += usbip::kUrbHeadBytes + *body;
    }
    refill();
  } catch (const ProtocolFault& e) {
    const Lock lock(mutex_);
    lose(fmt::format("the server does not keep to USB/IP: {}", e.what()));
    socket_->close();
    return bytes.size();
  }
  changed_.notify_all();
  send_outgoing();
  return used;
}

/// Gives the length of the reply's body, or nothing while it is not all there.
std::optional<std::size_t> UsbipLink::take_reply(const usbip::UrbHead& head, std::span<const std::byte> body) {
  if (head.command == static_cast<std::uint32_t>(Command::kSubmitReply)) {
    const auto found = urbs_.find(head.sequence);
    if (found == urbs_.end() || found->second.done) throw ProtocolFault(fmt::format("reply to transfer {}, which is none", head.sequence));
    const std::size_t length = found->second.in ? head.length : 0;  // the reply does not say its direction
    if (length > found->second.room || head.is_isochronous())
      throw ProtocolFault(fmt::format("reply of {} bytes where {} were asked for", length, found->second.room));
    if (body.size() < length) return std::nullopt;
    complete(found, head.status, body.first(length));
    return length;
  }
  const auto unlinked = unlinks_.find(head.sequence);
  if (head.command != static_cast<std::uint32_t>(Command::kUnlinkReply) || unlinked == unlinks_.end())
    throw ProtocolFault(fmt::format("command {} with sequence number {}", head.command, head.sequence));
  const auto victim = urbs_.find(unlinked->second);
  unlinks_.erase(unlinked);
  if (victim != urbs_.end() && !victim->second.done) complete(victim, usbip::kStatusUnlinked, {});
  return 0;
}

void UsbipLink::complete(Urbs::iterator found, std::int32_t status, std::span<const std::byte> data) {
  Urb& urb = found->second;
  urb.status = status;
  if (urb.abandoned) {
    --abandoned_;
    urbs_.erase(found);
    return;
  }
  urb.done = true;
  if (!urb.stream || order_.front() != found->first) {
    urb.data.assign(data.begin(), data.end());
    return;
  }
  deliver(urb, data);
  urbs_.erase(found);
  order_.pop_front();
  while (!order_.empty() && urbs_.at(order_.front()).done) {  // those that came before their turn
    deliver(urbs_.at(order_.front()), urbs_.at(order_.front()).data);
    urbs_.erase(order_.front());
    order_.pop_front();
  }
}

void UsbipLink::deliver(const Urb& urb, std::span<const std::byte> data) {
  if (behind_gap_)  // what is behind a gap would be taken for what follows the bytes before it
    discarded_bytes_ += data.size();
  else
    arrived_.push(data);  // a transfer that failed may have received something too
  if (is_gone(urb.status)) return lose(fmt::format("the device is gone (status {})", urb.status));
  if (is_data(urb.status) || urb.status == usbip::kStatusUnlinked || behind_gap_) return;
  behind_gap_ = true;
  halted_ = urb.status == usbip::kStatusStall;
  stream_fault_ = [this, status = urb.status] { fail_status(status, "the stream"); };
  unlink_stream();  // not this one: it is done
}

void UsbipLink::fail_status(std::int32_t status, const std::string& what) {
  if (status == usbip::kStatusStall) throw Stalled(fmt::format("{}: the device refused {}", location_, what));
  throw ProtocolFault(fmt::format("{}: {} failed with status {}", location_, what, status),
                      "Look at cable and power on the machine with the board; begin the stream or send the request again.");
}

// --- calls ---

std::vector<std::byte> UsbipLink::control(const UsbSetup& setup, std::span<const std::byte> data, Milliseconds timeout, const Ask& ask) {
  const auto deadline = steady_clock::now() + bounded(timeout);
  const std::string what = describe({setup.request, setup.value, setup.index});
  Lock lock(mutex_);
  check_alive();
  Urb urb;
  urb.in = setup.is_in();
  urb.room = setup.length;
  const std::uint32_t sequence = submit(std::move(urb), 0, &setup, data);
  post_outgoing();
  const auto found = urbs_.find(sequence);
  const auto over = [&] { return found->second.done || closed_ || !lost_.empty(); };
  for (bool in_time = true; in_time && !over();) {
    if (ask) ask();
    changed_.wait_until(lock, ask ? std::min(deadline, steady_clock::now() + kAskEvery) : deadline, over);
    in_time = steady_clock::now() < deadline;
  }
  if (!found->second.done) {
    check_alive();
    unlink(sequence);
    found->second.abandoned = true;
    if (++abandoned_ > kMaxAbandoned) lose("it no longer answers");
    post_outgoing();
    throw TimedOut(fmt::format("{}: {}: no answer within {} ms", location_, what, timeout.count()), kServerAdvice);
  }
  const Urb answered = std::move(found->second);
  urbs_.erase(found);
  if (is_gone(answered.status)) {
    lose(fmt::format("the device is gone (status {})", answered.status));
    check_alive();
  }
  if (!is_data(answered.status)) fail_status(answered.status, what);
  return answered.data;
}

void UsbipLink::start_stream(const StreamOptions& options) {
  check_stream_options(options);
  Lock lock(mutex_);
  check_alive();
  stop_stream(lock);
  throw_stream_fault();  // of the last stream, if nobody has read so far
  if (std::exchange(halted_, false)) {
    constexpr std::uint8_t kToEndpoint = 0x02;
    lock.unlock();
    control({kToEndpoint, static_cast<std::uint8_t>(StandardRequest::kClearFeature), 0, options.endpoint, 0}, {}, kClearHaltDeadline);
    lock.lock();
  }
  stream_ = options;
  behind_gap_ = false;
  streaming_ = true;
  refill();
  post_outgoing();
}

void UsbipLink::stop_stream() {
  Lock lock(mutex_);
  check_alive();
  stop_stream(lock);
}

void UsbipLink::stop_stream(Lock& lock) {
  if (streaming_) unlink_stream();
  post_outgoing();
  const bool in_time = changed_.wait_for(lock, kStopDeadline, [&] { return order_.empty() || closed_ || !lost_.empty(); });
  check_alive();
  if (!in_time) throw TimedOut(fmt::format("{}: {} transfers cannot be cancelled", location_, order_.size()), kServerAdvice);
}

std::size_t UsbipLink::read_stream(std::span<std::byte> into, Milliseconds timeout) {
  const auto deadline = steady_clock::now() + bounded(timeout);
  Lock lock(mutex_);
  const auto ended = [&] { return closed_ || !lost_.empty() || stream_fault_ || (!streaming_ && order_.empty()); };
  changed_.wait_until(lock, deadline, [&] { return !arrived_.empty() || into.empty() || ended(); });
  if (!closed_ && !arrived_.empty()) {
    const std::size_t n = arrived_.pop(into);
    refill();
    post_outgoing();
    return n;
  }
  check_alive();
  throw_stream_fault();
  return 0;
}

void UsbipLink::throw_stream_fault() {
  if (const auto fault = std::exchange(stream_fault_, nullptr)) fault();
}

std::uint64_t UsbipLink::discarded_bytes() const {
  const Lock lock(mutex_);
  return discarded_bytes_;
}

}  // namespace spikeloop::firmware
