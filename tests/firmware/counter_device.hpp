// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <span>
#include <vector>

#include "firmware-interface/transport/transport.hpp"
#include "firmware-interface/virtual_board/usb_device.hpp"

namespace spikeloop::firmware {

/// The smallest board that can be tested: it streams 64-bit counters (little endian) on endpoint 0x82, and echoes a register.
class CounterDevice : public UsbDevice {
 public:
  static constexpr std::uint8_t kStore = 0x10, kLoad = 0x11, kStart = 0x20, kStop = 0x21;

  struct Options {
    std::uint64_t per_second = 1'000'000;
    std::uint64_t total = std::numeric_limits<std::uint64_t>::max();
    std::size_t fifo_bytes = 2048;
    bool waits = false;  ///< a full FIFO stops the counter; otherwise counters are dropped
  };
  CounterDevice() : CounterDevice(Options{}) {}
  explicit CounterDevice(const Options& options);

  const UsbDescriptors& descriptors() const override { return descriptors_; }
  std::optional<std::vector<std::byte>> control(const UsbSetup& setup, std::span<const std::byte> data) override;
  std::size_t bulk_in(std::uint8_t endpoint, std::span<std::byte> into) override;
  bool bulk_ready(std::uint8_t endpoint) const override;
  void configured(std::uint8_t configuration) override { configuration_ = configuration; }
  void reset() override;
  void advance(std::chrono::nanoseconds time) override;

  // For tests that hold the device; only while nobody serves it on another thread.
  std::uint64_t produced() const { return next_; }
  std::uint64_t dropped() const { return dropped_; }
  std::chrono::nanoseconds now() const { return now_; }
  int configuration() const { return configuration_; }
  int resets() const { return resets_; }
  const std::vector<std::byte>& stored() const { return register_; }

 private:
  const Options options_;
  UsbDescriptors descriptors_;
  std::vector<std::byte> register_;
  std::deque<std::byte> fifo_;
  std::uint64_t next_ = 0, dropped_ = 0;
  std::chrono::nanoseconds now_{}, last_sent_{}, owed_{};
  bool running_ = false;
  int configuration_ = -1, resets_ = 0;
};

/// Puts counters together from pieces of a stream, and looks at their order.
class CounterCheck {
 public:
  void take(std::span<const std::byte> bytes);
  std::uint64_t counters() const { return counters_; }
  /// How many counters are missing before the last one that came.
  std::uint64_t missing() const { return missing_; }
  /// True if each was larger than the one before.
  bool in_order() const { return in_order_; }
  std::size_t left_over() const { return partial_.size(); }

 private:
  std::vector<std::byte> partial_;
  std::uint64_t counters_ = 0, missing_ = 0, next_ = 0;
  bool in_order_ = true;
};

/// Reads until `bytes` have come, or nothing comes any more; gives how many came.
std::uint64_t read_counters(Transport& transport, CounterCheck& check, std::uint64_t bytes);

/// For what must come: a watchdog, no verdict.
inline constexpr Milliseconds kWatchdog{30'000};

std::vector<std::byte> bytes_of(std::initializer_list<int> values);

}  // namespace spikeloop::firmware
