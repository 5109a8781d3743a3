// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/usb_errors.hpp"

#include <gtest/gtest.h>
#include <libusb-1.0/libusb.h>

namespace spikeloop::firmware {
namespace {

template <class Fault>
void expect_fault(int code) {
  try {
    throw_usb_error(code, "open board 1-2", "caer-bin (process 12)");
  } catch (const Fault& fault) {
    EXPECT_NE(std::string(fault.what()).find("open board 1-2"), std::string::npos) << fault.what();
    EXPECT_FALSE(fault.advice().empty()) << code;
    return;
  } catch (const std::exception& other) {
    FAIL() << code << " gave another fault: " << other.what();
  }
}

TEST(UsbErrors, EachIsAFaultOfItsKindWithAdvice) {
  expect_fault<NoPermission>(LIBUSB_ERROR_ACCESS);
  expect_fault<Busy>(LIBUSB_ERROR_BUSY);
  expect_fault<DeviceLost>(LIBUSB_ERROR_NO_DEVICE);
  expect_fault<NotFound>(LIBUSB_ERROR_NOT_FOUND);
  expect_fault<TimedOut>(LIBUSB_ERROR_TIMEOUT);
  expect_fault<Stalled>(LIBUSB_ERROR_PIPE);
  expect_fault<ProtocolFault>(LIBUSB_ERROR_OVERFLOW);
  expect_fault<ProtocolFault>(LIBUSB_ERROR_IO);
  for (const int code : std::initializer_list<int>{LIBUSB_ERROR_NO_MEM, LIBUSB_ERROR_NOT_SUPPORTED, LIBUSB_ERROR_INTERRUPTED,
                                                   LIBUSB_ERROR_INVALID_PARAM, LIBUSB_ERROR_OTHER, -1000})
    expect_fault<DeviceFault>(code);
}

TEST(UsbErrors, ABusyDeviceIsReportedWithWhoHasIt) {
  try {
    throw_usb_error(LIBUSB_ERROR_BUSY, "claim board 1-2", "caer-bin (process 12)");
  } catch (const Busy& fault) {
    EXPECT_STREQ(fault.what(), "cannot claim board 1-2: it is in use by caer-bin (process 12)");
    EXPECT_NE(fault.advice().find("caer-bin (process 12)"), std::string::npos);
  }
}

TEST(UsbErrors, ATransferEndsWithTheErrorThatItsStatusMeans) {
  EXPECT_EQ(usb_error_of(LIBUSB_TRANSFER_COMPLETED), LIBUSB_SUCCESS);
  EXPECT_EQ(usb_error_of(LIBUSB_TRANSFER_ERROR), LIBUSB_ERROR_IO);
  EXPECT_EQ(usb_error_of(LIBUSB_TRANSFER_TIMED_OUT), LIBUSB_ERROR_TIMEOUT);
  EXPECT_EQ(usb_error_of(LIBUSB_TRANSFER_CANCELLED), LIBUSB_ERROR_TIMEOUT);
  EXPECT_EQ(usb_error_of(LIBUSB_TRANSFER_STALL), LIBUSB_ERROR_PIPE);
  EXPECT_EQ(usb_error_of(LIBUSB_TRANSFER_NO_DEVICE), LIBUSB_ERROR_NO_DEVICE);
  EXPECT_EQ(usb_error_of(LIBUSB_TRANSFER_OVERFLOW), LIBUSB_ERROR_OVERFLOW);
}

}  // namespace
}  // namespace spikeloop::firmware
