// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/probe.hpp"

#include <algorithm>
#include <array>

#include "firmware-interface/dynapse1/biases.hpp"
#include "firmware-interface/virtual_board/dynapse1_parameters.hpp"

namespace spikeloop::firmware {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Milliseconds kPatience{500};
constexpr Milliseconds kQuiet{50};
constexpr std::size_t kBurst = 340;       // 4 transfers: what comes back fits a FIFO of 2 KiB
constexpr unsigned kProbedNeuron = 0xA5;  // of each core; row and column differ

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

// A spike that the routers bring back to the host as if neuron `i` of the chip had fired.
InjectedSpike echo(unsigned chip, std::size_t i) {
  const auto neuron = static_cast<NeuronAddress>(i % kNeuronsPerChip);
  const SramWord route = monitoring_route(chip, neuron);
  return {neuron, route.hops, route.core_mask};
}

bool is_echo(const StreamEvent& event, unsigned chip, std::size_t i) {
  return event.chip == chip && neuron_address(event.core, event.neuron) == i % kNeuronsPerChip;
}

// Reads what comes back of `count` echoes and matches it with what was sent, in order: an event further on means that those between are
// lost. Events that nobody injected take no echo's place.
void receive_echoes(Board& board, ProbeReport& report, unsigned chip, std::size_t first, std::size_t count) {
  std::size_t next = first;
  const std::size_t end = first + count;
  while (next < end) {
    const auto events = board.collect(end - next, kPatience);
    if (events.empty()) return;
    for (const StreamEvent& event : events) {
      std::size_t i = next;
      while (i < end && !is_echo(event, chip, i)) ++i;
      if (i < end) {
        next = i + 1;
        ++report.received;
        continue;
      }
      for (i = first; i < next && !is_echo(event, chip, i);) ++i;
      ++(i < next ? report.out_of_order : report.unexpected);
    }
  }
}

LatencyFigures figures_of(std::vector<double> us) {
  if (us.empty()) return {};
  std::sort(us.begin(), us.end());
  return {us.size(), us[us.size() / 2], us[std::min(us.size() - 1, us.size() * 95 / 100)], us.back()};
}

// Reads and forgets what comes, until nothing does.
void settle(Board& board) { board.collect(1 << 16, kQuiet); }

void probe_neurons(Board& board, ProbeReport& report) {
  for (unsigned chip = 0; chip < kChips; ++chip) {
    board.program(chip, responsive_biases());
    for (unsigned core = 0; core < kCores; ++core) {
      const NeuronAddress neuron = neuron_address(core, kProbedNeuron);
      const NeuronAddress tag = neuron_address(kCores - 1 - core, kProbedNeuron + 1);  // another core's, no neuron's that fires
      board.program(chip, probe_words(chip, neuron, tag));
      report.neurons.push_back({chip, neuron, board.check(chip, neuron)});
    }
    settle(board);  // before the biases change: slow ones would keep what is left of the currents alive
    board.program(chip, low_power_biases());
  }
}

void probe_echoes(Board& board, const ProbeOptions& options, ProbeReport& report) {
  const auto begin = Clock::now();
  for (std::size_t done = 0, burst = 0; done < options.events; ++burst) {
    const unsigned chip = burst % kChips;
    const std::size_t n = std::min(kBurst, options.events - done);
    std::vector<InjectedSpike> spikes;
    for (std::size_t i = 0; i < n; ++i) spikes.push_back(echo(chip, done + i));
    board.inject(chip, spikes);
    report.injected += n;
    receive_echoes(board, report, chip, done, n);
    done += n;
  }
  report.events_per_s = static_cast<double>(report.received) / std::max(1e-9, seconds_since(begin));
}

void probe_latency(Board& board, const ProbeOptions& options, ProbeReport& report) {
  std::vector<double> times;
  for (std::size_t i = 0; i < options.round_trips; ++i) {
    const unsigned chip = i % kChips;
    const InjectedSpike spike = echo(chip, i);
    const auto begin = Clock::now();
    board.inject(chip, std::span(&spike, 1));
    ++report.injected;
    const std::size_t before = report.received;
    receive_echoes(board, report, chip, i, 1);
    if (report.received > before) times.push_back(seconds_since(begin) * 1e6);
  }
  report.latency = figures_of(std::move(times));
}

}  // namespace

std::size_t ProbeReport::neurons_silent() const {
  return static_cast<std::size_t>(std::count_if(neurons.begin(), neurons.end(), [](const ProbedNeuron& n) { return !n.result.seen; }));
}

std::vector<ChipWord> probe_words(unsigned chip, NeuronAddress neuron, NeuronAddress tag) {
  std::vector<ChipWord> words;
  for (unsigned i = 0; i < kCamsPerNeuron; ++i)
    words.emplace_back(CamWord{neuron, static_cast<std::uint8_t>(i), tag, SynapseType::kFastExcitatory});
  words.emplace_back(monitoring_route(chip, neuron));
  return words;
}

ProbeReport probe_board(Board& board, const ProbeOptions& options) {
  const auto tell = [&](const std::string& what) {
    if (options.tell) options.tell(what);
  };
  ProbeReport report;
  report.board = board.info();
  if (options.configure) {
    tell("configuring");
    const auto begin = Clock::now();
    board.initialise();
    report.configure_s = seconds_since(begin);
  }
  board.start();
  tell("programming a neuron of each core");
  probe_neurons(board, report);
  settle(board);
  tell("injecting events");
  probe_echoes(board, options, report);
  tell("timing round trips");
  probe_latency(board, options, report);
  board.stop();
  report.statistics = board.statistics();
  report.words = report.statistics.words - report.statistics.injected;
  return report;
}

}  // namespace spikeloop::firmware
