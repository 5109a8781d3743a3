// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/recording_transport.hpp"

#include <algorithm>
#include <fstream>
#include <utility>

namespace spikeloop::firmware {
namespace {

using std::chrono::steady_clock;

RecordedCall call_of(RecordedCall::Kind kind, Milliseconds timeout = {}) {
  RecordedCall call;
  call.kind = kind;
  call.timeout_ms = static_cast<std::uint64_t>(std::max<Milliseconds::rep>(0, timeout.count()));
  return call;
}

void put(std::ostream& out, std::span<const std::byte> bytes) {
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

RecordingTransport::RecordingTransport(std::unique_ptr<Transport> inner, std::unique_ptr<std::ostream> out, std::string name)
    : inner_(std::move(inner)), out_(std::move(out)), name_(std::move(name)), last_(steady_clock::now()) {
  put(*out_, encode_recording_head(inner_->identity()));
  if (!out_->flush()) throw DeviceFault(name_ + ": cannot be written");
}

std::unique_ptr<RecordingTransport> RecordingTransport::create(std::unique_ptr<Transport> inner, const std::filesystem::path& file) {
  std::error_code ignored;
  if (std::filesystem::exists(file, ignored))
    throw DeviceFault(file.string() + ": there is such a file already", "name a new file for the recording, or remove this one");
  auto out = std::make_unique<std::ofstream>(file, std::ios::binary);
  if (!*out) throw DeviceFault(file.string() + ": cannot be written", "name a file in a folder that exists and that you may write to");
  return std::make_unique<RecordingTransport>(std::move(inner), std::move(out), file.string());
}

RecordingTransport::~RecordingTransport() { close(); }

void RecordingTransport::write(RecordedCall& call) {
  const std::scoped_lock lock(mutex_);
  if (closed_) return;
  const auto now = steady_clock::now();
  const auto since = std::chrono::duration_cast<std::chrono::microseconds>(now - std::exchange(last_, now));
  call.microseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(0, since.count()));
  put(*out_, encode_recorded_call(call));
  if (call.fault != RecordedCall::Fault::kNone) out_->flush();
  if (!*out_) throw DeviceFault(name_ + ": the recording can no longer be written", "is the disk full?");
}

/// Makes the call, and writes what came of it.
void RecordingTransport::record(RecordedCall& call, const std::function<void()>& make) {
  try {
    make();
  } catch (...) {
    call.data.resize(call.kind == RecordedCall::Kind::kControlOut ? call.data.size() : 0);
    if (note_fault(std::current_exception(), call)) write(call);
    throw;
  }
  write(call);
}

void RecordingTransport::control_out(ControlRequest request, std::span<const std::byte> data, Milliseconds timeout) {
  RecordedCall call = call_of(RecordedCall::Kind::kControlOut, timeout);
  call.request = request;
  call.data.assign(data.begin(), data.end());
  record(call, [&] { inner_->control_out(request, data, timeout); });
}

std::size_t RecordingTransport::control_in(ControlRequest request, std::span<std::byte> into, Milliseconds timeout) {
  RecordedCall call = call_of(RecordedCall::Kind::kControlIn, timeout);
  call.request = request;
  call.asked = into.size();
  record(call, [&] {
    const std::size_t n = inner_->control_in(request, into, timeout);
    call.data.assign(into.begin(), into.begin() + static_cast<std::ptrdiff_t>(n));
  });
  return call.data.size();
}

void RecordingTransport::start_stream(const StreamOptions& options) {
  RecordedCall call = call_of(RecordedCall::Kind::kStartStream);
  call.stream = options;
  record(call, [&] { inner_->start_stream(options); });
}

void RecordingTransport::stop_stream() {
  RecordedCall call = call_of(RecordedCall::Kind::kStopStream);
  record(call, [&] { inner_->stop_stream(); });
}

std::size_t RecordingTransport::read_stream(std::span<std::byte> into, Milliseconds timeout) {
  RecordedCall call = call_of(RecordedCall::Kind::kReadStream, timeout);
  call.asked = into.size();
  record(call, [&] {
    const std::size_t n = inner_->read_stream(into, timeout);
    call.data.assign(into.begin(), into.begin() + static_cast<std::ptrdiff_t>(n));
  });
  return call.data.size();
}

void RecordingTransport::close() noexcept {
  inner_->close();
  try {
    RecordedCall call = call_of(RecordedCall::Kind::kClose);
    write(call);
  } catch (...) {  // nobody could do anything about it
  }
  const std::scoped_lock lock(mutex_);
  closed_ = true;
  out_->flush();
}

}  // namespace spikeloop::firmware
