// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/virtual_board/usbip_session.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <utility>

#include "firmware-interface/transport/errors.hpp"

namespace spikeloop::firmware {
namespace {

namespace asio = boost::asio;
using usbip::Command;

constexpr auto kOperationDeadline = std::chrono::seconds(30);
constexpr std::size_t kMaxPending = 4096;                  // a client with more transfers in flight is none of ours
constexpr std::size_t kMaxUnsent = std::size_t{32} << 20;  // beyond it a client that does not receive gets nothing more
constexpr std::size_t kStepsAtATime = 200;                 // of a board's time, before others get their turn

usbip::UrbHead head_of(Command command, std::uint32_t sequence, std::int32_t status) {
  usbip::UrbHead head;
  head.command = static_cast<std::uint32_t>(command);
  head.sequence = sequence;
  head.status = status;
  return head;
}

}  // namespace

UsbipSession::UsbipSession(asio::io_context& io, asio::ip::tcp::socket socket, SessionHost host)
    : io_(io), socket_(std::make_shared<FrameSocket>(std::move(socket))), host_(std::move(host)), timer_(io) {}

void UsbipSession::start() {
  timer_.expires_after(kOperationDeadline);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self && !self->board_) self->end(true);
  });
  socket_->start(
      [weak = weak_from_this()](std::span<const std::byte> bytes) {
        const auto self = weak.lock();  // keeps it while it handles them
        return self ? self->on_bytes(bytes) : bytes.size();
      },
      [weak = weak_from_this()](const std::string&) {
        if (const auto self = weak.lock()) self->end(false);
      });
}

void UsbipSession::close() { end(false); }

/// Frees the device, and tells the server, which lets go of us.
void UsbipSession::end(bool bad_peer) {
  if (std::exchange(ended_, true)) return;
  host_.counts->bad_peers += bad_peer ? 1 : 0;
  socket_->close();
  timer_.cancel();
  pending_.clear();
  if (board_ && board_->importer == this) {
    board_->importer = nullptr;
    board_->run.reset();
  }
  host_.ended(*this);
}

std::size_t UsbipSession::on_bytes(std::span<const std::byte> bytes) {
  std::size_t used = 0;
  try {
    if (!board_) used = on_operation(bytes);
    if (!board_) return used;
    while (!ended_ && bytes.size() - used >= usbip::kUrbHeadBytes) {
      const auto frame = bytes.subspan(used);
      const auto head = usbip::decode_urb_head(frame.first<usbip::kUrbHeadBytes>());
      const auto body = on_urb(head, frame.subspan(usbip::kUrbHeadBytes));
      if (!body) break;
      used += usbip::kUrbHeadBytes + *body;
    }
  } catch (const ProtocolFault&) {
    end(true);
  }
  if (ended_) return bytes.size();
  pass_time();
  return used;
}

// --- operations ---

std::size_t UsbipSession::on_operation(std::span<const std::byte> bytes) {
  if (bytes.size() < usbip::kOperationHeadBytes) return 0;
  const auto head = usbip::decode_operation_head(bytes.first<usbip::kOperationHeadBytes>());
  if (head.version != usbip::kVersion) {  // the peer sees from the answer which version we speak
    ++host_.counts->bad_peers;
    const auto code = static_cast<std::uint16_t>(head.code & 0x7FFF);
    socket_->send(usbip::encode(usbip::OperationHead{usbip::kVersion, code, static_cast<std::uint32_t>(usbip::Status::kError)}));
    socket_->finish();
    return bytes.size();
  }
  switch (static_cast<usbip::Operation>(head.code)) {
    case usbip::Operation::kDeviceListRequest:
      socket_->send(usbip::encode_device_list(host_.list()));
      socket_->finish();
      return bytes.size();
    case usbip::Operation::kImportRequest:
      return bytes.size() < usbip::kImportRequestBytes ? 0 : import(bytes);
    default:
      throw ProtocolFault("no operation");
  }
}

std::size_t UsbipSession::import(std::span<const std::byte> bytes) {
  const auto bus_id = usbip::decode_bus_id(bytes.subspan<usbip::kOperationHeadBytes, usbip::kBusIdBytes>());
  auto board = bus_id ? host_.find(*bus_id) : nullptr;
  const usbip::Status status = !board ? usbip::Status::kNoDevice : board->importer != nullptr ? usbip::Status::kBusy : usbip::Status::kOk;
  socket_->send(usbip::encode_import_reply(status, board ? board->record : usbip::Device{}));
  if (status != usbip::Status::kOk) {
    ++host_.counts->refused_imports;
    socket_->finish();
    return bytes.size();
  }
  ++host_.counts->imports;
  timer_.cancel();
  board_ = std::move(board);
  board_->importer = this;
  board_->run.skip_time();
  socket_->flush();
  return usbip::kImportRequestBytes;
}

// --- URBs ---

/// Gives the length of the body, or nothing while it is not all there.
std::optional<std::size_t> UsbipSession::on_urb(const usbip::UrbHead& head, std::span<const std::byte> body) {
  if (head.command == static_cast<std::uint32_t>(Command::kUnlink)) {
    on_unlink(head);
    return 0;
  }
  const bool ok = head.command == static_cast<std::uint32_t>(Command::kSubmit) && head.length <= usbip::kMaxUrbBytes &&
                  head.direction <= 1 && head.endpoint < 16 && !head.is_isochronous();
  if (!ok) throw ProtocolFault("no transfer that we know");
  const std::size_t length = head.direction == 0 ? head.length : 0;
  if (body.size() < length) return std::nullopt;
  ++host_.counts->urbs;
  if (head.endpoint == 0) {
    on_control(head, body.first(length));
  } else if (head.direction == 0) {
    const bool taken = board_->run.device().bulk_out(static_cast<std::uint8_t>(head.endpoint), body.first(length));
    reply(head.sequence, taken ? 0 : usbip::kStatusStall, taken ? head.length : 0);
  } else {
    if (pending_.size() >= kMaxPending) throw ProtocolFault("too many transfers in flight");
    pending_.push_back({head.sequence, head.length, static_cast<std::uint8_t>(head.endpoint | 0x80), {}});
  }
  return length;
}

void UsbipSession::on_control(const usbip::UrbHead& head, std::span<const std::byte> data) {
  const UsbSetup setup = decode_setup(head.setup);
  if (setup.is_in() != (head.direction == 1) || (!setup.is_in() && setup.length != data.size()))
    return reply(head.sequence, usbip::kStatusStall, 0);
  board_->run.advance(
      true, [this] { complete_ready(); }, kStepsAtATime);
  auto answer = board_->run.control(setup, data);
  if (!answer) return reply(head.sequence, usbip::kStatusStall, 0);
  if (!setup.is_in()) return reply(head.sequence, 0, setup.length);
  answer->resize(std::min<std::size_t>(answer->size(), head.length));
  reply(head.sequence, 0, static_cast<std::uint32_t>(answer->size()), *answer);
}

void UsbipSession::on_unlink(const usbip::UrbHead& head) {
  ++host_.counts->unlinks;
  const auto victim = std::find_if(pending_.begin(), pending_.end(), [&](const PendingIn& p) { return p.sequence == head.victim; });
  std::int32_t status = 0;  // it was over before
  if (victim != pending_.end()) {
    if (victim->data.empty())
      status = usbip::kStatusUnlinked;
    else  // rather than lose what it has
      reply(victim->sequence, 0, static_cast<std::uint32_t>(victim->data.size()), victim->data);
    pending_.erase(victim);
  }
  socket_->send(usbip::encode(head_of(Command::kUnlinkReply, head.sequence, status)));
}

void UsbipSession::reply(std::uint32_t sequence, std::int32_t status, std::uint32_t length, std::span<const std::byte> data) {
  usbip::UrbHead head = head_of(Command::kSubmitReply, sequence, status);
  head.length = length;
  socket_->send(usbip::encode(head), data);
}

/// Fills IN transfers, in their order for each endpoint, and answers those that are over. True if there was one.
bool UsbipSession::complete_ready() {
  bool any = false;
  std::array<bool, 16> waits{};  // an endpoint that has nothing now has nothing for later transfers either
  for (auto p = pending_.begin(); p != pending_.end() && socket_->unsent() < kMaxUnsent;) {
    bool& nothing = waits.at(p->endpoint & 0x0FU);
    nothing = nothing || !board_->run.fill(p->endpoint, p->data, p->length);
    if (nothing) {
      ++p;
      continue;
    }
    reply(p->sequence, 0, static_cast<std::uint32_t>(p->data.size()), p->data);
    p = pending_.erase(p);
    any = true;
  }
  return any;
}

// --- time ---

/// Lets the board catch up with its clock, and answers what can be answered then.
void UsbipSession::pass_time() {
  if (!board_ || ended_) return;
  bool any = complete_ready();
  const bool waiting = !any && !pending_.empty();
  const bool caught_up = board_->run.advance(
      waiting, [&] { any = complete_ready() || any; }, kStepsAtATime);
  socket_->flush();
  if (socket_->unsent() >= kMaxUnsent)
    socket_->hold();
  else
    socket_->resume();
  const bool runs_free = board_->run.clock().pause().count() == 0 && !pending_.empty() && !any;
  schedule((!caught_up || runs_free) && socket_->unsent() < kMaxUnsent);
}

void UsbipSession::schedule(bool at_once) {
  if (at_once) {
    if (std::exchange(scheduled_, true)) return;
    asio::post(io_, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      self->scheduled_ = false;
      self->pass_time();
    });
    return;
  }
  timer_.expires_after(std::max<std::chrono::nanoseconds>(board_->run.clock().pause(), std::chrono::milliseconds(1)));
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self) self->pass_time();
  });
}

}  // namespace spikeloop::firmware
