// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <ostream>

#include "firmware-interface/transport/recording_format.hpp"
#include "firmware-interface/transport/transport.hpp"

namespace spikeloop::firmware {

/// Passes everything on to another transport, and writes each call and what came of it. A file that can no longer be written is a
/// DeviceFault of the call at which that is seen. Faults are flushed, so that what led to a crash is in the file.
class RecordingTransport : public Transport {
 public:
  RecordingTransport(std::unique_ptr<Transport> inner, std::unique_ptr<std::ostream> out, std::string name);
  /// Records to a new file; throws DeviceFault if there is one, or it cannot be made.
  static std::unique_ptr<RecordingTransport> create(std::unique_ptr<Transport> inner, const std::filesystem::path& file);
  ~RecordingTransport() override;

  const DeviceIdentity& identity() const override { return inner_->identity(); }
  void control_out(ControlRequest request, std::span<const std::byte> data, Milliseconds timeout) override;
  std::size_t control_in(ControlRequest request, std::span<std::byte> into, Milliseconds timeout) override;
  void start_stream(const StreamOptions& options) override;
  void stop_stream() override;
  std::size_t read_stream(std::span<std::byte> into, Milliseconds timeout) override;
  void close() noexcept override;

 private:
  void record(RecordedCall& call, const std::function<void()>& make);
  void write(RecordedCall& call);

  std::unique_ptr<Transport> inner_;
  std::unique_ptr<std::ostream> out_;
  std::string name_;
  std::mutex mutex_;  ///< guards `out_` and those below: `close` may come from another thread
  std::chrono::steady_clock::time_point last_;
  bool closed_ = false;
};

}  // namespace spikeloop::firmware
