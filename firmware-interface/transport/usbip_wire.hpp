// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// USB/IP, version 1.1.1: bytes to values and back. Source: the Linux kernel's Documentation/usb/usbip_protocol.rst. All integers are big
// endian. Nothing here reads beyond its span, and no length that a peer sends is believed before it is checked.

namespace spikeloop::firmware::usbip {

inline constexpr std::uint16_t kVersion = 0x0111;
inline constexpr std::uint16_t kPort = 3240;
inline constexpr std::size_t kOperationHeadBytes = 8, kBusIdBytes = 32, kPathBytes = 256, kDeviceBytes = 312, kInterfaceBytes = 4;
inline constexpr std::size_t kImportRequestBytes = kOperationHeadBytes + kBusIdBytes;
inline constexpr std::size_t kUrbHeadBytes = 48;
inline constexpr std::size_t kMaxDevices = 1024;
/// The most that one URB may carry: the kernel's own clients send at most this.
inline constexpr std::uint32_t kMaxUrbBytes = std::uint32_t{16} << 20;

enum class Operation : std::uint16_t {
  kDeviceListRequest = 0x8005,
  kDeviceListReply = 0x0005,
  kImportRequest = 0x8003,
  kImportReply = 0x0003,
};

/// Status of an operation's reply, as Linux's tools number them.
enum class Status : std::uint32_t { kOk = 0, kNotAvailable = 1, kBusy = 2, kDeviceError = 3, kNoDevice = 4, kError = 5 };

/// The 8 bytes with which every operation begins.
struct OperationHead {
  std::uint16_t version = kVersion;
  std::uint16_t code = 0;  ///< an Operation, if we know it
  std::uint32_t status = 0;
  friend bool operator==(const OperationHead&, const OperationHead&) = default;
};

enum class Speed : std::uint32_t { kUnknown = 0, kLow = 1, kFull = 2, kHigh = 3, kSuper = 5, kSuperPlus = 6 };

struct Interface {
  std::uint8_t interface_class = 0, subclass = 0, protocol = 0;
  friend bool operator==(const Interface&, const Interface&) = default;
};

/// A device that a server exports.
struct Device {
  std::string path, bus_id;  ///< at most 255 and 31 bytes
  std::uint32_t bus_number = 0, device_number = 0;
  std::uint32_t speed = 0;  ///< a Speed, if we know it
  std::uint16_t vendor = 0, product = 0, version = 0;
  std::uint8_t device_class = 0, subclass = 0, protocol = 0, configuration = 0, configurations = 0, interface_count = 0;
  std::vector<Interface> interfaces;  ///< in a device list only
  /// How URBs name it.
  std::uint32_t id() const { return bus_number << 16 | (device_number & 0xFFFF); }
  friend bool operator==(const Device&, const Device&) = default;
};

std::array<std::byte, kOperationHeadBytes> encode(const OperationHead& head);
OperationHead decode_operation_head(std::span<const std::byte, kOperationHeadBytes> bytes);

/// OP_REQ_DEVLIST and OP_REQ_IMPORT; throws std::invalid_argument for a bus id that is empty or longer than 31 bytes.
std::vector<std::byte> encode_device_list_request();
std::vector<std::byte> encode_import_request(std::string_view bus_id);
/// The bus id of an import request: what is before the first zero byte; nothing if there is none, or no bus id.
std::optional<std::string> decode_bus_id(std::span<const std::byte, kBusIdBytes> bytes);

/// The record of a device, without its interfaces.
std::vector<std::byte> encode_device(const Device& device);
Device decode_device(std::span<const std::byte, kDeviceBytes> bytes);
/// OP_REP_DEVLIST, whole.
std::vector<std::byte> encode_device_list(std::span<const Device> devices);
/// OP_REP_IMPORT, whole: the record follows only if the status is kOk.
std::vector<std::byte> encode_import_reply(Status status, const Device& device);
/// What follows the head of OP_REP_DEVLIST. Gives nothing as long as bytes are missing; throws ProtocolFault for more than kMaxDevices.
std::optional<std::vector<Device>> decode_device_list(std::span<const std::byte> bytes);

enum class Command : std::uint32_t { kSubmit = 1, kUnlink = 2, kSubmitReply = 3, kUnlinkReply = 4 };

/// The 48 bytes with which every message about a URB begins. Which members mean something depends on the command.
struct UrbHead {
  std::uint32_t command = 0;  ///< a Command, if we know it
  std::uint32_t sequence = 0;
  std::uint32_t device = 0;            ///< 0 in replies
  std::uint32_t direction = 0;         ///< 1 = IN; 0 in replies
  std::uint32_t endpoint = 0;          ///< without its direction bit; 0 in replies
  std::int32_t status = 0;             ///< replies: 0 or a negative errno
  std::uint32_t length = 0;            ///< kSubmit: room for, or number of bytes; kSubmitReply: bytes that were transferred
  std::uint32_t packets = 0xFFFFFFFF;  ///< of an isochronous transfer; 0 or all ones for others
  std::uint32_t victim = 0;            ///< kUnlink: whose end is wanted
  std::array<std::byte, 8> setup{};    ///< kSubmit to endpoint 0
  bool is_isochronous() const { return packets != 0 && packets != 0xFFFFFFFF; }
  friend bool operator==(const UrbHead&, const UrbHead&) = default;
};

/// Linux's errno values, which are those on the wire whatever system we are compiled for.
inline constexpr std::int32_t kStatusStall = -32, kStatusUnlinked = -104, kStatusShutdown = -108, kStatusNoDevice = -19,
                              kStatusShort = -121;

std::array<std::byte, kUrbHeadBytes> encode(const UrbHead& head);
UrbHead decode_urb_head(std::span<const std::byte, kUrbHeadBytes> bytes);

/// Where a board is: usbip:HOST[:PORT]/BUSID; an IPv6 address is put in brackets.
struct Address {
  std::string host;
  std::uint16_t port = kPort;
  std::string bus_id;
};
/// "usbip:HOST:PORT/BUSID".
std::string to_text(const Address& address);
/// Nothing if the text is no such address.
std::optional<Address> parse_address(std::string_view text);

}  // namespace spikeloop::firmware::usbip
