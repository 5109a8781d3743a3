// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "firmware-interface/transport/byte_queue.hpp"
#include "firmware-interface/transport/transport.hpp"

namespace spikeloop::firmware {

/// What goes wrong.
enum class FaultKind : std::uint8_t {
  kDrop,     ///< a packet is missing from the stream; a control transfer gets no answer (TimedOut)
  kDelay,    ///< it comes later; a control transfer that comes later than its timeout is a TimedOut
  kCorrupt,  ///< one bit is wrong
  kShort,    ///< the second half of it is missing
  kStall,    ///< Stalled is thrown, once
  kCut,      ///< DeviceLost from here on
  /// Control transfers only: the device did as it was asked, and its answer comes after the timeout (TimedOut).
  kLateAnswer,
};
inline constexpr std::size_t kFaultKinds = 7;

/// Where it goes wrong.
enum class FaultPlace : std::uint8_t { kControlOut, kControlIn, kStream };

/// One kind of fault at one place: with a probability for each transfer (control) or packet of 512 bytes (stream), or at exactly one.
struct FaultRule {
  FaultKind kind = FaultKind::kDrop;
  FaultPlace place = FaultPlace::kStream;
  double probability = 0;
  std::optional<std::uint64_t> at = std::nullopt;  ///< index of the transfer or packet, from 0; instead of a probability
  Milliseconds delay{10};                          ///< for kDelay
};

/// The first rule that hits counts. The same seed gives the same faults, however the stream is cut into reads.
struct FaultScript {
  std::uint64_t seed = 1;
  std::vector<FaultRule> rules;
};

/// What was injected so far.
struct FaultCounts {
  std::array<std::uint64_t, kFaultKinds> injected{};  ///< by FaultKind
  std::uint64_t dropped_bytes = 0;                    ///< missing from the stream by kDrop
  std::uint64_t shortened_bytes = 0;                  ///< missing from stream and control data by kShort
  Milliseconds delayed{};
  std::uint64_t of(FaultKind kind) const { return injected[static_cast<std::size_t>(kind)]; }
};

/// Passes everything on to another transport, and lets go wrong what a script says.
class FaultyTransport : public Transport {
 public:
  /// Waits for a delay; gives false if it was closed meanwhile. Tests put in one that does not wait.
  using Pause = std::function<bool(Milliseconds)>;
  static constexpr std::size_t kPacketBytes = 512;

  /// Throws std::invalid_argument for a kLateAnswer of a stream, which answers nothing.
  FaultyTransport(std::unique_ptr<Transport> inner, FaultScript script, Pause pause = nullptr);
  ~FaultyTransport() override;

  const DeviceIdentity& identity() const override { return inner_->identity(); }
  void control_out(ControlRequest request, std::span<const std::byte> data, Milliseconds timeout) override;
  std::size_t control_in(ControlRequest request, std::span<std::byte> into, Milliseconds timeout) override;
  void start_stream(const StreamOptions& options) override;
  void stop_stream() override;
  std::size_t read_stream(std::span<std::byte> into, Milliseconds timeout) override;
  void close() noexcept override;

  /// To be asked by the thread that makes the calls.
  const FaultCounts& counts() const { return counts_; }

 private:
  const FaultRule* decide(FaultPlace place, std::uint64_t index) const;
  std::uint64_t draw(FaultPlace place, std::uint64_t index, std::uint64_t what) const;
  void count(FaultKind kind) { ++counts_.injected[static_cast<std::size_t>(kind)]; }
  void pause(Milliseconds time);
  void check_alive() const;
  [[noreturn]] void cut();
  [[noreturn]] void lose_answer(const ControlRequest& request, Milliseconds timeout);
  const FaultRule* before_control(FaultPlace place, const ControlRequest& request, Milliseconds& timeout);
  void begin_packet();
  std::size_t take_packet_bytes(std::span<std::byte> into);

  std::unique_ptr<Transport> inner_;
  const FaultScript script_;
  Pause pause_;
  FaultCounts counts_;
  std::array<std::uint64_t, 2> control_index_{};
  bool cut_ = false, streaming_ = false;

  ByteQueue raw_;                      ///< came from the device, not yet treated
  std::uint64_t position_ = 0;         ///< of the first byte of `raw_` in the stream
  const FaultRule* packet_ = nullptr;  ///< the fault of the packet that is passing
  bool packet_begun_ = false;
  Milliseconds delay_left_{};

  std::mutex mutex_;
  std::condition_variable closing_;
  bool closed_ = false;  ///< guarded by `mutex_`
};

}  // namespace spikeloop::firmware
