// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/virtual_board/usb_device.hpp"

#include <gtest/gtest.h>

namespace spikeloop::firmware {
namespace {

TEST(UsbSetup, IsLittleEndianOnTheWire) {
  const UsbSetup setup{0xC0, 0xBF, 0x0102, 0x0304, 0x0506};
  const auto bytes = encode_setup(setup);
  EXPECT_EQ(bytes, (std::array<std::byte, 8>{std::byte{0xC0}, std::byte{0xBF}, std::byte{2}, std::byte{1}, std::byte{4}, std::byte{3},
                                             std::byte{6}, std::byte{5}}));
  const UsbSetup back = decode_setup(bytes);
  EXPECT_TRUE(back.is_in());
  EXPECT_EQ(back.value, 0x0102);
  EXPECT_EQ(back.index, 0x0304);
  EXPECT_EQ(back.length, 0x0506);
}

}  // namespace
}  // namespace spikeloop::firmware
