// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/faulty_transport.hpp"
#include "firmware-interface/transport/usbip_transport.hpp"
#include "firmware-interface/virtual_board/loopback.hpp"
#include "firmware-interface/virtual_board/usbip_server.hpp"
#include "tests/firmware/transport_contract.hpp"
#include "tests/firmware/usbip_relay.hpp"

namespace spikeloop::firmware {
namespace {

/// Opens a counter device in process.
struct InProcess {
  std::unique_ptr<Transport> open(std::shared_ptr<CounterDevice> device) { return std::make_unique<Loopback>(std::move(device), clock); }
  std::shared_ptr<DeviceClock> clock = std::make_shared<WallClock>();
};

/// Over USB/IP, past one who can make gaps.
struct OverUsbip {
  std::unique_ptr<Transport> open(std::shared_ptr<CounterDevice> device) {
    server.add("1-1", std::move(device), std::make_shared<WallClock>());
    return std::make_unique<UsbipTransport>(usbip::Address{"127.0.0.1", relay.port(), "1-1"}, kWatchdog);
  }
  void make_gap() { relay.make_gap(); }
  UsbipServer server{{.port = 0}};
  UsbipRelay relay{server.port()};
};

/// Through a fault injector that injects none, over USB/IP.
struct Faultless : OverUsbip {
  std::unique_ptr<Transport> open(std::shared_ptr<CounterDevice> device) {
    return std::make_unique<FaultyTransport>(OverUsbip::open(std::move(device)), FaultScript{});
  }
};

struct Names {
  template <class T>
  static std::string GetName(int) {  // NOLINT(readability-identifier-naming): gtest's
    return std::is_same_v<T, InProcess> ? "loopback" : std::is_same_v<T, Faultless> ? "faulty" : "usbip";
  }
};
using Ways = testing::Types<InProcess, Faultless, OverUsbip>;
INSTANTIATE_TYPED_TEST_SUITE_P(Transports, TransportContract, Ways, Names);

}  // namespace
}  // namespace spikeloop::firmware
