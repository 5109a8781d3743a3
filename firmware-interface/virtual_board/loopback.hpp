// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "firmware-interface/transport/byte_queue.hpp"
#include "firmware-interface/transport/transport.hpp"
#include "firmware-interface/virtual_board/board_run.hpp"

namespace spikeloop::firmware {

/// A transport to a virtual board in the same process. There is no thread behind it: each call first lets the board catch up with its
/// clock, and fetches on the way what transfers in flight would have fetched. With a FreeClock a run is the same every time.
class Loopback : public Transport {
 public:
  /// Configures the device, as an operating system does. The device may be used again when this is gone.
  explicit Loopback(std::shared_ptr<UsbDevice> device, std::shared_ptr<DeviceClock> clock = std::make_shared<FreeClock>(),
                    std::string location = "virtual");
  ~Loopback() override;

  const DeviceIdentity& identity() const override { return identity_; }
  void control_out(ControlRequest request, std::span<const std::byte> data, Milliseconds timeout) override;
  std::size_t control_in(ControlRequest request, std::span<std::byte> into, Milliseconds timeout) override;
  void start_stream(const StreamOptions& options) override;
  void stop_stream() override;
  std::size_t read_stream(std::span<std::byte> into, Milliseconds timeout) override;
  void close() noexcept override;

  /// The cable is pulled: what has arrived can still be read, then every call throws DeviceLost. From any thread.
  void unplug();

 private:
  enum class End { kNone, kUnplugged, kClosed };

  void check_alive() const;
  void catch_up(bool waiting);
  void fetch();
  void deliver();
  void end(End how) noexcept;
  std::vector<std::byte> transfer(const UsbSetup& setup, std::span<const std::byte> data);

  std::mutex mutex_;  ///< guards all below except `end_`
  std::condition_variable changed_;
  std::atomic<End> end_{End::kNone};
  BoardRun run_;
  DeviceIdentity identity_;
  StreamOptions stream_;
  bool streaming_ = false;
  std::vector<std::byte> transfer_;  ///< the first of those in flight; the others have nothing yet
  ByteQueue arrived_;
};

}  // namespace spikeloop::firmware
