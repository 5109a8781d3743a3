// SPDX-License-Identifier: Apache-2.0
#include <cerrno>

#include "tests/firmware/transport_contract.hpp"
#include "tests/firmware_usb/usb_fixture.hpp"

namespace spikeloop::firmware {
namespace {

/// Through libusb, with a thread that lets the device's time pass.
class OverLibusb {
 public:
  ~OverLibusb() {
    time_ = {};
    context_.reset();
    port_.reset();
  }
  std::unique_ptr<Transport> open(std::shared_ptr<CounterDevice> device) {
    device_ = std::move(device);
    port_.emplace(bed_, *device_);
    port_->plug();
    context_ = std::make_shared<UsbContext>();
    time_ = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        port_->with_device([&] { device_->advance(Milliseconds(1)); });
        std::this_thread::sleep_for(Milliseconds(1));
      }
    });
    return open_usb(std::exchange(context_, nullptr), {0x1209, 1, ""});
  }
  void make_gap() {
    constexpr std::uint8_t kStream = 0x82;
    port_->hold(kStream, true);
    for (bool ready = false; !ready;) port_->with_device([&] { ready = device_->bulk_ready(kStream); });
    port_->fail_next(kStream, EPROTO);
    port_->hold(kStream, false);
  }

 private:
  UsbfsBed bed_;
  std::shared_ptr<CounterDevice> device_;
  std::optional<UsbfsPort> port_;
  std::shared_ptr<UsbContext> context_;
  std::jthread time_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Libusb, TransportContract, OverLibusb);

}  // namespace
}  // namespace spikeloop::firmware
