// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "firmware-interface/dynapse1/event_stream.hpp"
#include "firmware-interface/dynapse1/shadow.hpp"
#include "firmware-interface/dynapse1/steps.hpp"
#include "firmware-interface/transport/transport.hpp"

namespace spikeloop::firmware {

/// Who a board is.
struct BoardInfo {
  DeviceIdentity usb;
  unsigned firmware = 0;                                           ///< low byte of bcdDevice
  std::uint32_t logic = 0, chip = 0;                               ///< version of the FPGA's logic, identifier of the chips
  std::uint32_t clock_mhz = 0;                                     ///< of the logic
  bool is_master = false;                                          ///< of time stamps
  bool has_event_statistics = false, has_drop_statistics = false;  ///< what `Board::statistics` can know
};

struct BoardOptions {
  Milliseconds timeout{2000};              ///< of each control transfer
  std::function<void(Milliseconds)> wait;  ///< how the chips are given time to settle; empty: sleeps
  Ask ask = nullptr;                       ///< before each transfer of words but spikes; if it throws, the chips are stopped as by a fault
};

/// A chip did not acknowledge a word (the handshake's status is not 0). Words before `index` were acknowledged.
class WordFault : public ProtocolFault {
 public:
  struct Place {
    unsigned chip = 0;        ///< 0..3
    std::size_t index = 0;    ///< in what was to be sent
    std::size_t count = 1;    ///< more than 1: the status holds for that many words, and which of them failed is not known
    std::uint32_t word = 0;   ///< the first of them
    std::uint8_t status = 0;  ///< what the board answered
  };
  WordFault(const std::string& what, const Place& place);
  const Place& place() const noexcept { return place_; }

 private:
  Place place_;
};

/// A board whose logic knows other chips than DYNAP-SE1.
class WrongChips : public WrongDevice {
 public:
  using WrongDevice::WrongDevice;
};

/// A register that has not the value that was written to it.
struct RegisterMismatch {
  Register at;
  std::uint32_t written = 0, read = 0;
  std::string text() const;
  friend bool operator==(const RegisterMismatch&, const RegisterMismatch&) = default;
};

/// What one call has read.
struct EventSlice {
  std::size_t events = 0;
  std::size_t bytes = 0;                    ///< that were decoded; 0 = nothing came by the timeout
  StreamStop stop = StreamStop::kInputEnd;  ///< kReset, kStepBack, kResynchronised: time is another behind these events
};

/// What became of events and words, since this connection. Counters of the board are unknown where its logic has none.
struct BoardStatistics {
  std::optional<std::uint64_t> sent;            ///< events that the chips sent to the FPGA
  std::optional<std::uint64_t> dropped_at_aer;  ///< LOST: by the FPGA at its input
  std::optional<std::uint64_t> dropped_at_mux;  ///< LOST: by the FPGA, for the host did not fetch in time
  StreamCounters stream;                        ///< what the host has decoded
  std::uint64_t stalls = 0;                     ///< times that the stream ended with a fault
  std::uint64_t stale = 0;                      ///< events of a stream before this connection that were still in the board: thrown away
  std::uint64_t read_by_checks = 0;             ///< events that functional checks read and gave to nobody
  std::uint64_t words = 0;                      ///< chip words that were acknowledged
  std::uint64_t words_repeated = 0;             ///< sent again singly after a handshake that failed
  std::uint64_t injected = 0;                   ///< spikes among the words
  std::uint64_t reconnects = 0;
  /// LOST between board and host, or still on the way: sent, not dropped by the board, not decoded. Unknown as the counters are.
  std::optional<std::uint64_t> missing() const;
};

struct CheckOptions {
  unsigned spikes = 64;       ///< injected at most, one at a time
  Milliseconds patience{20};  ///< for an answer to one of them
};

/// What a functional check found.
struct CheckResult {
  bool seen = false;                   ///< the neuron's spike came to the host
  std::string why;                     ///< if not: what the shadow knows of it
  NeuronAddress source = 0;            ///< the tag that was injected
  unsigned injected = 0;               ///< spikes until then
  std::size_t other_events = 0;        ///< of other neurons meanwhile
  StreamEvent event;                   ///< the spike, if seen
  std::chrono::nanoseconds latency{};  ///< from the last injection to the spike, by the host's clock
};

/// What a board that was lost and found again needs.
struct ReconnectReport {
  std::array<ShadowCounts, kChips> to_program;  ///< by chip: what was programmed, and has to be again
  std::vector<RegisterMismatch> registers;      ///< that have another value than before
  bool was_running = false;                     ///< events were streaming
  bool stimuli_lost = false;                    ///< generators had been set up; that is for their owner to do again
  BoardStatistics statistics;                   ///< of the connection that was lost; the board's own counters are unknown
  std::size_t words() const;
  std::size_t doubtful() const;
  std::string text() const;
};

/// A conversation with a DYNAP-SE1 board, whatever is between it and us. Chips cannot be asked what they were programmed with: every word's
/// handshake is checked, and the host keeps a shadow of what was acknowledged. Calls come from one thread at a time, except `close`. They
/// throw DeviceFaults; after a DeviceLost only `reconnect` and what asks no board make sense.
class Board {
 public:
  using Opener = std::function<std::unique_ptr<Transport>()>;

  /// Asks the board who it is, and configures nothing. Throws WrongDevice for a board, firmware or logic that we cannot talk to, WrongChips
  /// for chips. What
  /// `opener` gives is used now and at a reconnect.
  explicit Board(Opener opener, BoardOptions options = {});
  /// The same for a transport that is open; cannot reconnect by itself.
  explicit Board(std::unique_ptr<Transport> transport, BoardOptions options = {});
  /// Stops the board, if it still answers.
  ~Board();
  Board(const Board&) = delete;
  Board& operator=(const Board&) = delete;

  const BoardInfo& info() const { return info_; }

  // --- configuration ---

  /// A quiet and defined state (`default_configuration`, which ends with 4 s in which the chips settle), registers read back. CAMs are left
  /// as they are unless `clear_cams`, which takes long. Throws WordFault, and ProtocolFault for a register that does not hold its value.
  void initialise(bool clear_cams = false);
  /// Programs a chip (0..3), and returns when every word is acknowledged. A word without acknowledgement is a WordFault; when the
  /// transfer held several, they are sent again singly to find it, unless there are spikes among them.
  void program(unsigned chip, std::span<const std::uint32_t> words);
  void program(unsigned chip, std::span<const ChipWord> words);
  /// Carries out any steps in their order, with the same checks.
  void carry_out(const Steps& steps);
  /// What was programmed on a chip (0..3).
  const ChipShadow& shadow(unsigned chip) const { return shadows_.at(chip); }

  void write(Register at, std::uint32_t value);
  std::uint32_t read(Register at);
  /// A 64-bit counter of which `at` is the upper half.
  std::uint64_t read_wide(Register at);
  /// Reads back what was written to MUX, AER, CHIP and USB; gives what differs.
  std::vector<RegisterMismatch> verify_registers();

  // --- events ---

  /// Events stream from here on, in the order transfers, then `data_start`. The first time of a connection the board is stopped before, and
  /// what it still held of an earlier stream is thrown away (`BoardStatistics::stale`).
  void start();
  void stop();
  bool running() const { return running_; }
  /// Puts spikes into a chip's input; returns when they are acknowledged.
  void inject(unsigned chip, std::span<const InjectedSpike> spikes);
  /// At most one read of the stream. A fault of the stream is thrown once, and `start` begins a new one.
  EventSlice read_events(std::span<StreamEvent> out, Milliseconds timeout);
  /// Reads until there are `wanted` events, or none has come for `patience`: no bytes by the transport's clock, or only time by the
  /// board's. Ends early where time begins anew or steps back, and at a fault of the stream, which the next read throws.
  std::vector<StreamEvent> collect(std::size_t wanted, Milliseconds patience);
  /// The board's time, in us, as far as the stream has been read: what comes next is at this time or later.
  std::int64_t clock_us() const { return decoder_.clock_us(); }
  /// Time stamps begin again at 0; the stream says where.
  void reset_time();
  /// What the host has decoded.
  const StreamCounters& stream() const { return decoder_.counters(); }
  /// Asks the board for its counters; they are unknown if it is lost.
  BoardStatistics statistics();

  /// Injects spikes with a tag that the neuron's excitatory synapses listen to (by the shadow), until the neuron's own spike comes back by
  /// its route. Needs events to be running. Events of other neurons, and those that wait, are read and gone (`read_by_checks`).
  CheckResult check(unsigned chip, NeuronAddress neuron, const CheckOptions& options = {});

  // --- after a loss ---

  /// Opens the board again. Throws WrongDevice if it has another serial; then, as when opening fails, it can be tried again. The shadow
  /// stays what it was: what the board must be programmed with. Nothing is configured.
  ReconnectReport reconnect();
  ReconnectReport reconnect(const Opener& opener);
  /// Configures registers and chips as the shadow says, waits until chips have settled, and starts if it was running. What was doubtful is
  /// not known and therefore not restored.
  void restore();

  /// Lets go of the device, which ends calls that wait; from any thread, but not during `reconnect`. Idempotent.
  void close() noexcept { transport_->close(); }

 private:
  using Registers = std::map<std::pair<std::uint8_t, std::uint8_t>, std::uint32_t>;

  void identify();
  void connect(std::unique_ptr<Transport> transport);
  void forget_connection();
  std::uint8_t send_words(std::span<const std::uint32_t> words);
  void program_batch(std::span<const std::uint32_t> words, std::size_t index);
  void find_bad_word(std::span<const std::uint32_t> words, std::size_t index, std::uint8_t status);
  void acknowledged(std::uint32_t word);
  void send(const OutRequest& out, std::span<const ConfigWrite> writes);
  void record(const ConfigWrite& write);
  std::uint32_t written(Register at) const;
  bool in_doubt(Register at) const { return doubtful_.contains({at.module, at.parameter}); }
  void stop_quietly() noexcept;
  void select_chip(unsigned chip);
  void while_chips_run(const std::function<void()>& act);
  void wait(Milliseconds time) const;
  void restore(const Registers& registers, const std::array<ChipShadow, kChips>& shadows);
  std::optional<std::uint64_t> counter(bool there, Register at, std::uint64_t before);
  void begin_counting();
  void begin_streaming();
  std::size_t drain(Milliseconds patience);
  bool await(unsigned chip, NeuronAddress neuron, Milliseconds patience, CheckResult& result);
  std::string place() const;

  Opener opener_;
  BoardOptions options_;
  std::unique_ptr<Transport> transport_;
  BoardInfo info_;
  std::array<ChipShadow, kChips> shadows_;
  Registers registers_;                                       ///< written values of what keeps them
  std::set<std::pair<std::uint8_t, std::uint8_t>> doubtful_;  ///< whose last write had no answer
  std::optional<unsigned> chip_;                              ///< that CHIP.CHIP_ID names, if that is known
  bool running_ = false, resume_ = false;                     ///< events stream; they should, also after a loss
  bool started_ = false;                                      ///< they have, in this connection
  bool stimuli_ = false;                                      ///< generators were set up
  StreamDecoder decoder_;
  std::exception_ptr stream_fault_;  ///< that `collect` kept for the next read
  std::vector<std::byte> buffer_;
  std::span<const std::byte> waiting_;  ///< of `buffer_`, not yet decoded
  BoardStatistics statistics_;
  std::array<std::uint64_t, 3> counters_before_{};  ///< the board's, when this connection began
};

}  // namespace spikeloop::firmware
