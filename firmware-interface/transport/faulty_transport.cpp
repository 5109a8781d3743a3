// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/transport/faulty_transport.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "firmware-interface/transport/checks.hpp"

namespace spikeloop::firmware {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kMaxRead = std::size_t{64} << 10;

/// splitmix64's mixing function.
std::uint64_t mix(std::uint64_t z) {
  z += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

void flip_bit(std::byte& byte, std::uint64_t which) { byte ^= std::byte{1} << (which % 8); }

}  // namespace

FaultyTransport::FaultyTransport(std::unique_ptr<Transport> inner, FaultScript script, Pause pause)
    : inner_(std::move(inner)), script_(std::move(script)), pause_(std::move(pause)) {
  for (const FaultRule& rule : script_.rules)
    if (rule.kind == FaultKind::kLateAnswer && rule.place == FaultPlace::kStream)
      throw std::invalid_argument("a stream has no answers that could be late");
  if (pause_) return;
  pause_ = [this](Milliseconds time) {
    std::unique_lock lock(mutex_);
    return !closing_.wait_for(lock, time, [this] { return closed_; });
  };
}

FaultyTransport::~FaultyTransport() { close(); }

std::uint64_t FaultyTransport::draw(FaultPlace place, std::uint64_t index, std::uint64_t what) const {
  return mix(mix(mix(script_.seed) ^ index) ^ (static_cast<std::uint64_t>(place) << 32 | what));
}

const FaultRule* FaultyTransport::decide(FaultPlace place, std::uint64_t index) const {
  for (std::size_t i = 0; i < script_.rules.size(); ++i) {
    const FaultRule& rule = script_.rules[i];
    if (rule.place != place) continue;
    const double uniform = static_cast<double>(draw(place, index, i) >> 11) * 0x1p-53;
    if (rule.at ? *rule.at == index : uniform < rule.probability) return &rule;
  }
  return nullptr;
}

void FaultyTransport::pause(Milliseconds time) {
  if (time.count() > 0 && !pause_(time)) throw DeviceLost(identity().location + ": the connection was closed");
}

void FaultyTransport::check_alive() const {
  if (cut_) throw DeviceLost(identity().location + ": cut (injected)");
}

void FaultyTransport::cut() {
  count(FaultKind::kCut);
  cut_ = true;
  inner_->close();
  throw DeviceLost(identity().location + ": cut (injected)");
}

void FaultyTransport::lose_answer(const ControlRequest& request, Milliseconds timeout) {
  pause(timeout);
  throw TimedOut(fmt::format("{}: {}, the answer got lost (injected)", identity().location, describe(request)));
}

/// Does what happens instead of the transfer or before it, and gives the rule if something is to happen to its data.
const FaultRule* FaultyTransport::before_control(FaultPlace place, const ControlRequest& request, Milliseconds& timeout) {
  check_alive();
  const FaultRule* rule = decide(place, control_index_.at(static_cast<std::size_t>(place))++);
  if (rule == nullptr) return nullptr;
  const auto say = [&](const char* what) { return fmt::format("{}: {}, {} (injected)", identity().location, describe(request), what); };
  if (rule->kind == FaultKind::kCut) cut();
  if (rule->kind == FaultKind::kStall) {
    count(FaultKind::kStall);
    throw Stalled(say("stall"));
  }
  if (rule->kind == FaultKind::kDelay) {
    count(FaultKind::kDelay);
    const Milliseconds waits = std::min(rule->delay, timeout);
    counts_.delayed += waits;
    pause(waits);
    if (rule->delay >= timeout) throw TimedOut(say("no answer by the timeout"));
    timeout -= waits;
    return nullptr;
  }
  return rule;
}

void FaultyTransport::control_out(ControlRequest request, std::span<const std::byte> data, Milliseconds timeout) {
  const FaultRule* rule = before_control(FaultPlace::kControlOut, request, timeout);
  const bool spoils_data = rule != nullptr && rule->kind != FaultKind::kDrop && rule->kind != FaultKind::kLateAnswer;
  if (rule == nullptr || (data.empty() && spoils_data)) return inner_->control_out(request, data, timeout);
  count(rule->kind);
  if (rule->kind == FaultKind::kLateAnswer) {
    inner_->control_out(request, data, timeout);
    lose_answer(request, timeout);
  }
  if (rule->kind == FaultKind::kDrop) {
    pause(timeout);
    throw TimedOut(fmt::format("{}: {}, not sent (injected)", identity().location, describe(request)));
  }
  std::vector<std::byte> sent(data.begin(), data.end());
  if (rule->kind == FaultKind::kCorrupt) {
    const std::uint64_t which = draw(FaultPlace::kControlOut, control_index_[0], 1U << 16);
    flip_bit(sent[which / 8 % sent.size()], which);
  } else {
    sent.resize(sent.size() / 2);
    counts_.shortened_bytes += data.size() - sent.size();
  }
  inner_->control_out(request, sent, timeout);
}

std::size_t FaultyTransport::control_in(ControlRequest request, std::span<std::byte> into, Milliseconds timeout) {
  const FaultRule* rule = before_control(FaultPlace::kControlIn, request, timeout);
  const std::size_t n = inner_->control_in(request, into, timeout);
  const bool loses_all = rule != nullptr && (rule->kind == FaultKind::kDrop || rule->kind == FaultKind::kLateAnswer);
  if (rule == nullptr || (n == 0 && !loses_all)) return n;
  count(rule->kind);
  if (loses_all) lose_answer(request, timeout);
  if (rule->kind == FaultKind::kCorrupt) {
    const std::uint64_t which = draw(FaultPlace::kControlIn, control_index_[1], 1U << 16);
    flip_bit(into[which / 8 % n], which);
    return n;
  }
  counts_.shortened_bytes += n - n / 2;
  return n / 2;
}

void FaultyTransport::start_stream(const StreamOptions& options) {
  check_alive();
  inner_->start_stream(options);
  streaming_ = true;
}

void FaultyTransport::stop_stream() {
  check_alive();
  inner_->stop_stream();
  streaming_ = false;
}

void FaultyTransport::begin_packet() {
  const FaultRule* rule = decide(FaultPlace::kStream, position_ / kPacketBytes);
  packet_begun_ = true;
  packet_ = nullptr;
  if (rule == nullptr) return;
  if (rule->kind == FaultKind::kCut) cut();
  if (rule->kind == FaultKind::kCorrupt) {
    packet_ = rule;  // counted when its byte passes
    return;
  }
  count(rule->kind);
  if (rule->kind == FaultKind::kStall) throw Stalled(identity().location + ": the stream stalled (injected)");
  if (rule->kind == FaultKind::kDelay) {
    delay_left_ = rule->delay;
    counts_.delayed += rule->delay;
  } else {
    packet_ = rule;
  }
}

/// Moves on through the packet as far as there are bytes and room, and says how many bytes came through.
std::size_t FaultyTransport::take_packet_bytes(std::span<std::byte> into) {
  const std::size_t offset = position_ % kPacketBytes;
  const bool drop = packet_ != nullptr && packet_->kind == FaultKind::kDrop;
  const bool shorten = packet_ != nullptr && packet_->kind == FaultKind::kShort;
  const bool missing = drop || (shorten && offset >= kPacketBytes / 2);
  const std::size_t end = shorten && !missing ? kPacketBytes / 2 : kPacketBytes;
  std::size_t n = std::min(raw_.size(), end - offset);
  if (missing) {
    raw_.drop(n);
    (drop ? counts_.dropped_bytes : counts_.shortened_bytes) += n;
  } else {
    n = raw_.pop(into.first(std::min(n, into.size())));
    if (packet_ != nullptr && packet_->kind == FaultKind::kCorrupt) {
      const std::uint64_t which = draw(FaultPlace::kStream, position_ / kPacketBytes, 1U << 16);
      const std::size_t at = which / 8 % kPacketBytes;
      if (at >= offset && at < offset + n) {
        flip_bit(into[at - offset], which);
        count(FaultKind::kCorrupt);
      }
    }
  }
  position_ += n;
  packet_begun_ = position_ % kPacketBytes != 0;
  return missing ? 0 : n;
}

std::size_t FaultyTransport::read_stream(std::span<std::byte> into, Milliseconds timeout) {
  check_alive();
  if (into.empty()) return inner_->read_stream(into, timeout);
  timeout = bounded(timeout);
  const auto deadline = steady_clock::now() + timeout;
  std::size_t done = 0;
  for (bool again = false; done == 0; again = true) {
    if (again) {  // all that came is missing
      const auto left = std::chrono::ceil<Milliseconds>(deadline - steady_clock::now());
      timeout = std::clamp(left, Milliseconds(0), timeout);
    }
    if (raw_.empty()) {
      std::vector<std::byte> chunk(std::clamp(into.size(), kPacketBytes, kMaxRead));
      chunk.resize(inner_->read_stream(chunk, timeout));
      if (chunk.empty()) return 0;
      raw_.push(chunk);
    }
    while (!raw_.empty() && done < into.size()) {
      if (!packet_begun_) {
        if (done > 0 && decide(FaultPlace::kStream, position_ / kPacketBytes) != nullptr) return done;
        begin_packet();
      }
      const Milliseconds waits = std::min(delay_left_, timeout);
      pause(waits);
      delay_left_ -= waits;
      timeout -= waits;
      if (delay_left_.count() > 0) return done;
      done += take_packet_bytes(into.subspan(done));
    }
    if (done == 0 && streaming_ && steady_clock::now() >= deadline) return 0;  // a stopped stream is searched to its end
  }
  return done;
}

void FaultyTransport::close() noexcept {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  closing_.notify_all();
  inner_->close();
}

}  // namespace spikeloop::firmware
