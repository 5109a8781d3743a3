// SPDX-License-Identifier: Apache-2.0
// The event stream of a DYNAP-SE1 board: bytes of USB transfers to events. One event = one time stamp word + one spike word unless said
// otherwise. Items are events; beside them stands the rate as a fraction of that at which memcpy moves the same bytes.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstring>
#include <vector>

#include "firmware-interface/dynapse1/event_stream.hpp"

namespace spikeloop::bench {
namespace {

using namespace spikeloop::firmware;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kTransferBytes = 8192;

/// Spikes at random places, `per_stamp` at a time on average, with wraps where they are due.
std::vector<std::byte> stream(std::size_t events, unsigned per_stamp) {
  std::vector<std::byte> bytes;
  StreamEncoder encoder;
  std::int64_t time = 0;
  std::uint32_t random = 1;
  for (std::size_t k = 0; k < events; ++k) {
    random = random * 1664525 + 1013904223;
    if (per_stamp == 1 || (random >> 8) % per_stamp == 0) time += 1 + (random >> 28);
    encoder.spike(time, random >> 30, random >> 20 & 0xFF, 1 + (random >> 18 & 3), bytes);
  }
  return bytes;
}

double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

/// Time to copy the bytes as they come, transfer by transfer: the smallest of many.
double memcpy_seconds(const std::vector<std::byte>& bytes) {
  std::vector<std::byte> copy(kTransferBytes);
  double best = 1e9;
  for (int round = 0; round < 50; ++round) {
    const auto begin = Clock::now();
    for (std::size_t at = 0; at < bytes.size(); at += kTransferBytes) {
      std::memcpy(copy.data(), bytes.data() + at, std::min(kTransferBytes, bytes.size() - at));
      benchmark::DoNotOptimize(copy.data());
      benchmark::ClobberMemory();
    }
    best = std::min(best, seconds(Clock::now() - begin));
  }
  return best;
}

/// `range(0)` spikes share a time stamp; slices are whole transfers.
void DecodeStream(benchmark::State& state) {
  constexpr std::size_t kEvents = 1'000'000;
  const std::vector<std::byte> bytes = stream(kEvents, static_cast<unsigned>(state.range(0)));
  std::vector<StreamEvent> events(kTransferBytes / 2);
  const double copying = memcpy_seconds(bytes);
  std::uint64_t decoded = 0;
  double decoding = 1e9;
  for (auto _ : state) {
    const auto begin = Clock::now();
    StreamDecoder decoder;
    for (std::size_t at = 0; at < bytes.size(); at += kTransferBytes) {
      const std::span slice = std::span(bytes).subspan(at, std::min(kTransferBytes, bytes.size() - at));
      benchmark::DoNotOptimize(decoder.decode(slice, events));
      benchmark::ClobberMemory();
    }
    decoding = std::min(decoding, seconds(Clock::now() - begin));
    decoded += decoder.counters().events;
    if (decoder.counters().events != kEvents) state.SkipWithError("events are missing");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(decoded));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes.size()));
  state.counters["best_events_per_second"] = kEvents / decoding;
  state.counters["of_memcpy"] = copying / decoding;  // best to best: the machine may be busy
}
BENCHMARK(DecodeStream)->ArgName("per_stamp")->Arg(1)->Arg(4)->Unit(benchmark::kMillisecond);

/// Items: words of noise, none of which the fast path can take.
void DecodeNoise(benchmark::State& state) {
  std::vector<std::byte> bytes(1'000'000);
  std::uint32_t random = 1;
  for (std::byte& b : bytes) b = static_cast<std::byte>((random = random * 1664525 + 1013904223) >> 24);
  std::vector<StreamEvent> events(kTransferBytes / 2);
  StreamDecoder decoder;
  for (auto _ : state)
    for (std::size_t at = 0; at < bytes.size();) at += decoder.decode(std::span(bytes).subspan(at), events).bytes;
  state.SetItemsProcessed(static_cast<std::int64_t>(decoder.counters().words));
}
BENCHMARK(DecodeNoise)->Unit(benchmark::kMillisecond);

void EncodeStream(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(stream(100'000, 1));
  state.SetItemsProcessed(state.iterations() * 100'000);
}
BENCHMARK(EncodeStream)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace spikeloop::bench
