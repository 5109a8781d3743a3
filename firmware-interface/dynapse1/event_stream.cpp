// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/dynapse1/event_stream.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <stdexcept>
#include <string>

namespace spikeloop::firmware {
namespace {

constexpr unsigned kTimestamp = 0x8000;
constexpr unsigned kWrapBits = 15;
constexpr std::int64_t kWrapUs = std::int64_t{1} << kWrapBits;
constexpr unsigned kBigWrapBits = 31;
constexpr std::int64_t kMaxWraps = 0xFFF;  // of one word
constexpr unsigned kCodeSpecial = 0, kCodeWrap = 7, kDataReset = 1;
constexpr std::array<unsigned, 4> kSpikeCodes = {1, 2, 5, 6};  // of the cores
constexpr unsigned kSpikeCodeSet = 1U << 1 | 1U << 2 | 1U << 5 | 1U << 6;
constexpr unsigned kChipCount = 4;

constexpr std::size_t kBlock = 128;            // words decoded at a time when nothing is odd
constexpr std::uint64_t kTrustedWords = 1024;  // a base is trusted for no longer
constexpr unsigned kWrongToBeLost = 8;         // of the window's 64 words

std::uint16_t load(const std::byte* at) {
  if constexpr (std::endian::native == std::endian::little) {
    std::uint16_t word;
    std::memcpy(&word, at, 2);
    return word;
  }
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(at[0]) | std::to_integer<unsigned>(at[1]) << 8);
}

constexpr bool is_spike(unsigned word) { return word < kTimestamp && (kSpikeCodeSet >> (word >> 12) & 1) != 0; }
constexpr bool bears_chip(unsigned word) { return (word & 0xF) - 1 < kChipCount; }

/// 1, 2, 5, 6 -> 0, 1, 2, 3.
constexpr StreamEvent event_of(std::int64_t time_us, unsigned word) {
  const unsigned code = word >> 12;
  return {time_us, static_cast<std::uint8_t>(((code & 3) - 1) | (code >> 1 & 2)), static_cast<std::uint8_t>(word >> 4),
          static_cast<std::uint8_t>((word & 0xF) - 1)};
}

/// Whether all words are time stamps or spikes that bear a chip. Written for eight words in a vector register: a spike's code (1, 2, 5, 6)
/// is that whose lower two bits differ, and its chip that which is 0..3 less one.
bool only_stamps_and_spikes(const std::byte* at, std::size_t words) {
  std::uint16_t odd = 0;
  for (std::size_t i = 0; i < words; ++i) {
    const std::uint16_t word = load(at + 2 * i);
    const auto no_spike = static_cast<std::uint16_t>(~(word ^ word >> 1) >> 12 & 1);
    const auto no_chip = static_cast<std::uint16_t>((word - 1) & 0xC);
    const auto no_stamp = static_cast<std::uint16_t>((word >> 15) - 1);
    odd = static_cast<std::uint16_t>(odd | ((no_spike | no_chip) & no_stamp));
  }
  return odd == 0;
}

/// What bytes look like when they are read as words.
struct Reading {
  unsigned wrong = 0;        ///< words that no board sends, and time stamps behind the one before
  std::int64_t wrapped = 0;  ///< us, by the wraps since the last reset
};

Reading read_as_words(std::span<const std::byte> bytes) {
  Reading reading;
  unsigned last = 0;
  for (std::size_t i = 0; i + 2 <= bytes.size(); i += 2) {
    const unsigned word = load(&bytes[i]);
    const unsigned code = word >> 12, data = word & 0xFFF;
    if (word >= kTimestamp) {
      reading.wrong += word < last ? 1 : 0;
      last = word;
    } else if (code == kCodeWrap && data != 0) {
      reading.wrapped += kWrapUs * data;
      last = 0;
    } else if (code == kCodeSpecial && data == kDataReset) {
      reading.wrapped = 0;
      last = 0;
    } else {
      reading.wrong += is_spike(word) ? 0 : 1;
    }
  }
  return reading;
}

void append(std::vector<std::byte>& out, unsigned word) {
  out.push_back(static_cast<std::byte>(word & 0xFF));
  out.push_back(static_cast<std::byte>(word >> 8));
}

}  // namespace

/// Decodes blocks of words for as long as each is a later time stamp or a good spike, without a branch for a word; a block that has
/// anything else in it is left alone. Gives the number of bytes read.
std::size_t StreamDecoder::decode_clean(std::span<const std::byte> bytes, std::span<StreamEvent> out, StreamResult& result) {
  const std::int64_t base = base_us_;
  const std::byte* at = bytes.data();
  StreamEvent* to = out.data();
  std::size_t words_left = bytes.size() / 2, room = out.size();
  std::int64_t time = time_us_;
  for (;;) {
    const std::size_t n = std::min({kBlock, words_left, room});
    if (n == 0) break;
    if (!only_stamps_and_spikes(at, n)) break;
    unsigned late = 0;
    std::int64_t now = time;
    StreamEvent* next = to;
    for (std::size_t i = 0; i < n; ++i) {
      const unsigned word = load(at + 2 * i);
      const bool stamp = word >= kTimestamp;
      const std::int64_t then = base + (word & (kTimestamp - 1));
      late |= stamp && then <= now ? 1 : 0;
      now = stamp ? then : now;
      *next = event_of(now, word);
      next += stamp ? 0 : 1;
    }
    if (late != 0) break;
    const auto events = static_cast<std::size_t>(next - to);
    counters_.words += n;
    counters_.events += events;
    counters_.timestamps += n - events;
    result.events += events;
    time = now;
    to = next;
    room -= events;
    words_left -= n;
    at += 2 * n;
  }
  if (time > time_us_) late_us_ = kNone;
  time_us_ = time;
  return static_cast<std::size_t>(at - bytes.data());
}

StreamDecoder::Found StreamDecoder::decode_timestamp(std::int64_t value) {
  ++counters_.timestamps;
  const std::int64_t then = base_us_ + value;
  if (!timed_ || then > time_us_) {
    timed_ = true;
    time_us_ = then;
    late_us_ = kNone;
    return Found::kNothing;
  }
  ++counters_.not_increasing;
  if (then == time_us_) return Found::kNothing;
  if (late_us_ == kNone || then <= late_us_) {
    late_us_ = then;
    return Found::kWrong;
  }
  ++counters_.steps_back;
  time_us_ = then;
  late_us_ = kNone;
  return Found::kStepBack;
}

StreamDecoder::Found StreamDecoder::decode_special(unsigned code, unsigned data) {
  if (code == kCodeWrap && data != 0) {
    ++counters_.wraps;
    const std::int64_t before = base_us_ >> kBigWrapBits;
    base_us_ += kWrapUs * data;
    counters_.big_wraps += static_cast<std::uint64_t>((base_us_ >> kBigWrapBits) - before);
    return Found::kNothing;
  }
  if (code == kCodeSpecial && data == kDataReset) {
    ++counters_.resets;
    base_us_ = time_us_ = trusted_base_us_ = 0;
    timed_ = false;
    late_us_ = kNone;
    return Found::kReset;
  }
  ++counters_.not_understood;
  return Found::kWrong;
}

StreamDecoder::Found StreamDecoder::decode_word(std::uint16_t word, StreamEvent& out) {
  ++counters_.words;
  if (word >= kTimestamp) return decode_timestamp(word & (kTimestamp - 1));
  if (!is_spike(word)) return decode_special(word >> 12, word & 0xFFF);
  if (!bears_chip(word)) {
    ++counters_.bad_chip;
    return Found::kNothing;
  }
  if (!timed_) {
    ++counters_.without_time;
    return Found::kNothing;
  }
  ++counters_.events;
  out = event_of(time_us_, word);
  return Found::kEvent;
}

/// Whether the bytes up to here, of which the last word was wrong, make more sense from the next byte on. If so, moves there.
bool StreamDecoder::out_of_phase(std::span<const std::byte> read) {
  if (window_size_ + read.size() < kWindowBytes) return false;
  std::array<std::byte, kWindowBytes> window;
  const std::size_t here = std::min(read.size(), kWindowBytes), before = kWindowBytes - here;
  std::copy_n(window_.data() + window_size_ - before, before, window.data());
  std::copy_n(read.data() + read.size() - here, here, window.data() + before);
  const Reading as_read = read_as_words(window), shifted = read_as_words(std::span(window).subspan(1));
  if (shifted.wrong >= 2 * as_read.wrong || counters_.words - trusted_at_ > kTrustedWords) {
    trusted_base_us_ = base_us_ - as_read.wrapped;
    trusted_at_ = counters_.words;
  }
  if (as_read.wrong < kWrongToBeLost || 2 * shifted.wrong > as_read.wrong) return false;
  ++counters_.resynchronisations;
  skip_byte_ = true;
  base_us_ = time_us_ = trusted_base_us_;
  timed_ = false;
  late_us_ = kNone;
  window_size_ = 0;
  return true;
}

void StreamDecoder::remember(std::span<const std::byte> read) {
  if (read.size() >= kWindowBytes) {
    std::copy_n(read.data() + read.size() - kWindowBytes, kWindowBytes, window_.data());
    window_size_ = kWindowBytes;
    return;
  }
  const std::size_t kept = std::min(window_size_, kWindowBytes - read.size());
  std::memmove(window_.data(), window_.data() + window_size_ - kept, kept);
  std::copy_n(read.data(), read.size(), window_.data() + kept);
  window_size_ = kept + read.size();
}

StreamResult StreamDecoder::decode(std::span<const std::byte> bytes, std::span<StreamEvent> out) {
  StreamResult result;
  std::size_t at = 0, remembered = 0;
  while (at < bytes.size() && result.stop == StreamStop::kInputEnd) {
    if (skip_byte_) {
      skip_byte_ = false;
      ++counters_.bytes_lost;
      remembered = ++at;
      continue;
    }
    if (result.events == out.size()) {
      result.stop = StreamStop::kOutputFull;
      break;
    }
    if (timed_ && !half_waits_) at += decode_clean(bytes.subspan(at), out.subspan(result.events), result);
    // What stopped it is taken word by word, as far as the block that it stopped at goes.
    for (std::size_t n = 0; n < kBlock && at < bytes.size() && result.events < out.size(); ++n) {
      if (!half_waits_ && at + 1 == bytes.size()) {
        half_ = bytes[at++];
        half_waits_ = true;
        break;
      }
      const std::array<std::byte, 2> word = {half_waits_ ? half_ : bytes[at], half_waits_ ? bytes[at] : bytes[at + 1]};
      at += half_waits_ ? 1 : 2;
      half_waits_ = false;
      const Found found = decode_word(load(word.data()), out[result.events]);
      if (found == Found::kEvent) ++result.events;
      if (found == Found::kReset) result.stop = StreamStop::kReset;
      if (found == Found::kStepBack) result.stop = StreamStop::kStepBack;
      if ((found == Found::kWrong || found == Found::kStepBack) && out_of_phase(bytes.subspan(remembered, at - remembered))) {
        remembered = at;
        result.stop = StreamStop::kResynchronised;
      }
      if (result.stop != StreamStop::kInputEnd) break;
    }
  }
  remember(bytes.subspan(remembered, at - remembered));
  result.bytes = at;
  counters_.bytes += at;
  return result;
}

void StreamDecoder::gap() {
  ++counters_.gaps;
  counters_.bytes_lost += bytes_waiting();
  half_waits_ = skip_byte_ = timed_ = false;
  late_us_ = kNone;
  window_size_ = 0;
}

void StreamEncoder::advance(std::int64_t time_us, std::vector<std::byte>& out) {
  if (time_us < time_us_) throw std::out_of_range("time " + std::to_string(time_us) + " us is before " + std::to_string(time_us_) + " us");
  for (std::int64_t due = (time_us >> kWrapBits) - wraps_; due > 0;) {
    const std::int64_t now = std::min(due, kMaxWraps);
    append(out, kCodeWrap << 12 | static_cast<unsigned>(now));
    wraps_ += now;
    due -= now;
  }
  if (time_us > time_us_) stamped_ = false;
  time_us_ = time_us;
}

void StreamEncoder::spike(std::int64_t time_us, unsigned core, unsigned neuron, unsigned field, std::vector<std::byte>& out) {
  if (core >= kSpikeCodes.size() || neuron > 0xFF || field > 0xF)
    throw std::out_of_range("a spike of core " + std::to_string(core) + ", neuron " + std::to_string(neuron) + ", field " +
                            std::to_string(field) + " has no word");
  advance(time_us, out);
  if (!stamped_) append(out, kTimestamp | static_cast<unsigned>(time_us & (kWrapUs - 1)));
  stamped_ = true;
  append(out, kSpikeCodes[core] << 12 | neuron << 4 | field);
}

void StreamEncoder::events(std::span<const StreamEvent> events, std::vector<std::byte>& out) {
  for (const StreamEvent& event : events) spike(event.time_us, event.core, event.neuron, event.chip + 1U, out);
}

void StreamEncoder::reset(std::vector<std::byte>& out) {
  append(out, kCodeSpecial << 12 | kDataReset);
  *this = {};
}

}  // namespace spikeloop::firmware
