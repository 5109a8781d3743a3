// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/recording_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "firmware-interface/transport/checks.hpp"

namespace spikeloop::firmware {
namespace {

using Bytes = std::vector<std::byte>;
using Kind = RecordedCall::Kind;
using Fault = RecordedCall::Fault;

constexpr std::string_view kMagic = "SLTR";
constexpr std::uint64_t kVersion = 1;
constexpr std::uint64_t kAny = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t kPiece = std::size_t{64} << 10;

void put_number(Bytes& out, std::uint64_t x) {
  for (; x >= 0x80; x >>= 7) out.push_back(static_cast<std::byte>(x | 0x80));
  out.push_back(static_cast<std::byte>(x));
}

void put_bytes(Bytes& out, std::span<const std::byte> bytes) {
  put_number(out, bytes.size());
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void put_text(Bytes& out, std::string_view text) {
  put_bytes(out, std::as_bytes(std::span(text.substr(0, static_cast<std::size_t>(kMaxRecordedText)))));
}

void put_request(Bytes& out, const ControlRequest& r) {
  for (const std::uint64_t x : {std::uint64_t{r.request}, std::uint64_t{r.value}, std::uint64_t{r.index}}) put_number(out, x);
}

bool has_data(Kind kind) { return kind == Kind::kControlOut || kind == Kind::kControlIn || kind == Kind::kReadStream; }
bool has_room(Kind kind) { return kind == Kind::kControlIn || kind == Kind::kReadStream; }

}  // namespace

std::string describe(const RecordedCall& c) {
  switch (c.kind) {
    case Kind::kControlOut:
      return fmt::format("control_out, {}, of {} bytes", describe(c.request), c.data.size());
    case Kind::kControlIn:
      return fmt::format("control_in, {}, of {} bytes", describe(c.request), c.asked);
    case Kind::kStartStream:
      return fmt::format("start_stream of endpoint 0x{:02X}, {} transfers of {} bytes", c.stream.endpoint, c.stream.transfers,
                         c.stream.transfer_bytes);
    case Kind::kStopStream:
      return "stop_stream";
    case Kind::kReadStream:
      return fmt::format("read_stream of {} bytes", c.asked);
    case Kind::kClose:
      return "close";
  }
  return "no call";
}

Bytes encode_recording_head(const DeviceIdentity& identity) {
  Bytes out;
  for (const char c : kMagic) out.push_back(static_cast<std::byte>(c));
  for (const std::uint64_t x : {kVersion, std::uint64_t{identity.vendor}, std::uint64_t{identity.product}, std::uint64_t{identity.version}})
    put_number(out, x);
  for (const std::string* text : {&identity.manufacturer, &identity.product_name, &identity.serial, &identity.location})
    put_text(out, *text);
  return out;
}

Bytes encode_recorded_call(const RecordedCall& c) {
  if (c.data.size() > kMaxRecordedBytes) throw std::invalid_argument("a recorded call carries at most 64 MiB");
  Bytes out{static_cast<std::byte>(c.kind), static_cast<std::byte>(c.fault)};
  put_number(out, c.microseconds);
  put_number(out, c.timeout_ms);
  if (c.kind == Kind::kControlOut || c.kind == Kind::kControlIn) put_request(out, c.request);
  if (c.kind == Kind::kStartStream) {
    put_number(out, c.stream.endpoint);
    put_number(out, c.stream.transfers);
    put_number(out, c.stream.transfer_bytes);
  }
  if (has_room(c.kind)) put_number(out, c.asked);
  if (has_data(c.kind)) put_bytes(out, c.data);
  if (c.fault != Fault::kNone) {
    put_text(out, c.what);
    put_text(out, c.advice);
  }
  return out;
}

bool note_fault(const std::exception_ptr& thrown, RecordedCall& call) {
  const auto note = [&](Fault fault, const DeviceFault& e) {
    call.fault = fault;
    call.what = e.what();
    call.advice = e.advice();
    return true;
  };
  try {
    std::rethrow_exception(thrown);
  } catch (const TimedOut& e) {
    return note(Fault::kTimedOut, e);
  } catch (const Stalled& e) {
    return note(Fault::kStalled, e);
  } catch (const DeviceLost& e) {
    return note(Fault::kDeviceLost, e);
  } catch (const ProtocolFault& e) {
    return note(Fault::kProtocolFault, e);
  } catch (const DeviceFault& e) {
    return note(Fault::kOther, e);
  } catch (...) {
    return false;
  }
}

void throw_noted_fault(const RecordedCall& call) {
  switch (call.fault) {
    case Fault::kNone:
      return;
    case Fault::kTimedOut:
      throw TimedOut(call.what, call.advice);
    case Fault::kStalled:
      throw Stalled(call.what, call.advice);
    case Fault::kDeviceLost:
      throw DeviceLost(call.what, call.advice);
    case Fault::kProtocolFault:
      throw ProtocolFault(call.what, call.advice);
    case Fault::kOther:
      throw DeviceFault(call.what, call.advice);
  }
}

RecordingReader::RecordingReader(std::istream& in, std::string name) : in_(in), name_(std::move(name)) {
  for (const char c : kMagic)
    if (byte() != static_cast<std::uint8_t>(c)) fail("this is no recording of a transport");
  if (const std::uint64_t version = number(kAny); version != kVersion)
    fail(fmt::format("version {} of the format; we read version {}", version, kVersion));
  constexpr std::uint64_t kWord = 0xFFFF;
  identity_.vendor = static_cast<std::uint16_t>(number(kWord));
  identity_.product = static_cast<std::uint16_t>(number(kWord));
  identity_.version = static_cast<std::uint16_t>(number(kWord));
  for (std::string* field : {&identity_.manufacturer, &identity_.product_name, &identity_.serial, &identity_.location}) *field = text();
}

void RecordingReader::fail(const std::string& why) const {
  throw ProtocolFault(fmt::format("{}, byte {}: {}", name_, offset_, why), kRecordingAdvice);
}

std::uint8_t RecordingReader::byte() {
  const int c = in_.get();
  if (c == std::istream::traits_type::eof()) fail("the recording is cut off");
  ++offset_;
  return static_cast<std::uint8_t>(c);
}

std::uint64_t RecordingReader::number(std::uint64_t max) {
  std::uint64_t x = 0;
  for (unsigned shift = 0;; shift += 7) {
    const std::uint64_t b = byte();
    if (shift > 63 || (shift == 63 && b > 1)) fail("a number has more than 64 bits");
    x |= (b & 0x7F) << shift;
    if (b < 0x80) break;
  }
  if (x > max) fail(fmt::format("{} is larger than {}, the most that there can be", x, max));
  return x;
}

Bytes RecordingReader::bytes(std::uint64_t max) {
  std::uint64_t left = number(max);
  Bytes out;
  while (left > 0) {  // by pieces, so that a wrong length takes no memory that the file has no bytes for
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(left, kPiece));
    const std::size_t begin = out.size();
    out.resize(begin + n);
    in_.read(reinterpret_cast<char*>(out.data() + begin), static_cast<std::streamsize>(n));
    offset_ += static_cast<std::uint64_t>(in_.gcount());
    if (in_.gcount() != static_cast<std::streamsize>(n)) fail("the recording is cut off");
    left -= n;
  }
  return out;
}

std::string RecordingReader::text() {
  const Bytes b = bytes(kMaxRecordedText);
  return {reinterpret_cast<const char*>(b.data()), b.size()};
}

std::optional<RecordedCall> RecordingReader::next() {
  if (in_.peek() == std::istream::traits_type::eof()) return std::nullopt;
  RecordedCall c;
  const std::uint8_t kind = byte(), fault = byte();
  if (kind < 1 || kind > 6) fail(fmt::format("{} is no kind of call", kind));
  if (fault > 5) fail(fmt::format("{} is no kind of fault", fault));
  c.kind = static_cast<Kind>(kind);
  c.fault = static_cast<Fault>(fault);
  c.microseconds = number(kAny);
  c.timeout_ms = number(kAny);
  if (c.kind == Kind::kControlOut || c.kind == Kind::kControlIn) {
    c.request.request = static_cast<std::uint8_t>(number(0xFF));
    c.request.value = static_cast<std::uint16_t>(number(0xFFFF));
    c.request.index = static_cast<std::uint16_t>(number(0xFFFF));
  }
  if (c.kind == Kind::kStartStream) {
    c.stream.endpoint = static_cast<std::uint8_t>(number(0xFF));
    c.stream.transfers = static_cast<std::size_t>(number(kMaxTransfers));
    c.stream.transfer_bytes = static_cast<std::size_t>(number(kMaxTransferBytes));
  }
  if (has_room(c.kind)) c.asked = number(kAny);
  if (has_data(c.kind)) c.data = bytes(has_room(c.kind) ? std::min(c.asked, kMaxRecordedBytes) : kMaxRecordedBytes);
  if (c.fault != Fault::kNone) {
    c.what = text();
    c.advice = text();
  }
  return c;
}

}  // namespace spikeloop::firmware
