// SPDX-License-Identifier: Apache-2.0
// How fast a board is reached over USB/IP on 127.0.0.1, and in process: the round trip of a vendor request (median and 99th percentile),
// and bytes per second of a stream that never runs dry, by the bytes of a transfer, of which 8 are in flight. Prints one JSON object.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "firmware-interface/transport/usbip_transport.hpp"
#include "firmware-interface/virtual_board/loopback.hpp"
#include "firmware-interface/virtual_board/usbip_server.hpp"
#include "tests/firmware/counter_device.hpp"

namespace spikeloop::firmware {
namespace {

using std::chrono::steady_clock;

/// Always has a full packet.
class Source : public CounterDevice {
 public:
  bool bulk_ready(std::uint8_t) const override { return true; }
  std::size_t bulk_in(std::uint8_t, std::span<std::byte> into) override {
    std::ranges::fill(into, std::byte{0x55});
    return into.size();
  }
};

double seconds_since(steady_clock::time_point begin) { return std::chrono::duration<double>(steady_clock::now() - begin).count(); }

nlohmann::ordered_json measure(Transport& transport) {
  constexpr int kTrips = 20'000;
  std::vector<double> us(kTrips);
  std::array<std::byte, 64> answer{};
  transport.control_out({CounterDevice::kStore}, std::vector<std::byte>(64), kWatchdog);
  for (double& x : us) {
    const auto begin = steady_clock::now();
    transport.control_in({CounterDevice::kLoad}, answer, kWatchdog);
    x = seconds_since(begin) * 1e6;
  }
  std::ranges::sort(us);
  nlohmann::ordered_json result = {{"round_trip_us", us[kTrips / 2]}, {"round_trip_99_percent_us", us[kTrips * 99 / 100]}};

  std::vector<std::byte> buffer(1 << 18);
  for (const std::size_t bytes : {std::size_t{512}, std::size_t{8192}, std::size_t{131072}}) {
    transport.start_stream({.transfer_bytes = bytes});
    const std::uint64_t total = std::uint64_t{1} << (bytes == 512 ? 26 : 28);
    const auto begin = steady_clock::now();
    for (std::uint64_t got = 0; got < total;) got += transport.read_stream(buffer, kWatchdog);
    result["stream_mb_per_s"][std::to_string(bytes)] = static_cast<double>(total) / seconds_since(begin) / 1e6;
    transport.stop_stream();
    while (transport.read_stream(buffer, kWatchdog) > 0) {
    }
  }
  return result;
}

}  // namespace
}  // namespace spikeloop::firmware

int main() {
  using namespace spikeloop::firmware;
  nlohmann::ordered_json all;
  Loopback loopback(std::make_shared<Source>());
  all["loopback"] = measure(loopback);
  UsbipServer server({.port = 0});
  server.add("1-1", std::make_shared<Source>(), std::make_shared<WallClock>());
  UsbipTransport usbip({"127.0.0.1", server.port(), "1-1"});
  all["USB/IP"] = measure(usbip);
  std::cout << nlohmann::ordered_json{{"transports", all}}.dump(2) << "\n";
}
