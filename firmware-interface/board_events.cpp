// SPDX-License-Identifier: Apache-2.0
// Board: events, their statistics, and the functional check that is made of them.
#include <fmt/format.h>

#include <algorithm>
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
constexpr int kDrains = 64;  // reads without waiting: more than a full FIFO and the transfers in flight hold

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

void Board::start() {
  transport_->start_stream({.endpoint = kDataEndpoint});
  resume_ = true;
  carry_out(data_start());
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
    const EventSlice slice = read_events(room, fresh ? patience : Milliseconds(0));
    all.insert(all.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(slice.events));
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
  now.sent = counter(info_.has_event_statistics, reg("AER.EVENTS"), counters_before_[0]);
  now.dropped_at_aer = counter(info_.has_event_statistics, reg("AER.EVENTS_DROPPED"), counters_before_[1]);
  now.dropped_at_mux = counter(info_.has_drop_statistics, reg("MUX.AER_DROPPED"), counters_before_[2]);
  now.stream = decoder_.counters();
  return now;
}

void Board::drain() {
  std::vector<StreamEvent> old(kEventsAtATime);
  for (int i = 0; i < kDrains; ++i)
    if (read_events(old, Milliseconds(0)).bytes == 0) return;
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
  drain();
  result.source = *tag;
  const InjectedSpike spike{*tag, {}, static_cast<std::uint8_t>(1U << core_of(neuron))};
  std::vector<StreamEvent> events(kEventsAtATime);
  for (; result.injected < options.spikes && !result.seen; ++result.injected) {
    const auto sent = Clock::now();
    inject(chip, std::span(&spike, 1));
    const bool last = result.injected + 1 == options.spikes;
    for (const StreamEvent& e : collect(1, last ? 10 * options.patience : options.patience)) {
      result.seen = e.chip == chip && e.core == core_of(neuron) && e.neuron == (neuron & 0xFF);
      if (!result.seen) {
        ++result.other_events;
        continue;
      }
      result.event = e;
      result.latency = Clock::now() - sent;
    }
  }
  if (result.seen) return result;
  result.why = fmt::format("{} did not answer {} spikes; {}", who, result.injected,
                           has_monitoring_route(known, chip, neuron) ? "by the shadow its route to the host is programmed"
                                                                     : "no route from it to the host was programmed");
  return result;
}

}  // namespace spikeloop::firmware
