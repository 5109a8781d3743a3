// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/replay_transport.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <utility>

namespace spikeloop::firmware {

using Kind = RecordedCall::Kind;

namespace {

constexpr const char* kReplayAdvice =
    "A recording answers only what was asked when it was made: give the same options, to the same version of the program.";

}  // namespace

ReplayTransport::ReplayTransport(std::unique_ptr<std::istream> in, std::string name)
    : in_(std::move(in)), name_(std::move(name)), reader_(*in_, name_) {}

std::unique_ptr<ReplayTransport> ReplayTransport::open(const std::filesystem::path& file) {
  auto in = std::make_unique<std::ifstream>(file, std::ios::binary);
  if (!*in) throw NotFound(file.string() + ": no such recording", "`spikeloop board probe --record FILE` makes one.");
  return std::make_unique<ReplayTransport>(std::move(in), file.string());
}

void ReplayTransport::fetch() {
  if (next_) return;
  if (!broken_.empty()) throw ProtocolFault(broken_, kRecordingAdvice);
  try {
    do next_ = reader_.next();
    while (next_ && next_->kind == Kind::kClose);
  } catch (const ProtocolFault& e) {
    broken_ = e.what();
    throw;
  }
}

bool ReplayTransport::finished() {
  fetch();
  return !next_;
}

RecordedCall ReplayTransport::answer(const RecordedCall& made, const std::function<bool(const RecordedCall&)>& same) {
  if (closed_) throw DeviceLost(name_ + ": the replay was closed");
  fetch();
  if (!next_)
    throw ReplayMismatch(fmt::format("{}: the recording ends after {} calls; now there is one more: {}", name_, answered_, describe(made)),
                         kReplayAdvice);
  if (made.kind != next_->kind || !same(*next_)) {
    std::string why = fmt::format("{}: call {} is {}; recorded is {}", name_, answered_ + 1, describe(made), describe(*next_));
    const auto at = std::mismatch(made.data.begin(), made.data.end(), next_->data.begin(), next_->data.end()).first;
    if (made.kind == Kind::kControlOut && next_->kind == Kind::kControlOut && at != made.data.end())
      why += fmt::format(" (their data differ from byte {} on)", at - made.data.begin());
    throw ReplayMismatch(why, kReplayAdvice);
  }
  RecordedCall recorded = std::move(*next_);
  ++answered_;
  next_.reset();
  throw_noted_fault(recorded);
  return recorded;
}

void ReplayTransport::control_out(ControlRequest request, std::span<const std::byte> data, Milliseconds) {
  RecordedCall made;
  made.kind = Kind::kControlOut;
  made.request = request;
  made.data.assign(data.begin(), data.end());
  answer(made, [&](const RecordedCall& was) { return was.request == request && was.data == made.data; });
}

std::size_t ReplayTransport::control_in(ControlRequest request, std::span<std::byte> into, Milliseconds) {
  RecordedCall made;
  made.kind = Kind::kControlIn;
  made.request = request;
  made.asked = into.size();
  const RecordedCall was = answer(made, [&](const RecordedCall& r) { return r.request == request && r.asked == made.asked; });
  std::copy(was.data.begin(), was.data.end(), into.begin());
  return was.data.size();
}

void ReplayTransport::start_stream(const StreamOptions& options) {
  RecordedCall made;
  made.kind = Kind::kStartStream;
  made.stream = options;
  answer(made, [&](const RecordedCall& was) { return describe(was) == describe(made); });
}

void ReplayTransport::stop_stream() {
  RecordedCall made;
  made.kind = Kind::kStopStream;
  answer(made, [](const RecordedCall&) { return true; });
}

std::size_t ReplayTransport::read_stream(std::span<std::byte> into, Milliseconds) {
  RecordedCall made;
  made.kind = Kind::kReadStream;
  made.asked = into.size();
  const RecordedCall was = answer(made, [&](const RecordedCall& r) { return r.asked == made.asked; });
  std::copy(was.data.begin(), was.data.end(), into.begin());
  return was.data.size();
}

}  // namespace spikeloop::firmware
