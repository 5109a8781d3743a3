// SPDX-License-Identifier: Apache-2.0
#include "tests/firmware/counter_device.hpp"

#include <algorithm>

namespace spikeloop::firmware {

using std::chrono::nanoseconds;

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (const int x : values) bytes.push_back(static_cast<std::byte>(x));
  return bytes;
}

CounterDevice::CounterDevice(const Options& options) : options_(options) {
  descriptors_.device = bytes_of({18, 1, 0x00, 0x02, 0xFF, 0, 0, 64, 0x09, 0x12, 0x01, 0x00, 0x34, 0x12, 1, 2, 3, 1});
  descriptors_.configurations = {bytes_of({9, 2, 25,   0, 1,    1,    0, 0x80, 50,  // configuration 1
                                           9, 4, 0,    0, 1,    0xFF, 1, 2,    0,   // interface 0
                                           7, 5, 0x82, 2, 0x00, 0x02, 0})};         // bulk IN, 512 bytes
  descriptors_.strings = {"Test Bench", "Counter", "C0001"};
}

std::optional<std::vector<std::byte>> CounterDevice::control(const UsbSetup& setup, std::span<const std::byte> data) {
  if (!setup.is_in() && setup.request == kStore)
    register_.assign(data.begin(), data.end());
  else if (setup.is_in() && setup.request == kLoad)
    return register_;
  else if (!setup.is_in() && (setup.request == kStart || setup.request == kStop))
    running_ = setup.request == kStart;
  else
    return std::nullopt;
  return std::vector<std::byte>{};
}

bool CounterDevice::bulk_ready(std::uint8_t endpoint) const {
  if (endpoint != 0x82 || fifo_.empty()) return false;
  const bool early = now_ - last_sent_ >= std::chrono::microseconds(500) || next_ == options_.total;
  return fifo_.size() >= 512 || early;
}

std::size_t CounterDevice::bulk_in(std::uint8_t endpoint, std::span<std::byte> into) {
  if (endpoint != 0x82) return 0;
  const std::size_t n = std::min(into.size(), fifo_.size());
  std::copy_n(fifo_.begin(), n, into.begin());
  fifo_.erase(fifo_.begin(), fifo_.begin() + static_cast<std::ptrdiff_t>(n));
  last_sent_ = now_;
  return n;
}

void CounterDevice::reset() {
  ++resets_;
  configuration_ = 0;
  running_ = false;
  fifo_.clear();
}

void CounterDevice::advance(nanoseconds time) {
  now_ += time;
  if (!running_) return;
  owed_ += time;
  const nanoseconds each{static_cast<std::int64_t>(1'000'000'000 / options_.per_second)};
  for (; owed_ >= each && next_ < options_.total; owed_ -= each) {
    const bool full = fifo_.size() + 8 > options_.fifo_bytes;
    if (full && options_.waits) {
      owed_ = {};
      return;
    }
    if (full) ++dropped_;
    for (int shift = 0; !full && shift < 64; shift += 8) fifo_.push_back(static_cast<std::byte>(next_ >> shift));
    ++next_;
  }
}

void CounterCheck::take(std::span<const std::byte> bytes) {
  for (const std::byte byte : bytes) {
    partial_.push_back(byte);
    if (partial_.size() < 8) continue;
    std::uint64_t counter = 0;
    for (std::size_t i = 0; i < 8; ++i) counter |= std::to_integer<std::uint64_t>(partial_[i]) << (8 * i);
    partial_.clear();
    ++counters_;
    if (counter < next_)
      in_order_ = false;
    else
      missing_ += counter - next_;
    next_ = counter + 1;
  }
}

std::uint64_t read_counters(Transport& transport, CounterCheck& check, std::uint64_t bytes) {
  std::vector<std::byte> buffer(16384);
  std::uint64_t got = 0;
  while (got < bytes) {
    const std::size_t n = transport.read_stream(buffer, kWatchdog);
    if (n == 0) break;
    check.take(std::span(buffer).first(n));
    got += n;
  }
  return got;
}

}  // namespace spikeloop::firmware
