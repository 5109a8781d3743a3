// SPDX-License-Identifier: Apache-2.0
// The board against the virtual DYNAP-SE1: both ends' counters must agree.
#include <gtest/gtest.h>

#include "firmware-interface/dynapse1/sequences.hpp"
#include "firmware-interface/dynapse1/stimulus.hpp"
#include "firmware-interface/probe.hpp"
#include "firmware-interface/transport/faulty_transport.hpp"
#include "firmware-interface/virtual_board/dynapse1_model.hpp"
#include "firmware-interface/virtual_board/dynapse1_parameters.hpp"
#include "firmware-interface/virtual_board/loopback.hpp"

namespace spikeloop::firmware {
namespace {

BoardOptions without_waiting() {
  BoardOptions options;
  options.wait = [](Milliseconds) {};
  return options;
}

TEST(BoardAndModel, PassTheProbeWhateverTheMismatch) {
  for (const double mismatch : {0.0, 0.2, 0.3}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const auto model = std::make_shared<DynapSe1Model>(DynapSe1Options{.seed = seed, .mismatch = mismatch});
      Board board(std::make_unique<Loopback>(model), without_waiting());
      const ProbeReport report = probe_board(board, {.events = 1000, .round_trips = 20});
      EXPECT_TRUE(report.good()) << "mismatch " << mismatch << " seed " << seed << ": " << report.lost() << " lost, "
                                 << report.neurons_silent() << " silent";
      EXPECT_EQ(report.statistics.missing(), 0U);
      EXPECT_EQ(model->statistics().injected_spikes, report.statistics.injected);
      EXPECT_EQ(model->statistics().monitored_events, report.statistics.stream.events);
      EXPECT_EQ(model->statistics().malformed_words, 0U);
      EXPECT_EQ(model->statistics().bad_requests, 0U);
      EXPECT_EQ(model->statistics().unknown_parameters, 0U);
    }
  }
}

TEST(BoardAndModel, AgreeOnWhatTheLinkHasDropped) {
  const auto model = std::make_shared<DynapSe1Model>();
  FaultScript script{5, {{.kind = FaultKind::kDrop, .place = FaultPlace::kStream, .probability = 0.05}}};
  Board board(std::make_unique<FaultyTransport>(std::make_unique<Loopback>(model), script), without_waiting());
  const ProbeReport report = probe_board(board);
  EXPECT_GT(report.lost(), 0U);
  EXPECT_EQ(report.statistics.sent, model->statistics().monitored_events);
  EXPECT_EQ(*report.statistics.missing(), model->statistics().monitored_events - report.statistics.stream.events);
}

TEST(BoardAndModel, ChipThatDoesNotAcknowledgeIsNamed) {
  const auto model = std::make_shared<DynapSe1Model>(DynapSe1Options{.unacknowledging_chips = 4});
  Board board(std::make_unique<Loopback>(model), without_waiting());
  try {
    board.initialise();
    FAIL();
  } catch (const WordFault& fault) {
    EXPECT_EQ(fault.place().chip, 2U);
    EXPECT_NE(std::string(fault.what()).find("U2"), std::string::npos);
  }
  model->set_unacknowledging_chips(0);
  board.initialise();
}

TEST(BoardAndModel, StateOutlivesAConnection) {
  const auto model = std::make_shared<DynapSe1Model>(DynapSe1Options{.mismatch = 0});
  const NeuronAddress neuron = neuron_address(1, 77), tag = neuron_address(3, 5);
  const auto options = without_waiting();
  {
    Board board(std::make_unique<Loopback>(model), options);
    board.initialise();
    board.program(3, responsive_biases());
    board.program(3, probe_words(3, neuron, tag));
    board.start();
    EXPECT_TRUE(board.check(3, neuron).seen);
  }
  Board board(std::make_unique<Loopback>(model), options);
  board.start();
  const InjectedSpike spike{tag, {}, 2};
  board.inject(3, std::span(&spike, 1));
  const auto events = board.collect(1, Milliseconds(100));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].chip, 3);
  EXPECT_EQ(events[0].core, 1);
  EXPECT_EQ(events[0].neuron, 77);
}

TEST(BoardAndModel, EventsOfAnEarlierStreamAreThrownAwayAndCounted) {
  const auto model = std::make_shared<DynapSe1Model>();
  const auto echoes = [](std::size_t n) {
    std::vector<InjectedSpike> spikes;
    for (std::size_t i = 0; i < n; ++i) {
      const SramWord route = monitoring_route(0, static_cast<NeuronAddress>(i));
      spikes.push_back({static_cast<NeuronAddress>(i), route.hops, route.core_mask});
    }
    return spikes;
  };
  {
    Board board(std::make_unique<Loopback>(model), without_waiting());
    board.start();
    board.inject(0, echoes(300));
    board.close();  // its owner is gone: nothing was read, and nothing is stopped
  }
  Board board(std::make_unique<Loopback>(model), without_waiting());
  board.inject(0, echoes(7));  // the chips run still
  board.start();
  board.inject(0, echoes(20));
  EXPECT_EQ(board.collect(10'000, Milliseconds(50)).size(), 20U);
  const BoardStatistics s = board.statistics();
  EXPECT_GT(s.stale, 0U);
  EXPECT_EQ(s.sent, 20U);
  EXPECT_EQ(s.stream.events, 20U);
  EXPECT_EQ(s.missing(), 0U);
}

TEST(BoardAndModel, CheckFindsItsNeuronAmongOthersThatFire) {
  const auto model = std::make_shared<DynapSe1Model>(DynapSe1Options{.mismatch = 0});
  Board board(std::make_unique<Loopback>(model), without_waiting());
  board.initialise();
  board.program(0, responsive_biases());
  const NeuronAddress neuron = neuron_address(3, 0xA5);
  board.program(0, probe_words(0, neuron, neuron_address(2, 0xA6)));
  std::vector<ChipWord> others;
  std::vector<PoissonRate> rates;
  for (unsigned i = 0; i < 200; ++i) {
    const auto tag = static_cast<NeuronAddress>(701 + i);
    rates.push_back({tag, 1000});
    for (unsigned cam = 0; cam < 16; ++cam)
      others.push_back(CamWord{static_cast<NeuronAddress>(i), static_cast<std::uint8_t>(cam), tag, SynapseType::kFastExcitatory});
  }
  board.program(0, others);
  board.start();
  board.carry_out(set_poisson_rates(0, rates));
  board.write(reg("POISSONSPIKEGEN.RUN"), 1);
  EXPECT_EQ(board.collect(1000, Milliseconds(20)).size(), 1000U);  // they do
  const CheckResult result = board.check(0, neuron);
  EXPECT_TRUE(result.seen) << result.why;
  EXPECT_EQ(result.injected, 1U);
  EXPECT_GT(result.other_events, 0U);
}

}  // namespace
}  // namespace spikeloop::firmware
