// SPDX-License-Identifier: Apache-2.0
// Board: events, their statistics, and the functional check that is made of them.
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "firmware-interface/board.hpp"
#include "firmware-interface/dynapse1/describe.hpp"
#include "firmware-interface/dynapse1/sequences.hpp"
#include "firmware-interface/transport/checks.hpp"

namespace spikeloop::firmware {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::microseconds kWrap{32'768};
constexpr std::size_t kEventsAtATime = 4096;
constexpr Milliseconds kStale{20};  // silence after which a board that stands still holds nothing more

// The tag that most of a neuron's excitatory synapses listen to, and by which kind of synapse.
std::optional<NeuronAddress> excitatory_tag(const ChipShadow& shadow, NeuronAddress neuron) {
  std::map<NeuronAddress, int> votes;
  for (unsigned i = 0; i < kCamsPerNeuron; ++i) {
    const auto cam = shadow.cam(neuron, i);
    if (cam && (cam->type == SynapseType::kFastExcitatory || cam->type == SynapseType::kSlowExcitatory)) ++votes[cam->source];
  }
  const auto most = std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == votes.end() ? std::nullopt : std::optional(most->first);
}

bool is_another_time(StreamStop stop) { return stop != StreamStop::kInputEnd && stop != StreamStop::kOutputFull; }

bool has_monitoring_route(const ChipShadow& shadow, unsigned chip, NeuronAddress neuron) {
  const SramWord wanted = monitoring_route(chip, neuron);
  for (unsigned i = 0; i < kSramsPerNeuron; ++i) {
    const auto sram = shadow.sram(neuron, i);
    if (sram && sram->hops == wanted.hops && sram->core_mask == wanted.core_mask) return true;
  }
  return false;
}

}  // namespace

std::optional<std::uint64_t> BoardStatistics::missing() const {
  if (!sent || !dropped_at_aer || !dropped_at_mux) return std::nullopt;
  const std::uint64_t known = *dropped_at_aer + *dropped_at_mux + stream.events;
  return *sent > known ? *sent - known : 0;
}

void Board::begin_streaming() {
  if (!started_) carry_out(data_stop());  // who had it before may have left it streaming
  transport_->start_stream({.endpoint = kDataEndpoint});
  stream_fault_ = nullptr;
  if (started_) return;
  write(reg("USB.RUN"), 1);  // the rest stands still: what comes now is old
  statistics_.stale += drain(kStale);
  decoder_ = {};
  begin_counting();
  started_ = true;
}

void Board::start() {
  resume_ = true;
  try {
    begin_streaming();
    carry_out(data_start());
  } catch (const DeviceLost&) {
    throw;
  } catch (const DeviceFault&) {
    stop_quietly();
    throw;
  }
  running_ = true;
}

void Board::stop() {
  running_ = resume_ = false;
  carry_out(data_stop());
  transport_->stop_stream();
}

void Board::inject(unsigned chip, std::span<const InjectedSpike> spikes) {
  select_chip(chip);
  std::vector<std::uint32_t> words;
  words.reserve(std::min(spikes.size(), kMaxConfigs));
  for (std::size_t done = 0; done < spikes.size(); done += words.size()) {
    words.clear();
    for (const InjectedSpike& spike : spikes.subspan(done, std::min(spikes.size() - done, kMaxConfigs))) words.push_back(encode(spike));
    program_batch(words, done);
  }
}

EventSlice Board::read_events(std::span<StreamEvent> out, Milliseconds timeout) {
  if (stream_fault_) std::rethrow_exception(std::exchange(stream_fault_, nullptr));
  if (waiting_.empty()) {
    try {
      const std::size_t n = transport_->read_stream(buffer_, timeout);
      waiting_ = std::span(buffer_).first(n);
    } catch (const DeviceLost&) {
      throw;
    } catch (const DeviceFault&) {
      decoder_.gap();
      ++statistics_.stalls;
      throw;
    }
  }
  const StreamResult result = decoder_.decode(waiting_, out);
  waiting_ = waiting_.subspan(result.bytes);
  return {result.events, result.bytes, result.stop};
}

std::vector<StreamEvent> Board::collect(std::size_t wanted, Milliseconds patience) {
  std::vector<StreamEvent> all;
  std::vector<StreamEvent> part(std::min(wanted, kEventsAtATime));
  bool fresh = false;  // what waits at the host is read: from here on, time that the board sends is time that passes
  std::uint64_t wraps = 0;
  std::size_t idle_bytes = 0;
  while (all.size() < wanted) {
    const auto room = std::span(part).first(std::min(part.size(), wanted - all.size()));
    EventSlice slice;
    try {
      slice = read_events(room, fresh ? patience : Milliseconds(0));
    } catch (const DeviceFault&) {
      if (all.empty()) throw;
      stream_fault_ = std::current_exception();
      break;
    }
    all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(slice.events));
    if (!all.empty() && is_another_time(slice.stop)) break;
    idle_bytes = slice.events > 0 ? 0 : idle_bytes + slice.bytes;
    const bool nothing = slice.bytes == 0;
    if (nothing && fresh) break;
    if (nothing || slice.events > 0) {
      fresh = fresh || nothing;
      wraps = decoder_.counters().wraps;
      continue;
    }
    // Words came, but no event. The first wrap may have been due at any moment, so it says nothing of how long we have waited.
    const std::uint64_t passed = decoder_.counters().wraps - wraps;
    if (fresh && passed > 1 && (passed - 1) * kWrap >= patience) break;
    if (idle_bytes > 2 * kMaxWaitingBytes) break;  // more than can have waited, and no end: noise
  }
  return all;
}

void Board::reset_time() {
  const OutRequest reset = encode_timestamp_reset();
  transport_->control_out(reset.request, reset.data, options_.timeout);
}

std::optional<std::uint64_t> Board::counter(bool there, Register at, std::uint64_t before) {
  if (!there) return std::nullopt;
  const std::uint64_t now = read_wide(at);
  return now >= before ? now - before : now;  // less: it has begun again
}

BoardStatistics Board::statistics() {
  BoardStatistics now = statistics_;
  now.stream = decoder_.counters();
  try {
    now.sent = counter(info_.has_event_statistics, reg("AER.EVENTS"), counters_before_[0]);
    now.dropped_at_aer = counter(info_.has_event_statistics, reg("AER.EVENTS_DROPPED"), counters_before_[1]);
    now.dropped_at_mux = counter(info_.has_drop_statistics, reg("MUX.AER_DROPPED"), counters_before_[2]);
  } catch (const DeviceLost&) {  // what the host has counted is still true
  }
  return now;
}

void Board::begin_counting() {
  counters_before_ = {};
  const BoardStatistics now = statistics();
  counters_before_ = {now.sent.value_or(0), now.dropped_at_aer.value_or(0), now.dropped_at_mux.value_or(0)};
}

// Reads and forgets until nothing comes, but no more than can have waited. Gives the number of events.
std::size_t Board::drain(Milliseconds patience) {
  std::vector<StreamEvent> old(kEventsAtATime);
  std::size_t events = 0;
  for (std::size_t bytes = 0; bytes <= 2 * kMaxWaitingBytes;) {
    const EventSlice slice = read_events(old, patience);
    if (slice.bytes == 0) break;
    bytes += slice.bytes;
    events += slice.events;
  }
  return events;
}

// Reads until the neuron's spike comes: true; or until nothing comes for `patience`, or the board's time has gone on by that: false.
bool Board::await(unsigned chip, NeuronAddress neuron, Milliseconds patience, CheckResult& result) {
  std::vector<StreamEvent> events(kEventsAtATime);
  std::optional<std::int64_t> begin;  // first time stamp that was read
  const std::uint64_t wraps = decoder_.counters().wraps;
  for (std::size_t bytes = 0; bytes <= 2 * kMaxWaitingBytes;) {
    const EventSlice slice = read_events(events, patience);
    if (slice.bytes == 0) return false;
    bytes += slice.bytes;
    statistics_.read_by_checks += slice.events;
    for (const StreamEvent& e : std::span(events).first(slice.events)) {
      if (!result.seen && e.chip == chip && e.core == core_of(neuron) && e.neuron == (neuron & 0xFF)) {
        result.seen = true;
        result.event = e;
      } else {
        ++result.other_events;
      }
    }
    if (result.seen) return true;
    const std::uint64_t passed = decoder_.counters().wraps - wraps;
    if (passed > 1 && (passed - 1) * kWrap >= patience) return false;  // the first may have been due at any moment
    if (slice.events == 0) continue;
    const std::int64_t last = events[slice.events - 1].time_us;
    if (!begin || last < *begin) begin = events.front().time_us;
    if (std::chrono::microseconds(last - *begin) >= patience) return false;
  }
  return false;
}

CheckResult Board::check(unsigned chip, NeuronAddress neuron, const CheckOptions& options) {
  if (!running_) throw std::logic_error("a functional check needs a board whose events stream");
  const ChipShadow& known = shadow(chip);
  CheckResult result;
  const auto tag = excitatory_tag(known, neuron);
  const std::string who = fmt::format("U{} {}", chip, describe_neuron(neuron));
  if (!tag) {
    result.why = fmt::format("no excitatory synapse of {} was programmed", who);
    return result;
  }
  statistics_.read_by_checks += drain(Milliseconds(0));
  result.source = *tag;
  const InjectedSpike spike{*tag, {}, static_cast<std::uint8_t>(1U << core_of(neuron))};
  for (; result.injected < options.spikes && !result.seen; ++result.injected) {
    const auto sent = Clock::now();
    inject(chip, std::span(&spike, 1));
    const bool last = result.injected + 1 == options.spikes;
    if (await(chip, neuron, last ? 10 * options.patience : options.patience, result)) result.latency = Clock::now() - sent;
  }
  if (result.seen) return result;
  result.why = fmt::format("{} did not answer {} spikes; {}", who, result.injected,
                           has_monitoring_route(known, chip, neuron) ? "by the shadow its route to the host is programmed"
                                                                     : "no route from it to the host was programmed");
  return result;
}

}  // namespace spikeloop::firmware
