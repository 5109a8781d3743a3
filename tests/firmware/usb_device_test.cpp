// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/virtual_board/usb_device.hpp"

#include <gtest/gtest.h>

#include "tests/firmware/counter_device.hpp"

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

/// Answers of the counter device, with its configuration.
class StandardRequests : public testing::Test {
 protected:
  std::optional<std::vector<std::byte>> ask(const UsbSetup& setup) { return answer_control(device_, configuration_, setup, {}); }
  void configure() { ASSERT_TRUE(ask({0x00, 9, 1, 0, 0})); }

  CounterDevice device_;
  std::uint8_t configuration_ = 0;
};

TEST_F(StandardRequests, GiveDescriptorsCutToTheLengthAskedFor) {
  EXPECT_EQ(ask(get_descriptor(DescriptorType::kDevice, 0, 64)), device_.descriptors().device);
  EXPECT_EQ(ask(get_descriptor(DescriptorType::kDevice, 0, 8))->size(), 8U);
  EXPECT_EQ(ask(get_descriptor(DescriptorType::kConfiguration, 0, 255)), device_.descriptors().configurations[0]);
  EXPECT_FALSE(ask(get_descriptor(DescriptorType::kConfiguration, 1, 255)));
  EXPECT_FALSE(ask({0x80, 6, 0x0600, 0, 10}));  // device qualifier: there is none
}

TEST_F(StandardRequests, GiveStringsInUtf16) {
  EXPECT_EQ(ask(get_descriptor(DescriptorType::kString, 0, 255)), bytes_of({4, 3, 0x09, 0x04}));
  EXPECT_EQ(ask(get_descriptor(DescriptorType::kString, 3, 255)), bytes_of({12, 3, 'C', 0, '0', 0, '0', 0, '0', 0, '1', 0}));
  EXPECT_FALSE(ask(get_descriptor(DescriptorType::kString, 4, 255)));
}

TEST_F(StandardRequests, ChooseAConfiguration) {
  EXPECT_EQ(ask({0x80, 8, 0, 0, 1}), bytes_of({0}));
  EXPECT_FALSE(ask({0x00, 9, 2, 0, 0}));  // there is no configuration 2
  EXPECT_EQ(device_.configuration(), -1);
  configure();
  EXPECT_EQ(device_.configuration(), 1);
  EXPECT_EQ(ask({0x80, 8, 0, 0, 1}), bytes_of({1}));
  EXPECT_TRUE(ask({0x00, 9, 0, 0, 0}));
  EXPECT_EQ(configuration_, 0);
}

TEST_F(StandardRequests, KnowInterfacesAndEndpointsOfTheConfigurationOnly) {
  EXPECT_FALSE(ask({0x81, 10, 0, 0, 1}));  // not configured
  configure();
  EXPECT_EQ(ask({0x81, 10, 0, 0, 1}), bytes_of({0}));
  EXPECT_FALSE(ask({0x81, 10, 0, 1, 1}));
  EXPECT_TRUE(ask({0x01, 11, 0, 0, 0}));
  EXPECT_FALSE(ask({0x01, 11, 1, 0, 0}));  // no alternate setting 1
  EXPECT_TRUE(ask({0x02, 1, 0, 0x82, 0}));
  EXPECT_FALSE(ask({0x02, 1, 0, 0x81, 0}));
  EXPECT_EQ(ask({0x80, 0, 0, 0, 2}), bytes_of({0, 0}));
  EXPECT_EQ(ask({0x82, 0, 0, 0x82, 2}), bytes_of({0, 0}));
}

TEST_F(StandardRequests, UnknownOnesStallAndVendorOnesReachTheDevice) {
  EXPECT_FALSE(ask({0x00, 3, 1, 0, 0}));
  EXPECT_FALSE(ask({0x80, 12, 0, 0, 2}));
  const auto data = bytes_of({1, 2, 3});
  EXPECT_TRUE(answer_control(device_, configuration_, {0x40, CounterDevice::kStore, 0, 0, 3}, data));
  EXPECT_EQ(ask({0xC0, CounterDevice::kLoad, 0, 0, 2}), bytes_of({1, 2}));
  EXPECT_FALSE(ask({0xC0, 0x77, 0, 0, 2}));
}

}  // namespace
}  // namespace spikeloop::firmware
