// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

/// The stream of events that a DYNAP-SE1 board sends on its bulk IN endpoint: little-endian 16-bit words, of which a time stamp holds for
/// the spikes behind it. Words and their sources: firmware-interface/PROTOCOL.md.
namespace spikeloop::firmware {

/// A spike as the host sees it.
struct StreamEvent {
  std::int64_t time_us = 0;  ///< of the board's clock, since its last reset; never wraps
  std::uint8_t core = 0;     ///< 0..3: the virtual core of the route by which it came, by default its own
  std::uint8_t neuron = 0;   ///< of the core
  std::uint8_t chip = 0;     ///< 0..3
  friend bool operator==(const StreamEvent&, const StreamEvent&) = default;
};

/// What a decoder has seen. Every byte is in `words`, lost, or waits for its other half; every word is in exactly one of the kinds.
struct StreamCounters {
  std::uint64_t bytes = 0, words = 0;
  // kinds of words
  std::uint64_t events = 0;          ///< delivered
  std::uint64_t timestamps = 0;      ///< of which some were `not_increasing`
  std::uint64_t wraps = 0;           ///< of which some were `big_wraps`
  std::uint64_t resets = 0;          ///< of time
  std::uint64_t not_understood = 0;  ///< LOST: reserved codes, a wrap by 0
  std::uint64_t bad_chip = 0;        ///< LOST: a spike that bears no chip 1..4
  std::uint64_t without_time = 0;  ///< LOST: a spike with no time stamp before it, at the start or after a reset, gap or resynchronisation
  // what was odd
  std::uint64_t not_increasing = 0;      ///< time stamps that did not increase: time stands still
  std::uint64_t steps_back = 0;          ///< second ones of those in a row, which are believed
  std::uint64_t big_wraps = 0;           ///< times that time passed a multiple of 2^31 us
  std::uint64_t resynchronisations = 0;  ///< words were read from the wrong byte on; about the last 64 may have been wrong
  std::uint64_t gaps = 0;                ///< told by `gap`
  std::uint64_t bytes_lost = 0;          ///< LOST: halves of words, by gaps and resynchronisations

  /// Words that were not delivered though they should have been or may have been spikes.
  std::uint64_t words_lost() const { return not_understood + bad_chip + without_time; }
  /// The sum of the kinds; equals `words`.
  std::uint64_t words_by_kind() const { return events + timestamps + wraps + resets + words_lost(); }
  friend bool operator==(const StreamCounters&, const StreamCounters&) = default;
};

/// Why `StreamDecoder::decode` came back.
enum class StreamStop : std::uint8_t {
  kInputEnd,        ///< all bytes are read
  kOutputFull,      ///< the buffer is; call again with the rest of the bytes
  kReset,           ///< time starts again at 0 from here on; call again with the rest
  kStepBack,        ///< time steps back before the next event, for two time stamps say so; call again with the rest
  kResynchronised,  ///< time may step back here; call again with the rest
};

/// How far one call of `StreamDecoder::decode` came.
struct StreamResult {
  std::size_t bytes = 0;   ///< read
  std::size_t events = 0;  ///< written
  StreamStop stop = StreamStop::kInputEnd;
};

/// Makes events of bytes, in slices cut anywhere: what comes out does not depend on the slices, nor on the size of the buffer. Time never
/// goes back within what one call delivers. Nothing is thrown; whatever is lost is counted.
///
/// A time stamp behind the one before it is counted, and time stands still; the second such, if it is later than the first, is believed.
///
/// A byte lost on the way would make nonsense of all that follows. Therefore, when a word is wrong (not understood, or a time stamp behind
/// the one before it), the last 64 words are judged as they were read and as they read one byte later. If eight or more of them are wrong
/// and at most half as many in the other reading, then the next byte is dropped, what wraps have added since the bytes last made sense is
/// taken back, and spikes wait for a time stamp. Time may be short by whole wraps (32,768 us) from then on, until the host resets it.
class StreamDecoder {
 public:
  /// Decodes as much of `bytes` as there is room in `out` for; reading a word takes a free place whether it is a spike or not.
  StreamResult decode(std::span<const std::byte> bytes, std::span<StreamEvent> out);
  /// Bytes are missing here (an unknown number): half a word that waits is dropped, and spikes wait for the next time stamp.
  void gap();
  const StreamCounters& counters() const { return counters_; }
  /// What is decoded from here on is at this time or later: that of the last time stamp or wrap, in us.
  std::int64_t clock_us() const { return std::max(base_us_, time_us_); }
  /// Time of the last time stamp, in us.
  std::int64_t time_us() const { return time_us_; }
  /// 1 if half a word waits for its other half, else 0.
  std::size_t bytes_waiting() const { return half_waits_ ? 1 : 0; }

 private:
  static constexpr std::size_t kWindowBytes = 128;
  static constexpr std::int64_t kNone = -1;
  enum class Found : std::uint8_t { kNothing, kEvent, kWrong, kStepBack, kReset };

  std::size_t decode_clean(std::span<const std::byte> bytes, std::span<StreamEvent> out, StreamResult& result);
  Found decode_word(std::uint16_t word, StreamEvent& out);
  Found decode_timestamp(std::int64_t value);
  Found decode_special(unsigned code, unsigned data);
  bool out_of_phase(std::span<const std::byte> read);
  void remember(std::span<const std::byte> read);

  std::int64_t base_us_ = 0;  // what wraps have added up to
  std::int64_t time_us_ = 0;
  std::int64_t late_us_ = kNone;      // the last time stamp, if it was behind time
  std::int64_t trusted_base_us_ = 0;  // `base_us_` when the bytes last made sense,
  std::uint64_t trusted_at_ = 0;      // at this word
  bool timed_ = false;                // a time stamp holds
  bool half_waits_ = false;           // `half_` is the low byte of a word whose high byte is yet to come
  bool skip_byte_ = false;            // resynchronising: the next byte is dropped
  std::byte half_{};
  std::size_t window_size_ = 0;  // the last bytes of slices before, newest last
  std::array<std::byte, kWindowBytes> window_{};
  StreamCounters counters_;
};

/// Makes bytes of events: the board's side. Times must not decrease but by `reset`.
class StreamEncoder {
 public:
  /// Appends a spike, with the wraps and the time stamp that it needs before it. `field` is what stands where the chip is: the core mask of
  /// the route, by default chip + 1. Throws std::out_of_range for a core above 3, a field above 15, or a time before the last.
  void spike(std::int64_t time_us, unsigned core, unsigned neuron, unsigned field, std::vector<std::byte>& out);
  /// The same for events, with the default field.
  void events(std::span<const StreamEvent> events, std::vector<std::byte>& out);
  /// Silence until then: appends the wraps due by `time_us`, one word for up to 4095 of them. A board does this each 32,768 us.
  void advance(std::int64_t time_us, std::vector<std::byte>& out);
  /// Appends a reset: time is 0 again.
  void reset(std::vector<std::byte>& out);

 private:
  std::int64_t wraps_ = 0;
  std::int64_t time_us_ = 0;
  bool stamped_ = false;
};

}  // namespace spikeloop::firmware
