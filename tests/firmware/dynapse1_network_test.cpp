// SPDX-License-Identifier: Apache-2.0
// What the virtual board's neurons answer, alone and as a network that is made of words; and the board's generators.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "firmware-interface/dynapse1/biases.hpp"
#include "tests/firmware/model_host.hpp"

namespace spikeloop::firmware {
namespace {

using namespace std::chrono_literals;

constexpr auto kFast = SynapseType::kFastExcitatory;
constexpr NeuronAddress kNeuron = 0x2A7;

struct Awake : ModelHost {
  explicit Awake(const std::vector<ChipWord>& biases = responsive_biases(), DynapSe1Options options = {.mismatch = 0})
      : ModelHost(std::move(options)) {
    start();
    biases_for_all(biases);
  }
  /// Regular input to the input tag for a second.
  std::uint64_t spikes_for(int hz) {
    const std::uint64_t before = model.statistics().neuron_spikes;
    for (int k = 0; k < hz; ++k) {
      send(0, InjectedSpike{kInputTag, {}, 4});
      run(std::chrono::nanoseconds(1s) / hz, 1ms);
    }
    return model.statistics().neuron_spikes - before;
  }
};

// --- neurons ---

TEST(DynapSe1Network, ARateGrowsWithTheInput) {
  std::uint64_t last = 0;
  for (const int hz : {10, 50, 200, 1000}) {
    Awake host;
    host.send(0, connect(kInputTag, kNeuron, kFast));
    const std::uint64_t spikes = host.spikes_for(hz);
    EXPECT_GT(spikes, last) << hz;
    last = spikes;
  }
}

TEST(DynapSe1Network, ARateGrowsWithTheWeightBiasOfEachExcitatoryType) {
  for (const auto& [type, bias] : {std::pair(kFast, "PS_WEIGHT_EXC_F_N"), std::pair(SynapseType::kSlowExcitatory, "PS_WEIGHT_EXC_S_N")}) {
    std::uint64_t last = 0;
    for (const std::uint8_t fine : std::to_array<std::uint8_t>({0, 60, 120, 250})) {
      Awake host(with_bias(responsive_biases(), bias, 4, fine));
      host.send(0, connect(kInputTag, kNeuron, type));
      const std::uint64_t spikes = host.spikes_for(100);
      EXPECT_TRUE(fine == 0 ? spikes == 0 : spikes > last) << bias << ' ' << int{fine} << ' ' << spikes;
      last = spikes;
    }
  }
}

TEST(DynapSe1Network, RepeatedCamWordsAddUp) {
  std::uint64_t last = 0;
  for (const unsigned times : {1U, 4U, 16U, 64U}) {
    Awake host;
    host.send(0, connect(kInputTag, kNeuron, kFast, times));
    const std::uint64_t spikes = host.spikes_for(30);
    EXPECT_GT(spikes, last);
    last = spikes;
  }
}

TEST(DynapSe1Network, InhibitionOfBothTypesLowersARate) {
  for (const SynapseType type : {SynapseType::kFastInhibitory, SynapseType::kSlowInhibitory}) {
    Awake without, with;
    without.send(0, connect(kInputTag, kNeuron, kFast, 2));
    with.send(0, connect(kInputTag, kNeuron, kFast, 2));
    with.send(0, connect(kInputTag, kNeuron, type, 1, 10));
    const std::uint64_t free = without.spikes_for(300), inhibited = with.spikes_for(300);
    EXPECT_LT(inhibited, free * 9 / 10);
  }
}

TEST(DynapSe1Network, AConstantInputFiresAndAdaptationSlowsIt) {
  const auto rate = [](std::uint8_t dc, std::uint8_t adaptation) {
    auto biases = with_bias(responsive_biases(), "IF_DC_P", 0, dc);
    biases = with_bias(with_bias(biases, "IF_TAU1_N", 5, 100), "IF_THR_N", 4, 120);  // a leak at the floor, so a great gain
    biases = with_bias(with_bias(biases, "IF_AHTHR_N", 5, 100), "IF_AHTAU_N", 7, 200);
    Awake host(with_bias(biases, "IF_AHW_P", 4, adaptation));
    host.run(200ms, 1ms);
    return host.spikes_of(0, 2, 0xA7);
  };
  EXPECT_EQ(rate(20, 0), 0U);
  EXPECT_GT(rate(255, 0), rate(150, 0));
  EXPECT_GT(rate(150, 0), 0U);
  EXPECT_LT(rate(255, 200), rate(255, 0));
  EXPECT_GT(rate(255, 200), 0U);
}

TEST(DynapSe1Network, TheRefractoryPeriodBoundsARate) {
  for (const auto& [fine, period_ms] : {std::pair(std::uint8_t{41}, 1.005), std::pair(std::uint8_t{8}, 5.15)}) {
    Awake host(with_bias(responsive_biases(), "IF_RFR_N", 4, fine));
    host.send(0, connect(kInputTag, kNeuron, kFast, 64));
    const auto spikes = static_cast<double>(host.spikes_for(1000));
    EXPECT_LE(spikes, 1000 / period_ms + 1);
    EXPECT_GE(spikes, 900 / period_ms);
  }
}

TEST(DynapSe1Network, MismatchSpreadsRatesByWhatIsConfigured) {
  for (const double mismatch : {0.0, 0.1, 0.2}) {
    Awake host(with_bias(responsive_biases(), "IF_RFR_N", 4, 4), {.seed = 5, .mismatch = mismatch});
    for (unsigned n = 0; n < 256; ++n) host.send(0, connect(kInputTag, neuron_address(2, n), kFast, 64));
    host.spikes_for(500);  // so much that the refractory period is nearly all of an interval
    host.drain();
    std::vector<double> rates(256);
    for (const StreamEvent& e : host.events) ++rates[e.neuron];
    const double mean = std::accumulate(rates.begin(), rates.end(), 0.0) / 256;
    double square = 0;
    for (const double r : rates) square += (r - mean) * (r - mean) / 256;
    EXPECT_GT(mean, 50);
    EXPECT_NEAR(std::sqrt(square) / mean, mismatch, 0.15 * mismatch + 0.005);
  }
}

TEST(DynapSe1Network, MismatchFactorsHaveTheirMeanAndVariation) {
  double sum = 0, square = 0;
  int n = 0;
  for (unsigned neuron = 0; neuron < 4096; ++neuron)
    for (const float f : NeuronMismatch(9, neuron, 0.2).factor) {
      sum += static_cast<double>(f);
      square += static_cast<double>(f) * static_cast<double>(f);
      ++n;
    }
  const double mean = sum / n;
  EXPECT_NEAR(mean, 1, 0.003);
  EXPECT_NEAR(std::sqrt(square / n - mean * mean), 0.2, 0.003);
  EXPECT_NE(NeuronMismatch(9, 1, 0.2).factor, NeuronMismatch(9, 2, 0.2).factor);
  EXPECT_NE(NeuronMismatch(9, 1, 0.2).factor, NeuronMismatch(8, 1, 0.2).factor);
}

// --- networks ---

TEST(DynapSe1Network, TwoCoresRelayASpikeToTheHost) {
  Awake host;
  const NeuronAddress first = neuron_address(1, 0x21), second = neuron_address(3, 0x84);
  host.send(0, connect(kInputTag, first, kFast));
  host.send(0, SramWord{first, 1, 1, {}, 8});  // to core 3 of its own chip
  host.send(0, connect(first, second, kFast));
  host.send(0, SramWord{second, 1, 3, {1, false, 1, true}, 1});  // and on to core 0 of U3
  host.send(3, connect(second, 0x0FF, kFast));
  host.run(1ms);
  const std::int64_t begin = host.model.now().count() / 1000;
  host.send(0, InjectedSpike{kInputTag, {}, 2});
  host.run(40ms);
  host.drain();
  ASSERT_EQ(host.events.size(), 3U);
  EXPECT_EQ((std::pair(host.events[0].core, host.events[0].neuron)), (std::pair<std::uint8_t, std::uint8_t>(1, 0x21)));
  EXPECT_EQ((std::pair(host.events[1].core, host.events[1].neuron)), (std::pair<std::uint8_t, std::uint8_t>(3, 0x84)));
  EXPECT_EQ(host.events[2], (StreamEvent{host.events[2].time_us, 0, 0xFF, 3}));
  EXPECT_GT(host.events[0].time_us, begin);
  EXPECT_GT(host.events[1].time_us, host.events[0].time_us);
  EXPECT_GT(host.events[2].time_us, host.events[1].time_us);
  const DynapSe1Statistics& s = host.model.statistics();
  EXPECT_EQ(s.neuron_spikes, 3U);
  EXPECT_EQ(s.synaptic_events, 3U);
  EXPECT_EQ(s.core_broadcasts, 3U);
  EXPECT_EQ(s.routed_events, 1U + 3 + 2);
  EXPECT_EQ(s.hops, 2U + 2 + 2 + 2);  // two monitored on U0, the way to U3, one monitored on U3
}

/// A busy network with recurrence on all chips. Neuron 0 of core 0 is left out: all CAM words that are not written listen to it.
void build_busy(ModelHost& host) {
  for (unsigned chip = 0; chip < kChips; ++chip) {
    std::vector<ChipWord> words;
    for (unsigned n = 1; n < 128; ++n) {
      const NeuronAddress neuron = neuron_address(n % 4, n);
      for (unsigned k = 0; k < 3; ++k)
        words.push_back(CamWord{neuron, static_cast<std::uint8_t>(k), neuron_address(k + n, 37 * n + 11 * k), kFast});
      words.push_back(CamWord{neuron, 3, neuron_address(n, 5 * n), SynapseType::kSlowInhibitory});
      words.push_back(CamWord{neuron, 4, static_cast<NeuronAddress>(1 + n % 32), kFast});  // Poisson
      words.push_back(SramWord{neuron, 1, static_cast<std::uint8_t>(n % 4), {}, 15});
      words.push_back(SramWord{neuron, 2, static_cast<std::uint8_t>(n % 4), {1, chip % 2 == 1, 0, false}, 15});
      words.push_back(SramWord{neuron, 3, static_cast<std::uint8_t>(n % 4), {0, false, 1, chip < 2}, 15});
    }
    host.send(chip, words);
  }
  std::vector<PoissonRate> rates;
  for (std::uint16_t source = 1; source <= 32; ++source) rates.push_back({source, 200.0 + source});
  host.carry_out(set_poisson_rates(1, rates));
  host.write(reg("POISSONSPIKEGEN.RUN"), 1);
}

std::pair<std::vector<std::byte>, DynapSe1Statistics> busy_run(std::uint64_t seed, std::chrono::nanoseconds step) {
  Awake host(responsive_biases(), {.seed = seed, .usb_fifo_bytes = 1 << 20});  // so large that it does not matter when it is emptied
  build_busy(host);
  for (std::chrono::nanoseconds left = 400ms; left.count() > 0; left -= step) host.model.advance(std::min(left, step));
  host.fetch();
  return {host.bytes, host.model.statistics()};
}

TEST(DynapSe1Network, TheSameSeedGivesTheSameStreamHoweverTimeIsSliced) {
  const auto whole = busy_run(3, 400ms);
  EXPECT_GT(whole.second.neuron_spikes, 1000U);
  EXPECT_EQ(busy_run(3, 400ms), whole);
  EXPECT_EQ(busy_run(3, 137us), whole);
  EXPECT_EQ(busy_run(3, 50us), whole);
  EXPECT_NE(busy_run(4, 400ms).first, whole.first);
}

// --- generators ---

GeneratorSpike to_monitor_neuron(std::uint8_t neuron) { return {neuron, 3, 4}; }

/// A listener for each of eight neurons of virtual core 3, at such a weight that it answers each spike.
struct Played : Awake {
  Played() {
    for (unsigned n = 0; n < 8; ++n) send(1, connect(neuron_address(3, n), neuron_address(2, n), kFast));
    write(reg("CHIP.CHIP_ID"), wire_chip_id(1));
  }
  std::uint64_t generated() const { return model.statistics().generated_spikes; }
};

TEST(DynapSe1Generators, AVariableProgramIsPlayedOnceInItsTimes) {
  Played host;
  host.carry_out(
      load_program({VariableIsi{{{to_monitor_neuron(1), 1000}, {to_monitor_neuron(2), 30'000}, {to_monitor_neuron(1), 500}}}, 90, 1001}));
  host.carry_out(start_program());
  host.run(999us);
  EXPECT_EQ(host.generated(), 0U);  // it waits first
  host.run(1us);
  EXPECT_EQ(host.generated(), 1U);
  host.write(reg("SPIKEGEN.RUN"), 1);  // no edge
  host.run(29'999us, 1us);
  EXPECT_EQ(host.generated(), 1U);
  host.run(1us);
  EXPECT_EQ(host.generated(), 2U);
  host.run(1s);
  EXPECT_EQ(host.generated(), 3U);
  EXPECT_EQ(host.spikes_of(1, 2, 1), 2U);
  EXPECT_EQ(host.spikes_of(1, 2, 2), 1U);
  host.carry_out(start_program());
  host.run(1s);
  EXPECT_EQ(host.generated(), 6U);
}

TEST(DynapSe1Generators, AFixedProgramOfAnOddLengthRepeatsUntilItIsStopped) {
  Played host;
  host.carry_out(load_program({FixedIsi{{to_monitor_neuron(0), to_monitor_neuron(1), to_monitor_neuron(2)}, 1000}, 900, 0, true}));
  host.carry_out(start_program());
  host.run(100ms);  // a step is 10 us: 10 ms apart
  EXPECT_EQ(host.generated(), 10U);
  host.carry_out(stop_program());
  host.run(100ms);
  EXPECT_EQ(host.generated(), 10U);
  EXPECT_EQ(host.spikes_of(1, 2, 0), 4U);
  EXPECT_EQ(host.spikes_of(1, 2, 1), 3U);
  EXPECT_EQ(host.spikes_of(1, 2, 2), 3U);
}

TEST(DynapSe1Generators, SendNothingWhileChipDoesNotRunAndCountWhatIsNoSpike) {
  Played host;
  host.carry_out(load_program({FixedIsi{{to_monitor_neuron(0), to_monitor_neuron(1)}, 1000}, 90}));
  host.write(reg("CHIP.RUN"), 0);
  host.carry_out(start_program());
  host.run(10ms);
  EXPECT_EQ(host.model.statistics().stimuli_not_sent, 2U);
  host.write(reg("CHIP.RUN"), 1);
  host.carry_out(write_fpga_sram(1, std::vector<std::uint16_t>{0xC000}));
  host.carry_out(start_program());
  host.run(10ms);
  EXPECT_EQ(host.generated(), 1U);
  EXPECT_EQ(host.model.statistics().malformed_stimuli, 1U);
}

TEST(DynapSe1Generators, TheSramIsReadBack) {
  ModelHost host;
  host.carry_out(write_fpga_sram(100, std::vector<std::uint16_t>{1, 2, 3, 4, 5}));
  host.write(reg("SRAM.RWCOMMAND"), 0);
  for (std::uint32_t k = 0; k < 6; ++k) {
    host.write(reg("SRAM.ADDRESS"), 100 + k);
    EXPECT_EQ(host.read(reg("SRAM.READDATA")), k < 5 ? k + 1 : 0);
  }
}

TEST(DynapSe1Generators, GapsOfAPoissonSourceAreGeometric) {
  for (const double hz : {50.0, 1000.0, 4000.0}) {
    PoissonGenerator generator(7);
    const auto set = [&](Register at, std::uint32_t value) { generator.write(at.parameter, value, 0); };
    set(reg("POISSONSPIKEGEN.CHIPID"), 4);
    set(reg("POISSONSPIKEGEN.WRITEDATA"), encode_poisson_rate(hz));
    set(reg("POISSONSPIKEGEN.WRITEADDRESS"), 700);
    EXPECT_EQ(generator.next_ns(), kNever);
    set(reg("POISSONSPIKEGEN.RUN"), 1);
    constexpr int kSpikes = 40'000;
    double sum = 0, square = 0;
    std::int64_t last = 0;
    for (int k = 0; k < kSpikes; ++k) {
      const double gap = static_cast<double>(generator.next_ns() - last) * 1e-9;
      last = generator.next_ns();
      const GeneratedSpike spike = generator.take();
      ASSERT_EQ(spike.spike, (InjectedSpike{700, {}, 15}));
      ASSERT_EQ(spike.wire_chip, 4U);
      sum += gap;
      square += gap * gap;
    }
    const double mean = sum / kSpikes, variation = std::sqrt(square / kSpikes - mean * mean) / mean;
    EXPECT_NEAR(mean * hz, 1, 0.02) << hz;
    EXPECT_NEAR(variation, std::sqrt(1 - hz / 4394.5), 0.02) << hz;  // of a geometric distribution
  }
}

TEST(DynapSe1Generators, PoissonSourcesReachAllCoresOfTheirChip) {
  Played host;
  host.carry_out(set_poisson_rates(1, std::vector<PoissonRate>{{neuron_address(3, 0), 50}, {neuron_address(3, 1), 1000}}));
  host.run(100ms);
  EXPECT_EQ(host.generated(), 0U);
  host.write(reg("POISSONSPIKEGEN.RUN"), 1);
  host.run(20s, 1ms);
  const DynapSe1Statistics& s = host.model.statistics();
  EXPECT_NEAR(static_cast<double>(s.generated_spikes), 21'000, 4 * std::sqrt(21'000));
  EXPECT_EQ(s.core_broadcasts, 4 * s.generated_spikes);
  EXPECT_GT(host.spikes_of(1, 2, 1), host.spikes_of(1, 2, 0));
  host.write(reg("POISSONSPIKEGEN.RUN"), 0);
  const std::uint64_t before = s.generated_spikes;
  host.run(1s, 1ms);
  EXPECT_EQ(s.generated_spikes, before);
}

}  // namespace
}  // namespace spikeloop::firmware
