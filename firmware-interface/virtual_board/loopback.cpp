// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/virtual_board/loopback.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "firmware-interface/transport/checks.hpp"
#include "firmware-interface/transport/usb_identity.hpp"

namespace spikeloop::firmware {

Loopback::Loopback(std::shared_ptr<UsbDevice> device, std::shared_ptr<DeviceClock> clock, std::string location)
    : run_(std::move(device), std::move(clock)) {
  run_.skip_time();
  const auto ask = [&](const UsbSetup& setup) { return transfer(setup, {}); };
  identity_ = read_identity(ask, std::move(location));
  transfer(first_configuration(ask, identity_.location), {});
}

Loopback::~Loopback() { close(); }

void Loopback::check_alive() const {
  const End how = end_;
  if (how == End::kUnplugged) throw DeviceLost(identity_.location + ": the device was unplugged");
  if (how == End::kClosed) throw DeviceLost(identity_.location + ": the connection was closed");
}

void Loopback::fetch() {
  for (std::size_t i = 0; streaming_ && i < stream_.transfers; ++i) {
    if (arrived_.size() + stream_.transfer_bytes > kMaxWaitingBytes) return;
    if (!run_.fill(stream_.endpoint, transfer_, stream_.transfer_bytes)) return;
    deliver();
  }
}

void Loopback::deliver() {
  arrived_.push(transfer_);
  transfer_.clear();
}

void Loopback::catch_up(bool waiting) {
  run_.advance(waiting, [this] { fetch(); });
}

std::vector<std::byte> Loopback::transfer(const UsbSetup& setup, std::span<const std::byte> data) {
  auto answer = run_.control(setup, data);
  if (answer) return std::move(*answer);
  throw Stalled(fmt::format("{}: the device refused {}", identity_.location, describe({setup.request, setup.value, setup.index})));
}

void Loopback::control_out(ControlRequest request, std::span<const std::byte> data, Milliseconds) {
  check_control_size(data.size());
  const std::scoped_lock lock(mutex_);
  check_alive();
  catch_up(true);
  transfer({kVendorOut, request.request, request.value, request.index, static_cast<std::uint16_t>(data.size())}, data);
}

std::size_t Loopback::control_in(ControlRequest request, std::span<std::byte> into, Milliseconds) {
  check_control_size(into.size());
  const std::scoped_lock lock(mutex_);
  check_alive();
  catch_up(true);
  const auto answer = transfer({kVendorIn, request.request, request.value, request.index, static_cast<std::uint16_t>(into.size())}, {});
  std::copy(answer.begin(), answer.end(), into.begin());
  return answer.size();
}

void Loopback::start_stream(const StreamOptions& options) {
  check_stream_options(options);
  const std::scoped_lock lock(mutex_);
  check_alive();
  catch_up(false);
  deliver();
  stream_ = options;
  streaming_ = true;
}

void Loopback::stop_stream() {
  const std::scoped_lock lock(mutex_);
  check_alive();
  catch_up(false);
  deliver();
  streaming_ = false;
}

std::size_t Loopback::read_stream(std::span<std::byte> into, Milliseconds timeout) {
  std::unique_lock lock(mutex_);
  DeviceClock& clock = run_.clock();
  const auto begin = clock.host_now();
  timeout = bounded(timeout);
  for (bool waiting = false;; waiting = true) {
    if (end_ == End::kNone) catch_up(waiting && arrived_.empty());
    if (end_ != End::kClosed && !arrived_.empty()) return arrived_.pop(into);
    check_alive();
    if (!streaming_ || into.empty()) return 0;
    if (waiting && clock.host_now() - begin >= timeout) return 0;
    if (waiting && clock.pause().count() > 0)
      changed_.wait_for(lock, std::min(clock.pause(), timeout - (clock.host_now() - begin)), [&] { return end_ != End::kNone; });
  }
}

void Loopback::end(End how) noexcept {
  End alive = End::kNone;
  if (how == End::kClosed)
    end_ = how;
  else
    end_.compare_exchange_strong(alive, how);
  {
    const std::scoped_lock lock(mutex_);  // a reader between its check and its wait would miss the notice
    streaming_ = false;
  }
  changed_.notify_all();
}

void Loopback::unplug() {
  {
    const std::scoped_lock lock(mutex_);
    deliver();
  }
  end(End::kUnplugged);
}

void Loopback::close() noexcept { end(End::kClosed); }

}  // namespace spikeloop::firmware
