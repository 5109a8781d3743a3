// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <vector>

#include "backends/simulator/simulator.hpp"
#include "tests/bench/measure.hpp"
#include "tests/bench/networks.hpp"
#include "tests/bench/runs.hpp"

namespace spikeloop::bench {
namespace {

constexpr double kWarmUpMs = 1000;

std::unique_ptr<Session> start(const FewActive& network, std::size_t threads) {
  return make_simulator(threads)->compile(Network(few_active(network)))->start();
}

struct Timed {
  double best_s = 0;
  std::uint64_t spikes = 0;  ///< of the neurons, in all repeats
};

/// Best of five spans of `ms`, one after the other.
Timed measure(const FewActive& network, double ms, std::size_t threads) {
  constexpr int kRepeats = 5;
  const std::unique_ptr<Session> session = start(network, threads);
  NullSink nobody;
  session->advance(from_ms(kWarmUpMs), {}, nobody);
  Timed timed;
  for (int k = 0; k < kRepeats; ++k) {
    const Stopwatch running;
    session->advance(from_ms(kWarmUpMs + (k + 1) * ms), {}, nobody);
    const double wall_s = running.wall_s();
    timed.best_s = k == 0 ? wall_s : std::min(timed.best_s, wall_s);
  }
  timed.spikes = session->counts().populations[0].spikes;
  return timed;
}

/// Wall time of an hour without any event, after one spike of every active neuron.
double hour_of_silence_s(const FewActive& network, std::size_t threads) {
  const std::unique_ptr<Session> session = start(network, threads);
  NullSink nobody;
  std::vector<Spike> once;
  for (std::uint32_t k = 0; k < FewActive::kActive; ++k) once.push_back({kMillisecond, 1, k});
  session->advance(from_ms(kWarmUpMs), once, nobody);
  const Stopwatch running;
  session->advance(from_ms(kWarmUpMs) + 3600 * kSecond, {}, nobody);
  return running.wall_s();
}

}  // namespace

Json run_few_active(const RunOptions& options) {
  const double ms = options.ms > 0 ? options.ms : 60'000;
  const auto neurons = static_cast<std::uint32_t>(options.neurons ? options.neurons : 1'000'000);
  Json rows = Json::array();
  for (const Time resolution : {100 * kMicrosecond, kMicrosecond, kNanosecond}) {
    FewActive network{.neurons = neurons, .resolution = resolution, .seed = options.seed};
    const Timed all = measure(network, ms, options.threads);
    network.neurons = FewActive::kActive;
    const Timed alone = measure(network, ms, options.threads);
    network.neurons = neurons;
    network.driven = false;
    rows.push_back({{"resolution_ms", to_ms(resolution)},
                    {"all_s", all.best_s},
                    {"active_alone_s", alone.best_s},
                    {"ratio", all.best_s / alone.best_s},
                    {"spikes", all.spikes},
                    {"same_number_of_spikes", all.spikes == alone.spikes},
                    {"hour_of_silence_s", hour_of_silence_s(network, options.threads)}});
  }
  return {{"network", "few_active"},
          {"threads", options.threads},
          {"seed", options.seed},
          {"neurons", neurons},
          {"active", static_cast<std::uint32_t>(FewActive::kActive)},
          {"simulated_ms", ms},
          {"resolutions", rows},
          {"peak_bytes", peak_resident_bytes()}};
}

}  // namespace spikeloop::bench
