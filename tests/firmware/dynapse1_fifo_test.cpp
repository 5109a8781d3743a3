// SPDX-License-Identifier: Apache-2.0
// The virtual board's stream: time stamps, packets, and every event accounted for when the host is slow.
#include "firmware-interface/virtual_board/dynapse1_fifo.hpp"

#include <gtest/gtest.h>

#include "tests/firmware/model_host.hpp"
#include "tests/firmware/random_words.hpp"

namespace spikeloop::firmware {
namespace {

using namespace std::chrono_literals;

constexpr Hops kOut{0, false, 2, true};  // from U0 to the monitor

ChipWord seen(unsigned k) { return InjectedSpike{static_cast<NeuronAddress>(k % 1024), kOut, 1}; }

/// `n` events, one each microsecond, that nobody fetches.
void flood(ModelHost& host, unsigned n) {
  for (unsigned k = 0; k < n; ++k) {
    host.model.advance(1us);
    host.write(reg("CHIP.CONTENT"), encode(seen(k)));
  }
}

struct Stream : ModelHost {
  explicit Stream(DynapSe1Options options = {.mismatch = 0}) : ModelHost(std::move(options)) { carry_out(data_start()); }
  /// Every event that left the chips is in exactly one place.
  void expect_all_accounted_for() {
    const DynapSe1Statistics& s = model.statistics();
    EXPECT_EQ(s.monitored_events, events.size() + s.lost_not_running + s.lost_mux_stopped + s.lost_stalled_aer + s.lost_stalled_mux +
                                      s.merged_in_neuron + s.lost_by_reset + model.events_waiting());
    EXPECT_EQ(read_wide(reg("AER.EVENTS_DROPPED")), s.lost_stalled_aer);
    EXPECT_EQ(read_wide(reg("MUX.AER_DROPPED")), s.lost_stalled_mux);
    EXPECT_EQ(decoder.counters().words_lost(), 0U);
    EXPECT_EQ(decoder.counters().not_increasing, 0U);
  }
};

TEST(DynapSe1Fifo, EventsBearTheTimeAtWhichTheyCame) {
  Stream host;
  for (unsigned k = 0; k < 100; ++k) {
    host.run(10ms + 1us);
    host.send(0, seen(k));
  }
  host.drain();
  ASSERT_EQ(host.events.size(), 100U);
  for (unsigned k = 0; k < 100; ++k) {
    EXPECT_EQ(host.events[k].time_us, 10'001 * (k + 1));
    EXPECT_EQ(host.events[k].neuron, k);
  }
  EXPECT_GE(host.decoder.counters().wraps, 30U);
  host.expect_all_accounted_for();
}

TEST(DynapSe1Fifo, TimeGoesOnBeyondTheBigWrap) {
  Stream host;
  host.run(2200s, 100ms);
  host.send(0, seen(1));
  host.drain();
  ASSERT_EQ(host.events.size(), 1U);
  EXPECT_EQ(host.events[0].time_us, 2'200'000'000);
  EXPECT_EQ(host.decoder.counters().big_wraps, 1U);
}

TEST(DynapSe1Fifo, TimeStartsAgainWhenTheHostSaysSo) {
  Stream host;
  host.run(20ms);
  host.write(reg("MUX.TIMESTAMP_RUN"), 1);  // again
  host.run(30ms);
  host.send(0, seen(1));
  const OutRequest reset = encode_timestamp_reset();
  const UsbSetup setup{kVendorOut, reset.request.request, reset.request.value, 0, static_cast<std::uint16_t>(reset.data.size())};
  EXPECT_TRUE(host.model.control(setup, reset.data));
  host.run(40ms);
  host.send(0, seen(2));
  host.drain();
  ASSERT_EQ(host.events.size(), 2U);
  EXPECT_EQ(host.events[0].time_us, 50'000);
  EXPECT_EQ(host.events[1].time_us, 40'000);
  EXPECT_EQ(host.decoder.counters().resets, 1U);
}

TEST(DynapSe1Fifo, TimeStandsStillWhileTimestampsDoNotRun) {
  Stream host;
  host.run(5ms);
  host.write(reg("MUX.TIMESTAMP_RUN"), 0);
  host.run(100ms);
  host.send(0, seen(1));
  host.write(reg("MUX.TIMESTAMP_RUN"), 1);
  host.run(2ms);
  host.send(0, seen(1));
  host.drain();
  EXPECT_EQ(host.events.at(0).time_us, 5000);
  EXPECT_EQ(host.events.at(1).time_us, 7000);
}

TEST(DynapSe1Fifo, AFullPacketIsReadyAtOnceAndAShortOneAfterTheDelay) {
  Stream host;
  host.write(reg("USB.EARLY_PACKET_DELAY"), 8 * kUsbCyclesPerDelay);  // 1 ms
  host.model.advance(10ms);
  host.send(0, seen(0));
  EXPECT_TRUE(host.model.bulk_ready(kDataEndpoint));  // long since the last packet
  host.fetch();
  host.send(0, seen(0));
  host.model.advance(999us);
  EXPECT_FALSE(host.model.bulk_ready(kDataEndpoint));
  host.model.advance(1us);
  EXPECT_TRUE(host.model.bulk_ready(kDataEndpoint));
  std::array<std::byte, 512> packet{};
  EXPECT_EQ(host.model.bulk_in(kDataEndpoint, packet), 2U);  // its stamp was sent before
  EXPECT_EQ(host.model.bulk_in(kDataEndpoint, packet), 0U);
  flood(host, 128);
  EXPECT_TRUE(host.model.bulk_ready(kDataEndpoint));
  EXPECT_FALSE(host.model.bulk_ready(0x81));
  EXPECT_EQ(host.model.bulk_in(0x81, packet), 0U);
  EXPECT_EQ(host.model.bulk_in(kDataEndpoint, packet), 512U);
}

TEST(DynapSe1Fifo, NothingIsSentWhileUsbDoesNotRun) {
  Stream host;
  host.write(reg("USB.RUN"), 0);
  flood(host, 300);
  EXPECT_FALSE(host.model.bulk_ready(kDataEndpoint));
  host.write(reg("USB.RUN"), 1);
  host.drain();
  EXPECT_EQ(host.events.size(), 300U);
}

TEST(DynapSe1Fifo, ByDefaultTheReceiverDropsWhenAllIsFull) {
  Stream host;
  flood(host, 5000);
  const DynapSe1Statistics& s = host.model.statistics();
  EXPECT_EQ(s.lost_stalled_aer, 5000U - 2048 / 4 - 1024);  // two words an event
  EXPECT_EQ(s.lost_stalled_mux, 0U);
  EXPECT_EQ(host.read_wide(reg("AER.EVENTS")), 5000U);
  host.drain();
  EXPECT_EQ(host.events.size(), 1536U);
  EXPECT_EQ(host.events[511].time_us, 512);
  EXPECT_GE(host.events[512].time_us, 5000);  // stamped when it passed the multiplexer
  host.expect_all_accounted_for();
}

TEST(DynapSe1Fifo, TheMultiplexerDropsWhenItIsToldTo) {
  Stream host;
  host.write(reg("MUX.DROP_AER_ON_TRANSFER_STALL"), 1);
  flood(host, 5000);
  const DynapSe1Statistics& s = host.model.statistics();
  EXPECT_EQ(s.lost_stalled_mux, 5000U - 2048 / 4);
  EXPECT_EQ(s.lost_stalled_aer, 0U);
  host.drain();
  flood(host, 10);
  host.drain();
  EXPECT_EQ(host.events.size(), 522U);
  host.expect_all_accounted_for();
}

TEST(DynapSe1Fifo, NeuronsWaitWhenTheReceiverIsToldNotToDrop) {
  Stream host;
  host.write(reg("AER.WAIT_ON_TRANSFER_STALL"), 1);
  flood(host, 4096);
  const DynapSe1Statistics& s = host.model.statistics();
  EXPECT_EQ(s.lost_stalled_aer + s.lost_stalled_mux, 0U);
  EXPECT_EQ(host.model.events_waiting(), 2048U);  // 1024 in the receiver, and each neuron once
  EXPECT_EQ(s.merged_in_neuron, 4096U - 512 - 2048);
  host.drain();
  EXPECT_EQ(host.model.events_waiting(), 0U);
  EXPECT_EQ(host.events.size(), 512U + 2048);
  host.expect_all_accounted_for();
}

TEST(DynapSe1Fifo, WhateverTheHostDoesEveryEventIsAccountedFor) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    RandomBits random(seed);
    Stream host({.usb_fifo_bytes = 512U << random.below(3), .aer_fifo_events = 1 + random.below(100)});
    for (int action = 0; action < 400; ++action) {
      switch (random.below(12)) {
        case 0:
          host.write(reg("AER.WAIT_ON_TRANSFER_STALL"), random.below(2));
          break;
        case 1:
          host.write(reg("MUX.DROP_AER_ON_TRANSFER_STALL"), random.below(2));
          break;
        case 2:
          host.write(reg("MUX.RUN"), random.below(4) == 0 ? 0 : 1);
          break;
        case 3:
          host.write(reg("AER.RUN"), random.below(4) == 0 ? 0 : 1);
          break;
        case 4:
          host.write(reg("USB.RUN"), random.below(2));
          break;
        case 5:
          host.run(std::chrono::microseconds(random.below(100'000)), 1ms);
          break;
        default:
          flood(host, random.below(200));
      }
    }
    for (const Register at : {reg("AER.RUN"), reg("MUX.RUN"), reg("USB.RUN")}) host.write(at, 1);
    host.drain();
    EXPECT_EQ(host.model.events_waiting(), 0U);
    host.expect_all_accounted_for();
  }
}

}  // namespace
}  // namespace spikeloop::firmware
