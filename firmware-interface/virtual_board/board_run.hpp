// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "firmware-interface/virtual_board/device_clock.hpp"
#include "firmware-interface/virtual_board/usb_device.hpp"

namespace spikeloop::firmware {

/// A virtual board in use. Moves its time in steps so small that what it sends can be fetched between them, as a host controller would,
/// before its FIFO overflows. Not thread-safe, as the device is not.
class BoardRun {
 public:
  BoardRun(std::shared_ptr<UsbDevice> device, std::shared_ptr<DeviceClock> clock);

  UsbDevice& device() const { return *device_; }
  DeviceClock& clock() const { return *clock_; }

  /// Lets the time pass that the clock says, and calls `fetch` after each step, at least once. False if time is left, because `max_steps`
  /// were taken or `fetch` gave false; the next call goes on with it.
  bool advance(bool waiting, const std::function<bool()>& fetch, std::size_t max_steps = static_cast<std::size_t>(-1));
  /// Any control transfer; nothing = stall.
  std::optional<std::vector<std::byte>> control(const UsbSetup& setup, std::span<const std::byte> data);
  /// Moves packets from the endpoint's FIFO to a bulk IN transfer of `room` bytes. True when the transfer is over: full, or ended by a
  /// short packet. Until then it keeps what it has, as on a real bus, and the next call goes on with it.
  bool fill(std::uint8_t endpoint, std::vector<std::byte>& transfer, std::size_t room);
  /// The time until now is not simulated: nobody was there.
  void skip_time();
  /// As when the host lets go: the device is reset, and not configured.
  void reset();

 private:
  std::shared_ptr<UsbDevice> device_;
  std::shared_ptr<DeviceClock> clock_;
  std::array<std::size_t, 16> packet_bytes_{};  ///< by IN endpoint
  std::chrono::nanoseconds due_{};
  std::uint8_t configuration_ = 0;
};

}  // namespace spikeloop::firmware
