// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/usbip_wire.hpp"

#include <gtest/gtest.h>

#include "firmware-interface/transport/errors.hpp"
#include "tests/firmware/counter_device.hpp"

namespace spikeloop::firmware::usbip {
namespace {

using Bytes = std::vector<std::byte>;

template <class Array>
Bytes to_bytes(const Array& a) {
  return {a.begin(), a.end()};
}

TEST(UsbipWire, OperationsAreAsDocumented) {
  EXPECT_EQ(encode_device_list_request(), bytes_of({0x01, 0x11, 0x80, 0x05, 0, 0, 0, 0}));
  Bytes import = bytes_of({0x01, 0x11, 0x80, 0x03, 0, 0, 0, 0, '3', '-', '2'});
  import.resize(40);
  EXPECT_EQ(encode_import_request("3-2"), import);
  EXPECT_EQ(decode_bus_id(std::span(import).subspan<8, 32>()), "3-2");
  EXPECT_EQ(encode_import_reply(Status::kBusy, {}), bytes_of({0x01, 0x11, 0, 3, 0, 0, 0, 2}));
  EXPECT_THROW(encode_import_request(""), std::invalid_argument);
  EXPECT_THROW(encode_import_request(std::string(32, 'x')), std::invalid_argument);
}

TEST(UsbipWire, ABusIdNeedsItsEnd) {
  Bytes field(32, std::byte{'x'});
  EXPECT_FALSE(decode_bus_id(std::span(field).first<32>()));
  field.assign(32, std::byte{0});
  EXPECT_FALSE(decode_bus_id(std::span(field).first<32>()));
}

Device sample() {
  Device d;
  d.path = "/sys/devices/virtual/1-1";
  d.bus_id = "1-1";
  d.bus_number = 1;
  d.device_number = 2;
  d.speed = 3;
  d.vendor = 0x152A;
  d.product = 0x841D;
  d.version = 0x0100;
  d.device_class = 0xFF;
  d.configuration = d.configurations = d.interface_count = 1;
  d.interfaces = {{0xFF, 1, 2}};
  return d;
}

TEST(UsbipWire, ADeviceIsAtItsDocumentedOffsets) {
  const Bytes bytes = encode_device(sample());
  ASSERT_EQ(bytes.size(), 312U);
  EXPECT_EQ(bytes[0], std::byte{'/'});
  EXPECT_EQ(bytes[256], std::byte{'1'});
  const Bytes numbers(bytes.begin() + 288, bytes.end());
  EXPECT_EQ(numbers, bytes_of({0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0x15, 0x2A, 0x84, 0x1D, 0x01, 0x00, 0xFF, 0, 0, 1, 1, 1}));
  Device without = sample();
  without.interfaces.clear();
  EXPECT_EQ(decode_device(std::span(bytes).first<312>()), without);
  EXPECT_EQ(sample().id(), 0x00010002U);
}

TEST(UsbipWire, ListsComeBackAndAreWaitedForToTheirEnd) {
  const std::vector<Device> devices = {sample(), sample()};
  const Bytes reply = encode_device_list(devices);
  const auto body = std::span(reply).subspan(8);
  EXPECT_EQ(reply.size(), 12 + 2 * (312 + 4));
  EXPECT_EQ(decode_device_list(body), devices);
  for (std::size_t n = 0; n < body.size(); ++n) EXPECT_FALSE(decode_device_list(body.first(n)));
  EXPECT_THROW(decode_device_list(bytes_of({0x7F, 0, 0, 0})), ProtocolFault);
}

TEST(UsbipWire, UrbHeadsAreAsDocumented) {
  UrbHead submit;
  submit.command = 1;
  submit.sequence = 0x0102;
  submit.device = 0x00010002;
  submit.direction = 1;
  submit.endpoint = 2;
  submit.length = 0x2000;
  submit.setup = {std::byte{0xC0}, std::byte{0xBF}};
  Bytes bytes = bytes_of({0, 0, 0,    1, 0, 0, 1, 2, 0,    1,    0,    2,    0, 0, 0, 1, 0,    0,    0, 2, 0, 0, 0, 0,
                          0, 0, 0x20, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0xC0, 0xBF, 0, 0, 0, 0, 0, 0});
  EXPECT_EQ(to_bytes(encode(submit)), bytes);
  EXPECT_EQ(decode_urb_head(std::span(bytes).first<48>()), submit);

  UrbHead reply;
  reply.command = 3;
  reply.sequence = 7;
  reply.status = kStatusStall;
  reply.length = 5;
  bytes = bytes_of({0, 0, 0, 3, 0, 0, 0, 7, 0,    0,    0,    0,    0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xE0,
                    0, 0, 0, 5, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0,    0,    0,    0});
  EXPECT_EQ(to_bytes(encode(reply)), bytes);
  EXPECT_EQ(decode_urb_head(std::span(bytes).first<48>()), reply);

  UrbHead unlink;
  unlink.command = 2;
  unlink.sequence = 9;
  unlink.victim = 7;
  EXPECT_EQ(encode(unlink)[23], std::byte{7});
  EXPECT_EQ(decode_urb_head(encode(unlink)), unlink);
  UrbHead unlinked;
  unlinked.command = 4;
  unlinked.sequence = 9;
  unlinked.status = kStatusUnlinked;
  EXPECT_EQ(encode(unlinked)[23], std::byte{0x98});
  EXPECT_EQ(decode_urb_head(encode(unlinked)), unlinked);
}

TEST(UsbipAddress, IsReadAndWritten) {
  const auto read = [](std::string_view text) {
    const auto a = parse_address(text);
    return a ? to_text(*a) : std::string("none");
  };
  EXPECT_EQ(read("usbip:lab.example:4000/1-1"), "usbip:lab.example:4000/1-1");
  EXPECT_EQ(read("usbip:127.0.0.1/3-2.1"), "usbip:127.0.0.1:3240/3-2.1");
  EXPECT_EQ(read("usbip:[::1]:99/1-1"), "usbip:[::1]:99/1-1");
  EXPECT_EQ(read("usbip:[::1]/1-1"), "usbip:[::1]:3240/1-1");
  for (const char* bad : {"", "usbip:", "usbip:h", "usbip:h/", "usbip:/1-1", "usbip:h:0/1", "usbip:h:x/1", "usbip:h:70000/1",
                          "usbip:[::1/1", "usbip:[]/1", "usbip:[[a]/1", "usbip:a]/1", "virtual", "1-1"})
    EXPECT_EQ(read(bad), "none") << bad;
}

}  // namespace
}  // namespace spikeloop::firmware::usbip
