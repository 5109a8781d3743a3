// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/probe.hpp"

#include <algorithm>
#include <array>

#include "firmware-interface/dynapse1/biases.hpp"
#include "firmware-interface/virtual_board/dynapse1_parameters.hpp"

namespace spikeloop::firmware {
namespace {

using Clock = std::chrono::steady_clock;

// In the board's time, for a board may be slow: a virtual one whose time passes at a hundredth of ours is as good as any.
constexpr Milliseconds kPatience{500};
constexpr Milliseconds kQuiet{50};
constexpr std::chrono::microseconds kWrap{32'768};  // in which a board that has nothing to say says that time passes
constexpr std::chrono::seconds kWatchdog{60};       // in ours, for a board that does not even say that
constexpr int kSettles = 20;                        // a board that is never quiet is probed all the same
constexpr double kAsFast = 4;                       // not slower than this: as fast as it should be
constexpr std::size_t kBurst = 340;                 // 4 transfers: what comes back fits a FIFO of 2 KiB
constexpr unsigned kProbedNeuron = 0xA5;            // of each core; row and column differ

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

LatencyFigures figures_of(std::vector<double> us) {
  if (us.empty()) return {};
  std::sort(us.begin(), us.end());
  return {us.size(), us[us.size() / 2], us[std::min(us.size() - 1, us.size() * 95 / 100)], us.back()};
}

/// A probe under way.
class Probe {
 public:
  Probe(Board& board, const ProbeOptions& options) : board_(board), options_(options) { report_.board = board.info(); }
  ProbeReport run();

 private:
  void tell(const std::string& what) const {
    if (options_.tell) options_.tell(what);
  }
  void ask() const {
    if (options_.ask) options_.ask();
  }
  std::uint64_t wraps() { return board_.statistics().stream.wraps; }
  std::vector<StreamEvent> collect(std::size_t wanted, Milliseconds patience);
  void settle();
  void look_how_slow();
  void receive_echoes(unsigned chip, std::size_t first, std::size_t count);
  void probe_neurons();
  void probe_echoes();
  void probe_latency();

  Board& board_;
  const ProbeOptions& options_;
  ProbeReport report_;
  double slow_ = 1;  ///< our time for one of the board's
};

// Events, or none if none come for `patience` of the board's time.
std::vector<StreamEvent> Probe::collect(std::size_t wanted, Milliseconds patience) {
  ask();
  auto events = board_.collect(wanted, patience);
  if (!events.empty()) return events;
  // Either so much of the board's time has passed, or so much of ours without a word of it.
  const auto begin = Clock::now();
  for (const std::uint64_t first = wraps(); events.empty() && Clock::now() - begin < kWatchdog;) {
    if (const std::uint64_t passed = wraps() - first; passed > 1 && (passed - 1) * kWrap >= patience) break;
    ask();
    events = board_.collect(wanted, patience);
  }
  return events;
}

// Reads and forgets what comes, until nothing does.
void Probe::settle() {
  for (int i = 0; i < kSettles && !collect(1 << 16, kQuiet).empty();) ++i;
}

void Probe::look_how_slow() {
  const auto begin = Clock::now();
  const std::uint64_t first = wraps();
  std::uint64_t passed = 0;
  for (; passed < 2 && Clock::now() - begin < kWatchdog; passed = wraps() - first) {
    ask();
    board_.collect(1 << 16, kQuiet);
  }
  if (passed < 2) return;
  const double board_s = std::chrono::duration<double>((passed - 1) * kWrap).count();  // at least
  if (const double slow = seconds_since(begin) / board_s; slow >= kAsFast) slow_ = slow;
}

// Reads what comes back of `count` echoes and matches it with what was sent, in order: an event further on means that those between are
// lost. Events that nobody injected take no echo's place.
void Probe::receive_echoes(unsigned chip, std::size_t first, std::size_t count) {
  std::size_t next = first;
  const std::size_t end = first + count;
  while (next < end) {
    const auto events = collect(end - next, kPatience);
    if (events.empty()) return;
    for (const StreamEvent& event : events) {
      std::size_t i = next;
      while (i < end && !is_echo(event, chip, i)) ++i;
      if (i < end) {
        next = i + 1;
        ++report_.received;
        continue;
      }
      for (i = first; i < next && !is_echo(event, chip, i);) ++i;
      ++(i < next ? report_.out_of_order : report_.unexpected);
    }
  }
}

void Probe::probe_neurons() {
  CheckOptions check;
  check.patience = std::chrono::ceil<Milliseconds>(slow_ * check.patience);
  for (unsigned chip = 0; chip < kChips; ++chip) {
    board_.program(chip, responsive_biases());
    for (unsigned core = 0; core < kCores; ++core) {
      ask();
      const NeuronAddress neuron = neuron_address(core, kProbedNeuron);
      const NeuronAddress tag = neuron_address(kCores - 1 - core, kProbedNeuron + 1);  // another core's, no neuron's that fires
      board_.program(chip, probe_words(chip, neuron, tag));
      report_.neurons.push_back({chip, neuron, board_.check(chip, neuron, check)});
    }
    settle();  // before the biases change: slow ones would keep what is left of the currents alive
    board_.program(chip, low_power_biases());
  }
}

void Probe::probe_echoes() {
  const auto begin = Clock::now();
  for (std::size_t done = 0, burst = 0; done < options_.events; ++burst) {
    ask();
    const unsigned chip = burst % kChips;
    const std::size_t n = std::min(kBurst, options_.events - done);
    std::vector<InjectedSpike> spikes;
    for (std::size_t i = 0; i < n; ++i) spikes.push_back(echo(chip, done + i));
    board_.inject(chip, spikes);
    report_.injected += n;
    receive_echoes(chip, done, n);
    done += n;
  }
  report_.events_per_s = static_cast<double>(report_.received) / std::max(1e-9, seconds_since(begin));
}

void Probe::probe_latency() {
  std::vector<double> times;
  for (std::size_t i = 0; i < options_.round_trips; ++i) {
    const unsigned chip = i % kChips;
    const InjectedSpike spike = echo(chip, i);
    ask();
    const auto begin = Clock::now();
    board_.inject(chip, std::span(&spike, 1));
    ++report_.injected;
    const std::size_t before = report_.received;
    receive_echoes(chip, i, 1);
    if (report_.received > before) times.push_back(seconds_since(begin) * 1e6);
  }
  report_.latency = figures_of(std::move(times));
}

ProbeReport Probe::run() {
  ask();
  if (options_.configure) {
    tell("configuring");
    const auto begin = Clock::now();
    board_.initialise();
    report_.configure_s = seconds_since(begin);
  }
  ask();
  board_.start();
  if (options_.has_time) look_how_slow();
  tell("programming a neuron of each core");
  probe_neurons();
  settle();
  tell("injecting events");
  probe_echoes();
  tell("timing round trips");
  probe_latency();
  board_.stop();
  report_.statistics = board_.statistics();
  report_.words = report_.statistics.words - report_.statistics.injected;
  return std::move(report_);
}

}  // namespace

std::size_t ProbeReport::neurons_silent() const {
  return static_cast<std::size_t>(std::count_if(neurons.begin(), neurons.end(), [](const ProbedNeuron& n) { return !n.result.seen; }));
}

std::uint64_t ProbeReport::stream_faults() const {
  const StreamCounters& s = statistics.stream;
  return statistics.stalls + s.words_lost() + s.not_increasing + s.steps_back + s.resynchronisations + s.gaps + s.bytes_lost;
}

bool ProbeReport::good() const {
  return lost() == 0 && out_of_order == 0 && unexpected == 0 && neurons_silent() == 0 && stream_faults() == 0;
}

std::vector<ChipWord> probe_words(unsigned chip, NeuronAddress neuron, NeuronAddress tag) {
  std::vector<ChipWord> words;
  for (unsigned i = 0; i < kCamsPerNeuron; ++i)
    words.emplace_back(CamWord{neuron, static_cast<std::uint8_t>(i), tag, SynapseType::kFastExcitatory});
  words.emplace_back(monitoring_route(chip, neuron));
  return words;
}

ProbeReport probe_board(Board& board, const ProbeOptions& options) {
  try {
    return Probe(board, options).run();
  } catch (...) {  // also what `ask` throws
    if (board.running()) {
      try {
        board.stop();
      } catch (const DeviceFault&) {  // it is the board that has ended the probe
      }
    }
    throw;
  }
}

}  // namespace spikeloop::firmware
