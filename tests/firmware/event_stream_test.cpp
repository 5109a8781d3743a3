// SPDX-License-Identifier: Apache-2.0
#include "firmware-interface/dynapse1/event_stream.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/firmware/streams.hpp"

namespace spikeloop::firmware {
namespace {

using Stops = std::vector<StreamStop>;
using Words = std::vector<std::uint16_t>;
using Events = std::vector<StreamEvent>;

Decoded decode_words(std::initializer_list<unsigned> words) {
  Bytes bytes;
  for (const unsigned word : words) append_word(bytes, word);
  return decode_sliced(bytes, {bytes.size()}, 64);
}

TEST(EventStream, SpikeTakesTheLastTimeStamp) {
  const Decoded d = decode_words({0x8005, 0x1231, 0x2FF2, 0x8007, 0x5003, 0x6014});
  EXPECT_EQ(d.events, (Events{{5, 0, 0x23, 0}, {5, 1, 0xFF, 1}, {7, 2, 0x00, 2}, {7, 3, 0x01, 3}}));
  EXPECT_EQ(d.counters.timestamps, 2U);
  EXPECT_EQ(d.counters.words_lost(), 0U);
}

TEST(EventStream, IsLittleEndian) {
  const Bytes bytes = {std::byte{0x05}, std::byte{0x80}, std::byte{0x31}, std::byte{0x12}};
  EXPECT_EQ(decode_sliced(bytes, {4}, 8).events, (Events{{5, 0, 0x23, 0}}));
}

TEST(EventStream, WrapsAddUp) {
  const Decoded d = decode_words({0xFFFF, 0x1011, 0x7001, 0x8000, 0x1011, 0x7003, 0x8001, 0x1011});
  EXPECT_EQ(d.events, (Events{{0x7FFF, 0, 1, 0}, {0x8000, 0, 1, 0}, {0x20001, 0, 1, 0}}));
  EXPECT_EQ(d.counters.wraps, 2U);
  EXPECT_EQ(d.counters.not_increasing, 0U);
}

TEST(EventStream, SpikeBehindAWrapHasTheTimeBeforeIt) { EXPECT_EQ(decode_words({0x8003, 0x7001, 0x1011}).events, (Events{{3, 0, 1, 0}})); }

TEST(EventStream, TimeGoesOnBeyondTheBigWrap) {
  std::vector<unsigned> words(17, 0x7FFF);
  Bytes bytes;
  for (const unsigned word : words) append_word(bytes, word);
  append_word(bytes, 0x8009);
  append_word(bytes, 0x1011);
  const Decoded d = decode_sliced(bytes, {bytes.size()}, 4);
  EXPECT_EQ(d.events, (Events{{std::int64_t{17} * 4095 * 32768 + 9, 0, 1, 0}}));
  EXPECT_EQ(d.counters.big_wraps, 1U);
}

TEST(EventStream, ResetStartsTimeAgainAndIsSaid) {
  const Decoded d = decode_words({0x7001, 0x8005, 0x1011, 0x0001, 0x1011, 0x8002, 0x1011});
  EXPECT_EQ(d.events, (Events{{0x8005, 0, 1, 0}, {2, 0, 1, 0}}));
  EXPECT_EQ(d.stops, (Stops{StreamStop::kReset, StreamStop::kInputEnd}));
  EXPECT_EQ(d.counters.resets, 1U);
  EXPECT_EQ(d.counters.without_time, 1U);
}

TEST(EventStream, WhatIsLostIsCountedByKind) {
  const Decoded d = decode_words({0x1011, 0x8001, 0x0000, 0x0002, 0x3000, 0x4000, 0x7000, 0x1010, 0x1015, 0x101F, 0x1011});
  EXPECT_EQ(d.events.size(), 1U);
  EXPECT_EQ(d.counters.without_time, 1U);
  EXPECT_EQ(d.counters.not_understood, 5U);
  EXPECT_EQ(d.counters.bad_chip, 3U);
  EXPECT_EQ(d.counters.words_by_kind(), 11U);
}

TEST(EventStream, TimeStandsStillAtALateStamp) {
  const Decoded d = decode_words({0x8005, 0x1011, 0x8005, 0x1011, 0x8003, 0x1011, 0x8006, 0x1011});
  EXPECT_EQ(d.events, (Events{{5, 0, 1, 0}, {5, 0, 1, 0}, {5, 0, 1, 0}, {6, 0, 1, 0}}));
  EXPECT_EQ(d.counters.not_increasing, 2U);
  EXPECT_EQ(d.counters.steps_back, 0U);
}

TEST(EventStream, TimeStepsBackWhenTwoStampsSaySo) {
  const Decoded d = decode_words({0x8050, 0x1011, 0x8003, 0x1011, 0x8006, 0x1011, 0x8007, 0x1011});
  EXPECT_EQ(d.events, (Events{{0x50, 0, 1, 0}, {0x50, 0, 1, 0}, {6, 0, 1, 0}, {7, 0, 1, 0}}));
  EXPECT_EQ(d.stops, (Stops{StreamStop::kStepBack, StreamStop::kInputEnd}));
  EXPECT_EQ(d.counters.not_increasing, 2U);
  EXPECT_EQ(d.counters.steps_back, 1U);
}

TEST(EventStream, AGapDropsTheHalfWordAndTheTime) {
  StreamDecoder decoder;
  Events out(4);
  const Bytes first = {std::byte{0x05}, std::byte{0x80}, std::byte{0x11}};
  EXPECT_EQ(decoder.decode(first, out).bytes, 3U);
  EXPECT_EQ(decoder.bytes_waiting(), 1U);
  decoder.gap();
  EXPECT_EQ(decoder.bytes_waiting(), 0U);
  const Bytes second = {std::byte{0x11}, std::byte{0x10}, std::byte{0x07}, std::byte{0x80}, std::byte{0x11}, std::byte{0x10}};
  EXPECT_EQ(decoder.decode(second, out).events, 1U);
  EXPECT_EQ(out[0], (StreamEvent{7, 0, 1, 0}));
  EXPECT_EQ(decoder.counters().bytes_lost, 1U);
  EXPECT_EQ(decoder.counters().without_time, 1U);
  EXPECT_EQ(decoder.counters().gaps, 1U);
}

TEST(EventStream, NoRoomReadsNothing) {
  StreamDecoder decoder;
  const Bytes bytes = {std::byte{0x05}, std::byte{0x80}};
  const StreamResult result = decoder.decode(bytes, {});
  EXPECT_EQ(result.bytes, 0U);
  EXPECT_EQ(result.stop, StreamStop::kOutputFull);
}

// --- encoder ---

TEST(EventStreamEncoder, WritesWrapsAndStampsWhereNeeded) {
  StreamEncoder encoder;
  Bytes bytes;
  const Events events = {{0, 0, 1, 0}, {0, 1, 2, 3}, {0x7FFF, 2, 3, 0}, {0x8000, 3, 4, 0}, {0x8000 + 4096LL * 0x8000, 0, 5, 0}};
  encoder.events(events, bytes);
  encoder.reset(bytes);
  encoder.advance(0x10000, bytes);
  const Words expected = {0x8000, 0x1011, 0x2024, 0xFFFF, 0x5031, 0x7001, 0x8000, 0x6041, 0x7FFF, 0x7001, 0x8000, 0x1051, 0x0001, 0x7002};
  EXPECT_EQ(words_of(bytes), expected);
}

TEST(EventStreamEncoder, RefusesWhatHasNoWord) {
  StreamEncoder encoder;
  Bytes bytes;
  encoder.spike(10, 0, 0, 1, bytes);
  EXPECT_THROW(encoder.spike(9, 0, 0, 1, bytes), std::out_of_range);
  EXPECT_THROW(encoder.spike(10, 4, 0, 1, bytes), std::out_of_range);
  EXPECT_THROW(encoder.spike(10, 0, 256, 1, bytes), std::out_of_range);
  EXPECT_THROW(encoder.spike(10, 0, 0, 16, bytes), std::out_of_range);
}

TEST(EventStreamEncoder, IsUndoneByTheDecoder) {
  const Events events = random_events(1, 100'000);
  const Bytes bytes = encoded(events);
  const Decoded d = decode_sliced(bytes, {bytes.size()}, events.size());
  EXPECT_EQ(d.events, events);
  EXPECT_EQ(d.counters.words_lost() + d.counters.not_increasing + d.counters.resynchronisations, 0U);
  EXPECT_EQ(d.counters.words_by_kind(), bytes.size() / 2);
}

// --- slices ---

TEST(EventStreamSlices, CutAnywhereGiveTheSame) {
  const Bytes bytes = encoded(random_events(2, 300));
  const Decoded whole = decode_sliced(bytes, {bytes.size()}, 1000);
  ASSERT_EQ(whole.events.size(), 300U);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    const Decoded parts = decode_sliced(bytes, {cut, bytes.size() - cut}, 1000);
    EXPECT_EQ(parts.events, whole.events) << cut;
    EXPECT_EQ(parts.counters, whole.counters) << cut;
  }
}

/// Good data, data with a byte lost, noise, and good data again: everything that can make the decoder look at what it has read.
Bytes troubled(std::uint64_t seed) {
  RandomBits random(seed);
  Bytes bytes = encoded(random_events(seed, 200));
  bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(random.below(static_cast<unsigned>(bytes.size()))));
  for (unsigned n = random.below(300); n > 0; --n) bytes.push_back(static_cast<std::byte>(random.below(256)));
  const Bytes more = encoded(random_events(seed + 1, 300));
  bytes.insert(bytes.end(), more.begin(), more.end());
  return bytes;
}

TEST(EventStreamSlices, AndBuffersDoNotMatterInTroubleEither) {
  std::uint64_t resynchronisations = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const Bytes bytes = troubled(seed);
    const Decoded whole = decode_sliced(bytes, {bytes.size()}, 10'000);
    resynchronisations += whole.counters.resynchronisations;
    for (const std::size_t room : {1U, 2U, 7U, 129U}) {
      for (const std::size_t slice : {1U, 2U, 3U, 64U, 127U, 511U, 8192U}) {
        const Decoded parts = decode_sliced(bytes, {slice}, room);
        ASSERT_EQ(parts.events, whole.events) << seed << " by " << slice << " with room for " << room;
        ASSERT_EQ(parts.counters, whole.counters) << seed << " by " << slice << " with room for " << room;
      }
    }
  }
  EXPECT_GE(resynchronisations, 60U);
}

// --- out of phase ---

/// Of the last events, how many are the same but for whole wraps of time.
std::size_t same_at_the_end(const Events& a, const Events& b) {
  std::size_t n = 0;
  for (; n < a.size() && n < b.size(); ++n) {
    const StreamEvent &x = a[a.size() - 1 - n], &y = b[b.size() - 1 - n];
    if (x.core != y.core || x.neuron != y.neuron || x.chip != y.chip || (x.time_us - y.time_us) % 32768 != 0) break;
  }
  return n;
}

TEST(EventStreamPhase, IsFoundAgainAfterALostByte) {
  constexpr std::size_t kEvents = 1000;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const Events events = random_events(seed, kEvents);
    Bytes bytes = encoded(events);
    const std::size_t at = 200 + 2 * seed + seed % 2;
    bytes.erase(bytes.begin() + static_cast<std::ptrdiff_t>(at));
    const Decoded d = decode_sliced(bytes, {bytes.size()}, kEvents * 2);
    EXPECT_EQ(d.counters.resynchronisations, 1U) << seed;
    EXPECT_EQ(d.counters.bytes_lost, 1U) << seed;
    EXPECT_EQ(d.counters.words_by_kind(), d.counters.words);
    EXPECT_EQ(2 * d.counters.words + d.counters.bytes_lost, bytes.size());
    // What is behind the last 64 words and the time stamp needed after them is as it was sent.
    const std::size_t sent_after = kEvents - at / 4;
    EXPECT_GE(same_at_the_end(d.events, events) + 70, sent_after) << seed;
  }
}

TEST(EventStreamPhase, WrapsThatWereNotThereAreTakenBack) {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const Events events = random_events(seed, 1000, 3);
    Bytes bytes = encoded(events);
    bytes.erase(bytes.begin() + 1001);
    const Decoded d = decode_sliced(bytes, {bytes.size()}, 2000);
    const std::int64_t error = d.events.back().time_us - events.back().time_us;
    EXPECT_LE(error, 0) << seed;
    EXPECT_GE(error, -32768) << seed;
  }
}

TEST(EventStreamPhase, NoiseBeforeDoesNotMatter) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    RandomBits random(seed);
    Bytes bytes;
    for (unsigned n = 200 + random.below(2000); n > 0; --n) bytes.push_back(static_cast<std::byte>(random.below(256)));
    const Events events = random_events(seed, 1000);
    const Bytes good = encoded(events);
    bytes.insert(bytes.end(), good.begin(), good.end());
    const Decoded d = decode_sliced(bytes, {bytes.size()}, 10'000);
    EXPECT_GE(same_at_the_end(d.events, events), 900U) << seed;
    EXPECT_EQ(d.counters.words_by_kind(), d.counters.words);
    EXPECT_EQ(2 * d.counters.words + d.counters.bytes_lost + d.waiting, bytes.size());
  }
}

// A route of the user's own may send any mask where the chip belongs; stamps may be late; other codes may come. None of it moves the phase.
TEST(EventStreamPhase, IsKeptWhenTheStreamIsOnlyOdd) {
  RandomBits random(9);
  StreamEncoder encoder;
  Bytes bytes;
  std::uint64_t odd = 0;
  for (int k = 0; k < 20'000; ++k) {
    const unsigned field = random.below(16);
    odd += field == 0 || field > 4 ? 1 : 0;
    encoder.spike(k * 5, random.below(4), random.below(256), field, bytes);
    if (k % 2 == 0) append_word(bytes, 0x3000 | random.below(4096));
  }
  const Decoded d = decode_sliced(bytes, {8192}, 4096);
  EXPECT_EQ(d.counters.resynchronisations, 0U);
  EXPECT_EQ(d.counters.bad_chip, odd);
  EXPECT_EQ(d.counters.events, 20'000 - odd);
  EXPECT_EQ(d.counters.not_understood, 10'000U);
}

/// Events in the wrap number `wrap` that make sense from the next byte on, too: spikes 0x1110 + field, stamps 0x81??.
void append_ambiguous(StreamEncoder& encoder, std::int64_t wrap, unsigned field, Bytes& bytes) {
  for (unsigned low = 0x10; low < 0x100; ++low)
    if (low >= 0x80 || (low & 0x70) == 0x10 || (low & 0x70) == 0x20 || (low & 0x70) == 0x50 || (low & 0x70) == 0x60)
      encoder.spike(wrap * 32768 + 0x100 + low, 0, 0x11, field, bytes);
}

TEST(EventStreamPhase, AMaskThatNamesNoChipIsNoEvidence) {
  StreamEncoder encoder;
  Bytes bytes;
  append_ambiguous(encoder, 0, 0xF, bytes);
  for (int k = 0; k < 10; ++k) append_word(bytes, 0x3000);
  append_ambiguous(encoder, 1, 0xF, bytes);
  const Decoded d = decode_sliced(bytes, {bytes.size()}, 1000);
  EXPECT_EQ(d.counters.resynchronisations, 0U);
  EXPECT_EQ(d.counters.bad_chip, 384U);
}

// The base to go back to is a recent one, even if the bytes of hours gave no reason to look at them.
TEST(EventStreamPhase, TimeOfLongAgoIsNotTakenBack) {
  StreamEncoder encoder;
  Bytes bytes;
  constexpr std::int64_t kWraps = 1000;
  for (std::int64_t wrap = 0; wrap <= kWraps; ++wrap) append_ambiguous(encoder, wrap, 1, bytes);
  std::vector<StreamEvent> later = random_events(1, 1000, 3);
  const std::int64_t shift = kWraps * 32768 + 0x200 - later.front().time_us;
  for (StreamEvent& event : later) event.time_us += shift;
  bytes.push_back(std::byte{0x05});
  encoder.events(later, bytes);
  const Decoded d = decode_sliced(bytes, {8192}, 1000);
  EXPECT_EQ(d.counters.resynchronisations, 1U);
  EXPECT_NEAR(static_cast<double>(d.events.back().time_us), static_cast<double>(later.back().time_us), 4 * 32768.0);
}

TEST(EventStreamPhase, CountersAddUpForAnyBytes) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    RandomBits random(seed);
    Bytes bytes(random.below(20'000));
    for (std::byte& b : bytes) b = static_cast<std::byte>(random.below(256));
    const Decoded d = decode_sliced(bytes, {1 + random.below(5000)}, 1 + random.below(5000));
    EXPECT_EQ(d.counters.bytes, bytes.size());
    EXPECT_EQ(d.counters.words_by_kind(), d.counters.words);
    EXPECT_EQ(d.counters.events, d.events.size());
    EXPECT_EQ(2 * d.counters.words + d.counters.bytes_lost + d.waiting, bytes.size());
  }
}

}  // namespace
}  // namespace spikeloop::firmware
