// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/virtual_board/board_run.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace spikeloop::firmware {
namespace {

// At 35 MB/s, the most that the board's USB chip sends, its FIFO of 2 KiB fills up in 58 us.
constexpr std::chrono::nanoseconds kStep = std::chrono::microseconds(50);
constexpr std::size_t kHighSpeedPacketBytes = 512;

}  // namespace

BoardRun::BoardRun(std::shared_ptr<UsbDevice> device, std::shared_ptr<DeviceClock> clock)
    : device_(std::move(device)), clock_(std::move(clock)) {
  if (!device_ || !clock_) throw std::invalid_argument("a virtual board needs a device and a clock");
  packet_bytes_.fill(kHighSpeedPacketBytes);
  for (const auto& c : device_->descriptors().configurations) {
    const auto octet = [&](std::size_t i) { return i < c.size() ? std::to_integer<std::size_t>(c[i]) : std::size_t{0}; };
    for (std::size_t at = 0; octet(at) >= 2; at += octet(at)) {
      const std::size_t bytes = (octet(at + 4) | octet(at + 5) << 8) & 0x7FF;
      const bool is_in = octet(at + 1) == static_cast<std::size_t>(DescriptorType::kEndpoint) && (octet(at + 2) & 0x80) != 0;
      if (is_in && bytes > 0) packet_bytes_.at(octet(at + 2) & 0x0F) = bytes;
    }
  }
}

bool BoardRun::advance(bool waiting, const std::function<void()>& fetch, std::size_t max_steps) {
  due_ += clock_->take(waiting);
  fetch();
  for (; due_.count() > 0 && max_steps > 0; --max_steps) {
    const auto step = std::min(due_, kStep);
    device_->advance(step);
    due_ -= step;
    fetch();
  }
  return due_.count() <= 0;
}

std::optional<std::vector<std::byte>> BoardRun::control(const UsbSetup& setup, std::span<const std::byte> data) {
  return answer_control(*device_, configuration_, setup, data);
}

bool BoardRun::fill(std::uint8_t endpoint, std::vector<std::byte>& transfer, std::size_t room) {
  const std::size_t packet = packet_bytes_.at(endpoint & 0x0FU);
  while (transfer.size() < room && device_->bulk_ready(endpoint)) {
    const std::size_t begin = transfer.size(), want = std::min(packet, room - begin);
    transfer.resize(begin + want);
    const std::size_t n = device_->bulk_in(endpoint, std::span(transfer).subspan(begin));
    transfer.resize(begin + n);
    if (n == 0) return false;
    if (n < want) return true;
  }
  return transfer.size() == room;
}

void BoardRun::skip_time() {
  clock_->take(false);
  due_ = {};
}

void BoardRun::reset() {
  configuration_ = 0;
  device_->reset();
}

}  // namespace spikeloop::firmware
