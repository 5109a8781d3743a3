// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "firmware-interface/board.hpp"

/// A self-test of a board and everything between it and us.
namespace spikeloop::firmware {

/// How much a probe does, and who is told of it.
struct ProbeOptions {
  std::size_t events = 10'000;    ///< injected and counted
  std::size_t round_trips = 200;  ///< timed one by one
  bool has_time = true;           ///< its time passes by itself, perhaps slowly; false for one that has time only while it is asked
  bool configure = true;          ///< start with the default configuration, which erases what was programmed
  std::function<void(const std::string& what)> tell = nullptr;  ///< told what begins
  /// Asked whether to go on before each neuron, burst of events and round trip, and while answers are waited for; may throw to end the
  /// probe.
  std::function<void()> ask = nullptr;
};

/// Times of round trips, host to board to host, by the host's clock, in us.
struct LatencyFigures {
  std::size_t count = 0;
  double median_us = 0, p95_us = 0, max_us = 0;
};

/// One neuron that was programmed and had to fire.
struct ProbedNeuron {
  unsigned chip = 0;
  NeuronAddress neuron = 0;
  CheckResult result;
};

/// What a probe found.
struct ProbeReport {
  BoardInfo board;
  double configure_s = 0;                  ///< the default configuration, its wait left out
  std::size_t words = 0;                   ///< chip words that were acknowledged, spikes not counted
  std::vector<ProbedNeuron> neurons;       ///< one of each core
  std::size_t injected = 0, received = 0;  ///< events that the routers send back to the host
  std::size_t unexpected = 0;              ///< events that nobody injected
  std::size_t out_of_order = 0;
  double events_per_s = 0;  ///< injected and received, by the host's clock
  LatencyFigures latency;
  BoardStatistics statistics;
  std::size_t lost() const { return injected - received; }
  std::size_t neurons_silent() const;
  /// Whatever was wrong with the stream: ends by a fault, words and bytes lost, time that stood still or went back.
  std::uint64_t stream_faults() const;
  /// All that was injected came, in order, and nothing else did; all neurons answered; the stream had no faults.
  bool good() const;
};

/// Configures the board, programs one neuron of every core so that it must fire and checks that it does; then injects events which the
/// routers of the four chips send straight back (no neuron is part of that), counts them, and times some. Leaves the board stopped, also
/// when it throws. Waits by the board's time, so that a slow board is no bad one.
/// That a router sends an injected spike by its hops is INFERRED from the word's fields.
ProbeReport probe_board(Board& board, const ProbeOptions& options = {});

/// The words by which all synapses of a neuron listen to `tag`, fast excitatory, and the host sees the neuron's spikes.
std::vector<ChipWord> probe_words(unsigned chip, NeuronAddress neuron, NeuronAddress tag);

}  // namespace spikeloop::firmware
