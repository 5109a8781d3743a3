// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "firmware-interface/transport/transport.hpp"

// A recorded conversation is a file of calls and what came of them.
//
//   file   = "SLTR" version=1 identity call*
//   identity = vendor product device_version manufacturer product_name serial location
//   call   = kind:byte fault:byte microseconds timeout_ms
//            control_out: request value index bytes(sent)       control_in: request value index asked bytes(received)
//            start_stream: endpoint transfers transfer_bytes    read_stream: asked bytes(received)
//            and, if fault is not 0: what advice
//
// Numbers are unsigned LEB128 (7 bits a byte, low ones first), bytes and texts a number and as many bytes. `microseconds` is the time from
// the call before to this one; nothing depends on it. A file that ends between two calls is whole.

namespace spikeloop::firmware {

/// A call of a Transport, and what came of it.
struct RecordedCall {
  enum class Kind : std::uint8_t { kControlOut = 1, kControlIn = 2, kStartStream = 3, kStopStream = 4, kReadStream = 5, kClose = 6 };
  enum class Fault : std::uint8_t { kNone = 0, kTimedOut = 1, kStalled = 2, kDeviceLost = 3, kProtocolFault = 4, kOther = 5 };

  Kind kind = Kind::kClose;
  Fault fault = Fault::kNone;
  std::uint64_t microseconds = 0;
  std::uint64_t timeout_ms = 0;
  ControlRequest request;
  StreamOptions stream;
  std::uint64_t asked = 0;      ///< room for received bytes
  std::vector<std::byte> data;  ///< sent, or received
  std::string what, advice;     ///< of the fault
};

/// "read_stream of 512 bytes": the call without what came of it, for messages.
std::string describe(const RecordedCall& call);

/// The longest text and the most bytes of one call that a reader accepts.
inline constexpr std::uint64_t kMaxRecordedText = 4096, kMaxRecordedBytes = std::uint64_t{64} << 20;

/// What to do about a file that cannot be read as a recording.
inline constexpr const char* kRecordingAdvice =
    "Copy it again from where it was made, or record anew (`spikeloop board probe --record FILE`).";

/// The head of a file.
std::vector<std::byte> encode_recording_head(const DeviceIdentity& identity);
/// Throws std::invalid_argument for data longer than kMaxRecordedBytes; cuts texts.
std::vector<std::byte> encode_recorded_call(const RecordedCall& call);

/// Notes which of our exceptions is in flight; gives false for exceptions that are not DeviceFaults.
bool note_fault(const std::exception_ptr& thrown, RecordedCall& call);
/// Throws what was noted, if there is something.
void throw_noted_fault(const RecordedCall& call);

/// Reads a recording call by call. All faults of the file are ProtocolFaults that name the offset.
class RecordingReader {
 public:
  /// Reads the head. `name` is for messages; the stream must outlive the reader.
  RecordingReader(std::istream& in, std::string name);
  const DeviceIdentity& identity() const { return identity_; }
  /// The next call; nothing at the end.
  std::optional<RecordedCall> next();

 private:
  [[noreturn]] void fail(const std::string& why) const;
  std::uint8_t byte();
  std::uint64_t number(std::uint64_t max);
  std::vector<std::byte> bytes(std::uint64_t max);
  std::string text();

  std::istream& in_;
  std::string name_;
  std::uint64_t offset_ = 0;
  DeviceIdentity identity_;
};

}  // namespace spikeloop::firmware
