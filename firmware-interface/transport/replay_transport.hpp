// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <istream>
#include <memory>
#include <optional>

#include "firmware-interface/transport/recording_format.hpp"
#include "firmware-interface/transport/transport.hpp"

namespace spikeloop::firmware {

/// A call is another one than was recorded at this place, or there are no more. `what()` names both.
class ReplayMismatch : public ProtocolFault {
 public:
  using ProtocolFault::ProtocolFault;
};

/// Answers the calls of a recording as they were answered then, faults included, without waiting. Timeouts are not compared.
class ReplayTransport : public Transport {
 public:
  /// `name` is for messages. Throws ProtocolFault if it is no recording.
  ReplayTransport(std::unique_ptr<std::istream> in, std::string name);
  /// Throws NotFound if there is no such file.
  static std::unique_ptr<ReplayTransport> open(const std::filesystem::path& file);

  const DeviceIdentity& identity() const override { return reader_.identity(); }
  void control_out(ControlRequest request, std::span<const std::byte> data, Milliseconds timeout) override;
  std::size_t control_in(ControlRequest request, std::span<std::byte> into, Milliseconds timeout) override;
  void start_stream(const StreamOptions& options) override;
  void stop_stream() override;
  std::size_t read_stream(std::span<std::byte> into, Milliseconds timeout) override;
  void close() noexcept override { closed_ = true; }

  /// True if every recorded call was made. Throws ProtocolFault if the recording goes on, but is broken.
  bool finished();
  /// How many calls have been answered.
  std::uint64_t answered() const { return answered_; }

 private:
  void fetch();
  RecordedCall answer(const RecordedCall& made, const std::function<bool(const RecordedCall&)>& same);

  std::unique_ptr<std::istream> in_;
  std::string name_;
  RecordingReader reader_;
  std::optional<RecordedCall> next_;
  std::string broken_;  ///< why the rest cannot be read
  std::uint64_t answered_ = 0;
  std::atomic<bool> closed_{false};
};

}  // namespace spikeloop::firmware
