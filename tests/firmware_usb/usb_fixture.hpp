// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "firmware-interface/transport/usb_ids.hpp"
#include "firmware-interface/transport/usb_transport.hpp"
#include "tests/firmware_usb/fake_board.hpp"
#include "tests/firmware_usb/usbfs.hpp"

namespace spikeloop::firmware {

/// One fake board in a socket of a faked bus, and a libusb context of our own. A test that hangs is killed after 30 s.
class UsbTest : public ::testing::Test {
 protected:
  static constexpr Milliseconds kLong{20'000};  // never reached but by a fault
  static constexpr Milliseconds kShort{30};     // waited for in full
  static constexpr UsbBoardId kId = kUsbBoards[0];

  UsbTest() { ::alarm(30); }
  ~UsbTest() override { ::alarm(0); }

  // A cancel that is forgotten must meet the watchdog, hence the long grace.
  static inline const UsbOptions kOptions{.unplug_grace = kShort, .cancel_grace = 3 * kLong};

  std::unique_ptr<UsbTransport> open(const std::string& which = "", const UsbOptions& options = kOptions) {
    return open_usb(context_, {kId.vendor, kId.product, which}, options);
  }
  /// Plugs the board in and waits until libusb has seen it.
  void plug() {
    UsbWatch watch(context_, kId.vendor, kId.product);
    port_.plug();
    ASSERT_TRUE(watch.next(kLong).has_value());
  }
  void send(const std::vector<std::byte>& bytes) {
    port_.with_device([&] { board_.send(bytes); });
  }
  /// Waits for what another thread brings about.
  template <class Condition>
  static void eventually(Condition condition) {
    while (!condition()) std::this_thread::sleep_for(Milliseconds(1));
  }
  /// Reads until the stream gives nothing within `patience`, or throws.
  static std::vector<std::byte> read_all(Transport& board, std::size_t wanted) {
    std::vector<std::byte> all, part(5000);
    while (all.size() < wanted) {
      const std::size_t n = board.read_stream(part, kLong);
      if (n == 0) break;
      all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(n));
    }
    return all;
  }
  /// Bytes that differ from place to place, with no period that transfers or packets have.
  static std::vector<std::byte> pattern(std::size_t n) {
    std::vector<std::byte> bytes(n);
    for (std::size_t i = 0; i < n; ++i) bytes[i] = static_cast<std::byte>(i * 7 + i / 251);
    return bytes;
  }

  UsbfsBed bed_;
  FakeBoard board_;
  UsbfsPort port_{bed_, board_};
  std::shared_ptr<UsbContext> context_ = std::make_shared<UsbContext>();
};

}  // namespace spikeloop::firmware
