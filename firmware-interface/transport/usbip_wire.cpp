// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/usbip_wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "firmware-interface/transport/errors.hpp"

namespace spikeloop::firmware::usbip {
namespace {

using Bytes = std::vector<std::byte>;

/// Writes big-endian integers one after the other.
class Writer {
 public:
  explicit Writer(std::span<std::byte> out) : out_(out) {}
  void u8(std::uint8_t x) { out_[at_++] = std::byte{x}; }
  void u16(std::uint16_t x) {
    u8(static_cast<std::uint8_t>(x >> 8));
    u8(static_cast<std::uint8_t>(x));
  }
  void u32(std::uint32_t x) {
    u16(static_cast<std::uint16_t>(x >> 16));
    u16(static_cast<std::uint16_t>(x));
  }
  /// Zero padded; the last byte is always zero.
  void text(std::string_view t, std::size_t room) {
    for (std::size_t i = 0; i < room; ++i) u8(i < t.size() && i + 1 < room ? static_cast<std::uint8_t>(t[i]) : std::uint8_t{0});
  }
  void bytes(std::span<const std::byte> b) {
    std::copy(b.begin(), b.end(), out_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ += b.size();
  }

 private:
  std::span<std::byte> out_;
  std::size_t at_ = 0;
};

/// Reads them; whoever makes one has checked the length.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> in) : in_(in) {}
  std::uint8_t u8() { return std::to_integer<std::uint8_t>(in_[at_++]); }
  std::uint16_t u16() {
    const unsigned high = u8();
    return static_cast<std::uint16_t>(high << 8 | u8());
  }
  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }
  std::string text(std::size_t room) {
    const auto field = in_.subspan(at_, room);
    at_ += room;
    std::string t;
    for (const std::byte b : field) {
      if (b == std::byte{0}) break;
      t += static_cast<char>(b);
    }
    if (t.size() == room) t.pop_back();  // no zero byte: what a C program would have cut
    return t;
  }
  std::span<const std::byte> bytes(std::size_t n) {
    at_ += n;
    return in_.subspan(at_ - n, n);
  }

 private:
  std::span<const std::byte> in_;
  std::size_t at_ = 0;
};

void append(Bytes& to, std::span<const std::byte> more) { to.insert(to.end(), more.begin(), more.end()); }

OperationHead head_of(Operation operation, Status status = Status::kOk) {
  return {kVersion, static_cast<std::uint16_t>(operation), static_cast<std::uint32_t>(status)};
}

}  // namespace

std::array<std::byte, kOperationHeadBytes> encode(const OperationHead& head) {
  std::array<std::byte, kOperationHeadBytes> bytes{};
  Writer w(bytes);
  w.u16(head.version);
  w.u16(head.code);
  w.u32(head.status);
  return bytes;
}

OperationHead decode_operation_head(std::span<const std::byte, kOperationHeadBytes> bytes) {
  Reader r(bytes);
  OperationHead head;
  head.version = r.u16();
  head.code = r.u16();
  head.status = r.u32();
  return head;
}

Bytes encode_device_list_request() {
  const auto head = encode(head_of(Operation::kDeviceListRequest));
  return {head.begin(), head.end()};
}

Bytes encode_import_request(std::string_view bus_id) {
  if (bus_id.empty() || bus_id.size() >= kBusIdBytes || bus_id.find('\0') != std::string_view::npos)
    throw std::invalid_argument(fmt::format("a bus id has 1 to {} bytes: \"{}\" has {}", kBusIdBytes - 1, bus_id, bus_id.size()));
  Bytes bytes(kImportRequestBytes);
  Writer w(bytes);
  w.bytes(encode(head_of(Operation::kImportRequest)));
  w.text(bus_id, kBusIdBytes);
  return bytes;
}

std::optional<std::string> decode_bus_id(std::span<const std::byte, kBusIdBytes> bytes) {
  if (bytes[0] == std::byte{0} || std::find(bytes.begin(), bytes.end(), std::byte{0}) == bytes.end()) return std::nullopt;
  return Reader(bytes).text(kBusIdBytes);
}

Bytes encode_device(const Device& d) {
  Bytes bytes(kDeviceBytes);
  Writer w(bytes);
  w.text(d.path, kPathBytes);
  w.text(d.bus_id, kBusIdBytes);
  for (const std::uint32_t x : {d.bus_number, d.device_number, d.speed}) w.u32(x);
  for (const std::uint16_t x : {d.vendor, d.product, d.version}) w.u16(x);
  for (const std::uint8_t x : {d.device_class, d.subclass, d.protocol, d.configuration, d.configurations, d.interface_count}) w.u8(x);
  return bytes;
}

Device decode_device(std::span<const std::byte, kDeviceBytes> bytes) {
  Reader r(bytes);
  Device d;
  d.path = r.text(kPathBytes);
  d.bus_id = r.text(kBusIdBytes);
  for (std::uint32_t* x : {&d.bus_number, &d.device_number, &d.speed}) *x = r.u32();
  for (std::uint16_t* x : {&d.vendor, &d.product, &d.version}) *x = r.u16();
  for (std::uint8_t* x : {&d.device_class, &d.subclass, &d.protocol, &d.configuration, &d.configurations, &d.interface_count}) *x = r.u8();
  return d;
}

Bytes encode_device_list(std::span<const Device> devices) {
  Bytes bytes(kOperationHeadBytes + 4);
  Writer w(bytes);
  w.bytes(encode(head_of(Operation::kDeviceListReply)));
  w.u32(static_cast<std::uint32_t>(devices.size()));
  for (Device d : devices) {
    d.interface_count = static_cast<std::uint8_t>(std::min<std::size_t>(d.interfaces.size(), 255));
    append(bytes, encode_device(d));
    for (std::size_t i = 0; i < d.interface_count; ++i)
      append(bytes, std::array{std::byte{d.interfaces[i].interface_class}, std::byte{d.interfaces[i].subclass},
                               std::byte{d.interfaces[i].protocol}, std::byte{0}});
  }
  return bytes;
}

Bytes encode_import_reply(Status status, const Device& device) {
  const auto head = encode(head_of(Operation::kImportReply, status));
  Bytes bytes(head.begin(), head.end());
  if (status == Status::kOk) append(bytes, encode_device(device));
  return bytes;
}

std::optional<std::vector<Device>> decode_device_list(std::span<const std::byte> bytes) {
  if (bytes.size() < 4) return std::nullopt;
  const std::uint32_t count = Reader(bytes).u32();
  if (count > kMaxDevices) throw ProtocolFault(fmt::format("a USB/IP server says that it has {} devices", count));
  bytes = bytes.subspan(4);
  std::vector<Device> devices;
  for (std::uint32_t i = 0; i < count; ++i) {
    if (bytes.size() < kDeviceBytes) return std::nullopt;
    Device d = decode_device(bytes.first<kDeviceBytes>());
    bytes = bytes.subspan(kDeviceBytes);
    if (bytes.size() < d.interface_count * kInterfaceBytes) return std::nullopt;
    Reader r(bytes);
    for (unsigned k = 0; k < d.interface_count; ++k) {
      Interface one;
      one.interface_class = r.u8();
      one.subclass = r.u8();
      one.protocol = r.u8();
      r.u8();
      d.interfaces.push_back(one);
    }
    bytes = bytes.subspan(d.interface_count * kInterfaceBytes);
    devices.push_back(std::move(d));
  }
  return devices;
}

std::array<std::byte, kUrbHeadBytes> encode(const UrbHead& h) {
  std::array<std::byte, kUrbHeadBytes> bytes{};
  Writer w(bytes);
  for (const std::uint32_t x : {h.command, h.sequence, h.device, h.direction, h.endpoint}) w.u32(x);
  switch (static_cast<Command>(h.command)) {
    case Command::kSubmit:
      for (const std::uint32_t x : {0U, h.length, 0U, h.packets, 0U}) w.u32(x);  // flags, length, start frame, packets, interval
      w.bytes(h.setup);
      break;
    case Command::kSubmitReply:
      w.u32(static_cast<std::uint32_t>(h.status));
      for (const std::uint32_t x : {h.length, 0U, h.packets, 0U}) w.u32(x);  // length, start frame, packets, error count
      break;
    case Command::kUnlink:
      w.u32(h.victim);
      break;
    case Command::kUnlinkReply:
      w.u32(static_cast<std::uint32_t>(h.status));
      break;
  }
  return bytes;
}

UrbHead decode_urb_head(std::span<const std::byte, kUrbHeadBytes> bytes) {
  Reader r(bytes);
  UrbHead h;
  for (std::uint32_t* x : {&h.command, &h.sequence, &h.device, &h.direction, &h.endpoint}) *x = r.u32();
  switch (static_cast<Command>(h.command)) {
    case Command::kSubmit: {
      r.u32();  // flags: what they ask for, we do anyway
      h.length = r.u32();
      r.u32();
      h.packets = r.u32();
      r.u32();
      const auto setup = r.bytes(8);
      std::copy(setup.begin(), setup.end(), h.setup.begin());
      break;
    }
    case Command::kSubmitReply:
      h.status = static_cast<std::int32_t>(r.u32());
      h.length = r.u32();
      r.u32();
      h.packets = r.u32();
      break;
    case Command::kUnlink:
      h.victim = r.u32();
      break;
    case Command::kUnlinkReply:
      h.status = static_cast<std::int32_t>(r.u32());
      break;
  }
  return h;
}

std::string to_text(const Address& a) {
  const bool is_ipv6 = a.host.find(':') != std::string::npos;
  return fmt::format("usbip:{}{}{}:{}/{}", is_ipv6 ? "[" : "", a.host, is_ipv6 ? "]" : "", a.port, a.bus_id);
}

std::optional<Address> parse_address(std::string_view text) {
  constexpr std::string_view kScheme = "usbip:";
  const std::size_t slash = text.find('/');
  if (!text.starts_with(kScheme) || slash == std::string_view::npos) return std::nullopt;
  Address address;
  address.bus_id = text.substr(slash + 1);
  std::string_view place = text.substr(kScheme.size(), slash - kScheme.size());
  const std::size_t bracket = place.starts_with('[') ? place.find(']') : 0;
  if (bracket == std::string_view::npos) return std::nullopt;
  const std::size_t colon = place.find(':', bracket);
  if (colon != std::string_view::npos) {
    const std::string_view port = place.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (error != std::errc{} || end != port.data() + port.size() || address.port == 0) return std::nullopt;
    place = place.substr(0, colon);
  }
  if (bracket != 0) place = place.ends_with(']') ? place.substr(1, place.size() - 2) : std::string_view{};
  address.host = place;
  if (address.host.find_first_of("[]") != std::string::npos) return std::nullopt;
  if (address.host.empty() || address.bus_id.empty() || address.bus_id.size() >= kBusIdBytes) return std::nullopt;
  return address;
}

}  // namespace spikeloop::firmware::usbip
