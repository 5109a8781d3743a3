// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>

#include "firmware-interface/virtual_board/usb_device.hpp"

namespace spikeloop::firmware {

/// A device with the identity of a DYNAP-SE1 and one bulk IN endpoint, that sends what a test gives it. Vendor requests: kStore keeps what
/// is written, kLoad gives it back, all others are stalled.
class FakeBoard : public UsbDevice {
 public:
  static constexpr std::uint8_t kStore = 0x10, kLoad = 0x11, kStream = 0x82;

  explicit FakeBoard(const std::string& serial = "00000008");
  /// Sends bytes in packets of 512; a last one that is not full ends a host's transfer.
  void send(std::span<const std::byte> bytes);

  const UsbDescriptors& descriptors() const override { return descriptors_; }
  std::optional<std::vector<std::byte>> control(const UsbSetup& setup, std::span<const std::byte> data) override;
  std::size_t bulk_in(std::uint8_t endpoint, std::span<std::byte> into) override;
  bool bulk_ready(std::uint8_t) const override { return !packets_.empty(); }
  void configured(std::uint8_t) override {}
  void reset() override { packets_.clear(); }
  void advance(std::chrono::nanoseconds) override {}

 private:
  UsbDescriptors descriptors_;
  std::vector<std::byte> stored_;
  std::deque<std::vector<std::byte>> packets_;
};

}  // namespace spikeloop::firmware
