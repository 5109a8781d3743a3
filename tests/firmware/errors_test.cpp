// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/errors.hpp"

#include <gtest/gtest.h>

#include "firmware-interface/transport/replay_transport.hpp"
#include "firmware-interface/virtual_board/usbip_server.hpp"

namespace spikeloop::firmware {
namespace {

template <class Fault>
class EveryFault : public testing::Test {};

using Faults = testing::Types<DeviceFault, NotFound, NoPermission, LibraryMissing, Busy, WrongDevice, TimedOut, Stalled, DeviceLost,
                              ProtocolFault, ReplayMismatch, WouldExpose>;
TYPED_TEST_SUITE(EveryFault, Faults);

TYPED_TEST(EveryFault, SaysWhatToDoEvenWhereTheThrowerDoesNot) {
  EXPECT_GT(TypeParam("it broke").advice().size(), 10U);
  EXPECT_EQ(TypeParam("it broke", "mend it").advice(), "mend it");
  EXPECT_STREQ(TypeParam("it broke").what(), "it broke");
}

}  // namespace
}  // namespace spikeloop::firmware
