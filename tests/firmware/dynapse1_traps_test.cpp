// SPDX-License-Identifier: Apache-2.0
// What users of the board fall into (facts A), which the virtual one must reproduce; and the mesh.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "firmware-interface/dynapse1/biases.hpp"
#include "firmware-interface/virtual_board/dynapse1_router.hpp"
#include "tests/firmware/model_host.hpp"

namespace spikeloop::firmware {
namespace {

using namespace std::chrono_literals;

constexpr auto kExcitatory = SynapseType::kFastExcitatory;
constexpr NeuronAddress kAnyNeuron = 0x2A7;

/// A board whose neurons answer, and of which U0's neuron 0x2A7 listens to the input tag.
struct Responsive : ModelHost {
  Responsive() : ModelHost({.mismatch = 0}) {
    start();
    biases_for_all(responsive_biases());
    send(0, connect(kInputTag, kAnyNeuron, kExcitatory));
  }
};

TEST(DynapSe1Traps, ChipsHaveTheWireIds0_8_4_12) {
  ModelHost host({.mismatch = 0});
  host.write(reg("CHIP.RUN"), 1);
  const std::array<std::uint32_t, 4> ids = {0, 8, 4, 12};
  for (unsigned chip = 0; chip < 4; ++chip) {
    host.write(reg("CHIP.CHIP_ID"), ids[chip]);
    host.write(reg("CHIP.CONTENT"), encode(CamWord{kAnyNeuron, 1, static_cast<NeuronAddress>(100 + chip), kExcitatory}));
  }
  for (unsigned chip = 0; chip < 4; ++chip) EXPECT_EQ(host.model.fabric().chip(chip).cam(kAnyNeuron, 1).source, 100 + chip);
}

TEST(DynapSe1Traps, CoarseBiasesComeInReverseBitOrder) {
  ModelHost host({.mismatch = 0});
  host.write(reg("CHIP.RUN"), 1);
  host.write(reg("CHIP.CONTENT"), 0x000166AD);  // coarse 3 is sent as 6; fine 106
  EXPECT_DOUBLE_EQ(host.model.fabric().chip(0).biases(0)[bias_index("PULSE_PWLK_P")], 5e-8 * 106 / 255);
  host.write(reg("CHIP.CONTENT"), 0x00317057);  // coarse 7 fine 5, and the factor of TAU1
  EXPECT_DOUBLE_EQ(host.model.fabric().chip(0).biases(0)[bias_index("IF_TAU1_N")], 1.5e-11 * 5 / 255 * 1e-4);
}

TEST(DynapSe1Traps, EachBiasAddressIsOfItsCore) {
  for (const Bias& bias : biases()) {
    if (!bias.core) continue;
    const BiasPlace place = place_of_bias(bias.address);
    EXPECT_EQ(place.core, *bias.core) << bias.name;
    EXPECT_EQ("C" + std::to_string(place.core) + "_" + std::string(kCoreBiases[place.index].name), bias.name);
  }
}

TEST(DynapSe1Traps, AClearedCamListensToNeuron0OfCore0AndInhibits) {
  Responsive host;
  const DynapSe1Statistics& s = host.model.statistics();
  host.send(0, cleared_cam(kAnyNeuron, 0));
  host.send(0, InjectedSpike{kInputTag, {}, 4});
  EXPECT_EQ(s.synaptic_events, 0U);  // nobody else listens
  host.send(0, InjectedSpike{0, {}, 4});
  EXPECT_EQ(s.synaptic_events, 256U * 64);  // all words of the core: 63 were never written
  EXPECT_GT(host.model.fabric().state(kAnyNeuron).current_a[0], 0);
  EXPECT_EQ(host.model.fabric().state(kAnyNeuron).current_a[3], 0);
}

TEST(DynapSe1Traps, AWordThatIsWrittenAfterASpikeCountsFromThenOn) {
  Responsive host;
  host.send(0, InjectedSpike{kInputTag, {}, 4});
  host.send(0, CamWord{kAnyNeuron, 0, 0x111, kExcitatory});
  host.send(0, InjectedSpike{kInputTag, {}, 4});
  EXPECT_EQ(host.model.statistics().synaptic_events, 1U);
  host.send(0, InjectedSpike{0x111, {}, 4});
  EXPECT_EQ(host.model.statistics().synaptic_events, 2U);
}

TEST(DynapSe1Traps, ABiasCountsFromItsWordOn) {
  Responsive host;
  const double tau = 25e-3 * 24.5e-12 / (0.705 * 8.2e-10 * 135 / 255);
  host.send(0, InjectedSpike{kInputTag, {}, 4});
  const double jump = host.model.fabric().state(kAnyNeuron).current_a[3];
  host.model.advance(2ms);
  host.send(0, with_bias(responsive_biases(), "NPDPIE_TAU_F_P", 7, 1));  // much slower
  host.model.advance(1ns);
  EXPECT_NEAR(host.model.fabric().state(kAnyNeuron).current_a[3] / jump, std::exp(-2e-3 / tau), 1e-6);
}

TEST(DynapSe1Traps, TagsDoNotTellChipsApart) {
  Responsive host;
  const NeuronAddress source = neuron_address(3, 0xC5);  // is kInputTag
  ASSERT_EQ(source, kInputTag);
  for (const unsigned chip : {1U, 3U}) {  // both send to U0, core 2
    const Hops to_u0{1, true, static_cast<std::uint8_t>(chip == 3 ? 1 : 0), false};
    host.send(chip, SramWord{source, 1, 3, to_u0, 4});
    host.send(chip, connect(7, source, kExcitatory, 1));
    host.send(chip, InjectedSpike{7, {}, 8});
    host.run(30ms);
  }
  host.drain();
  EXPECT_EQ(host.spikes_of(1, 3, 0xC5), 1U);
  EXPECT_EQ(host.spikes_of(3, 3, 0xC5), 1U);
  EXPECT_EQ(host.spikes_of(0, 2, 0xA7), 2U);
}

TEST(DynapSe1Traps, TheMonitorTakesTheMaskForTheChip) {
  Responsive host;
  SramWord route = monitoring_route(0, kAnyNeuron);
  route.core_mask = 3;  // claims to be U2
  route.virtual_core = 1;
  host.send(0, route);
  host.send(0, InjectedSpike{kInputTag, {}, 4});
  host.run(30ms);
  EXPECT_EQ(host.spikes_of(2, 1, 0xA7), 1U);
  route.core_mask = 9;
  host.send(0, route);
  host.send(0, InjectedSpike{kInputTag, {}, 4});
  host.run(30ms);
  EXPECT_EQ(host.decoder.counters().bad_chip, 1U);
  route.core_mask = 0;  // leads nowhere
  host.send(0, route);
  host.send(0, InjectedSpike{kInputTag, {}, 4});
  host.run(30ms);
  EXPECT_EQ(host.model.statistics().neuron_spikes, 3U);
  EXPECT_EQ(host.model.statistics().monitored_events, 2U);
}

TEST(DynapSe1Traps, OfTheFourEntriesTheMonitorTakesOne) {
  Responsive host;
  for (std::uint8_t entry = 1; entry < 4; ++entry) host.send(0, SramWord{kAnyNeuron, entry, 0, {}, 1});
  const std::uint64_t before = host.model.statistics().routed_events;
  host.send(0, InjectedSpike{kInputTag, {}, 4});
  host.run(30ms);
  EXPECT_EQ(host.model.statistics().routed_events - before, 1U + 4);
  EXPECT_EQ(host.events.size(), 1U);
}

TEST(DynapSe1Traps, NothingIsHeardWhileAerDoesNotRun) {
  Responsive host;
  host.write(reg("AER.RUN"), 0);
  host.send(0, InjectedSpike{kInputTag, {}, 4});
  host.run(30ms);
  EXPECT_EQ(host.model.statistics().lost_not_running, 1U);
  EXPECT_EQ(host.read_wide(reg("AER.EVENTS")), 0U);
  host.write(reg("AER.RUN"), 1);
  host.write(reg("MUX.RUN"), 0);
  host.send(0, InjectedSpike{kInputTag, {}, 4});
  host.run(30ms);
  EXPECT_EQ(host.model.statistics().lost_mux_stopped, 1U);
  EXPECT_EQ(host.read_wide(reg("AER.EVENTS")), 1U);
  EXPECT_EQ(host.events.size(), 0U);
}

TEST(DynapSe1Traps, NothingIsSaidWhileChipDoesNotRun) {
  Responsive host;
  host.write(reg("CHIP.RUN"), 0);
  EXPECT_NE(host.send(0, InjectedSpike{kInputTag, {}, 4}), 0);
  host.run(30ms);
  EXPECT_EQ(host.model.statistics().injected_spikes, 0U);
  EXPECT_EQ(host.model.statistics().neuron_spikes, 0U);
}

TEST(DynapSe1Traps, Tau2IsALatchOfEachNeuron) {
  Responsive host;
  const auto tau = [&](unsigned neuron) {
    host.model.advance(1ns);
    return host.model.fabric().parameters(neuron).tau_membrane_s;
  };
  const double tau1 = tau(kAnyNeuron);
  EXPECT_NEAR(tau1, 20e-3, 1e-4);
  host.send(0, SetTau2{kAnyNeuron});
  EXPECT_NEAR(tau(kAnyNeuron), 25e-3 * 3e-12 / (0.705 * 1.05e-10 * 100 / 255), 1e-9);
  EXPECT_EQ(tau(kAnyNeuron + 1), tau1);
  host.send(0, ResetTau1{2});
  EXPECT_EQ(tau(kAnyNeuron), tau1);
  host.send(0, ResetTau2{2});
  EXPECT_LT(tau(kAnyNeuron + 1), tau1);
  EXPECT_EQ(tau(0), tau1);
}

TEST(DynapSe1Traps, TheAnalogMonitorIsOneNeuronOfEachCore) {
  Responsive host;
  const DynapSe1Chip& chip = host.model.fabric().chip(0);
  EXPECT_FALSE(chip.monitored(2));
  host.send(0, SelectMonitor{kAnyNeuron});
  host.write(reg("CHIP.CONTENT"), 0);  // a legal word: neuron 0
  EXPECT_EQ(chip.monitored(2), kAnyNeuron);
  EXPECT_EQ(chip.monitored(0), NeuronAddress{0});
  host.send(0, ResetMonitor{2});
  EXPECT_FALSE(chip.monitored(2));
}

// --- mesh ---

TEST(DynapSe1Router, FollowsTheMapOfTheBoardFromEveryChip) {
  for (unsigned chip = 0; chip < 4; ++chip)
    for (unsigned bits = 0; bits < 64; ++bits) {
      const Hops hops{static_cast<std::uint8_t>(bits & 3), (bits >> 2 & 1) != 0, static_cast<std::uint8_t>(bits >> 3 & 3), bits >> 5 != 0};
      const int x = static_cast<int>(chip & 1) + (hops.west ? -hops.dx : hops.dx);
      const int y = static_cast<int>(chip >> 1) + (hops.south ? hops.dy : -hops.dy);
      const bool inside_x = x == 0 || x == 1, inside_y = y == 0 || y == 1;
      const RoutedTo to = route(chip, hops);
      if (inside_x && inside_y) {
        EXPECT_EQ(to,
                  (RoutedTo{RoutedTo::Where::kChip, static_cast<std::uint8_t>(x + 2 * y), static_cast<std::uint8_t>(hops.dx + hops.dy)}));
      } else {
        EXPECT_EQ(to.where, x == 0 && y > 1 ? RoutedTo::Where::kMonitor : RoutedTo::Where::kLost) << chip << ' ' << bits;
      }
    }
}

TEST(DynapSe1Router, EveryPairOfChipsAndCoresIsConnected) {
  ModelHost host({.mismatch = 0});
  host.start();
  std::uint64_t matches = 0;
  for (unsigned to = 0; to < 4; ++to)
    for (unsigned core = 0; core < 4; ++core)
      host.send(to, connect(kInputTag, neuron_address(core, 16 * to + core), kExcitatory, to * 4 + core + 1));
  for (unsigned from = 0; from < 4; ++from)
    for (unsigned to = 0; to < 4; ++to)
      for (unsigned core = 0; core < 4; ++core) {
        const auto dx = static_cast<std::uint8_t>((from ^ to) & 1), dy = static_cast<std::uint8_t>((from ^ to) >> 1);
        host.send(from, InjectedSpike{kInputTag, {dx, (to & 1) == 0, dy, to >= 2}, static_cast<std::uint8_t>(1U << core)});
        matches += to * 4 + core + 1;
        EXPECT_EQ(host.model.statistics().synaptic_events, matches) << from << to << core;
      }
  EXPECT_EQ(host.model.statistics().core_broadcasts, 64U);
  EXPECT_EQ(host.model.statistics().lost_off_grid, 0U);
}

TEST(DynapSe1Router, WhatLeavesTheGridIsCounted) {
  ModelHost host({.mismatch = 0});
  host.start();
  host.send(1, InjectedSpike{kInputTag, {1, false, 0, false}, 1});
  host.send(3, InjectedSpike{kInputTag, {0, false, 1, true}, 1});  // south of U3
  host.send(0, InjectedSpike{kInputTag, {0, false, 1, false}, 1});
  EXPECT_EQ(host.model.statistics().lost_off_grid, 3U);
  host.drain();
  EXPECT_EQ(host.events.size(), 0U);
}

TEST(DynapSe1Router, All4096NeuronsAreSeenUnderTheirAddresses) {
  ModelHost host;
  host.start();
  host.biases_for_all(with_bias(responsive_biases(), "PS_WEIGHT_EXC_F_N", 3, 200));
  std::set<std::tuple<unsigned, unsigned, unsigned>> seen;
  for (unsigned chip = 0; chip < kChips; ++chip) {
    for (unsigned neuron = 0; neuron < kNeuronsPerChip; ++neuron)
      host.send(chip, connect(kInputTag, static_cast<NeuronAddress>(neuron), kExcitatory));
    const std::size_t before = host.events.size();
    host.send(chip, InjectedSpike{kInputTag, {}, 15});
    host.run(50ms);
    for (std::size_t i = before; i < host.events.size(); ++i) {
      EXPECT_EQ(host.events[i].chip, chip);
      seen.emplace(host.events[i].chip, host.events[i].core, host.events[i].neuron);
    }
  }
  EXPECT_EQ(seen.size(), 4096U);
  EXPECT_EQ(host.events.size(), host.model.statistics().neuron_spikes);
}

}  // namespace
}  // namespace spikeloop::firmware
