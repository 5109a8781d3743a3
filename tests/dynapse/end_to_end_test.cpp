// SPDX-License-Identifier: Apache-2.0
// From a network to words, and from words to spikes of the virtual board.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "firmware-interface/board.hpp"
#include "firmware-interface/virtual_board/dynapse1_model.hpp"
#include "firmware-interface/virtual_board/loopback.hpp"
#include "tests/dynapse/support.hpp"

namespace spikeloop::dynapse {
namespace {

namespace fw = firmware;

/// Three inputs, each to a neuron of its own, which drives one of the next population, in another order.
NetworkDescription relay(double weight_mv) {
  NetworkDescription d;
  d.populations = {external("in", 3), neurons("first", 3, 20, 2), neurons("second", 3, 20, 2)};
  d.projections = {projection("in", "first", weight_mv), projection("first", "second", weight_mv)};
  d.projections[0].connect = OneToOne{};
  d.projections[1].connect = Pairs{std::make_shared<const std::vector<std::uint32_t>>(std::vector<std::uint32_t>{0, 1, 2}),
                                   std::make_shared<const std::vector<std::uint32_t>>(std::vector<std::uint32_t>{2, 0, 1})};
  d.probes = {spikes_of("first"), spikes_of("second")};
  return d;
}

class VirtualBoard {
 public:
  explicit VirtualBoard(const Configuration& configuration)
      : model_(std::make_shared<fw::DynapSe1Model>(fw::DynapSe1Options{.mismatch = 0})),
        board_(std::make_unique<fw::Loopback>(model_), options()) {
    board_.initialise();
    for (unsigned chip = 0; chip < fw::kChips; ++chip) board_.program(chip, complete_words(configuration, chip));
    board_.start();
  }
  const fw::DynapSe1Model& model() const { return *model_; }

  /// Plays one spike of an input; what the host then sees.
  std::vector<LogicalNeuron> answer(const Mapping& mapping, std::uint32_t population, std::uint32_t neuron) {
    for (const ChipRoute& r : mapping.populations[population].routes[neuron]) {
      const fw::InjectedSpike spike{r.tag, {}, r.core_mask};
      board_.inject(r.chip, std::span(&spike, 1));
    }
    const PlaceIndex index(mapping);
    std::vector<LogicalNeuron> seen;
    for (const fw::StreamEvent& event : board_.collect(100, fw::Milliseconds(50))) {
      const auto found = index.find({event.chip, event.core, event.neuron});
      seen.push_back(found.value_or(LogicalNeuron{0xFFFF, 0xFFFF}));
    }
    return seen;
  }

 private:
  static fw::BoardOptions options() {
    fw::BoardOptions o;
    o.wait = [](fw::Milliseconds) {};
    return o;
  }
  std::shared_ptr<fw::DynapSe1Model> model_;
  fw::Board board_;
};

TEST(Mapping, OfARelayIsWhatTheWordsSay) {
  const Network network(relay(4));
  const Compiled c = compiled(network);
  const BoardContent content = content_of(c.circuit, c.placement, c.quantised);
  EXPECT_EQ(decode(encode(content)), content);
  EXPECT_EQ(encode(decode(c.configuration)), c.configuration);
  const Graph graph = rebuild(mapping_of(network, dynapse1(), c));
  EXPECT_EQ(graph, graph_of(c));
  ASSERT_EQ(graph.size(), 6U);
  EXPECT_EQ(graph.begin()->first, std::tuple(0U, 0U, 1U, 0U, SynapseType::kFastExcitatory));
}

/// Sixteen populations, a core each, that hear others far off: events cross the mesh in every direction.
TEST(Mapping, OverChipsIsWhatTheWordsSay) {
  NetworkDescription d;
  for (int i = 0; i < 16; ++i) d.populations.push_back(neurons("p" + std::to_string(i), 200));
  for (int i = 0; i < 16; ++i)
    for (const int step : {1, 4, 7}) {
      d.projections.push_back(projection("p" + std::to_string((i + step) % 16), "p" + std::to_string(i), 0.3));
      d.projections.back().connect = FixedInDegree{8, false, true};
    }
  const Network network(std::move(d));
  const Compiled c = compiled(network);
  EXPECT_GT(c.placement.hops, 0.5);
  EXPECT_TRUE(rebuild(mapping_of(network, dynapse1(), c)) == graph_of(c));
}

TEST(Mapping, OfARelayMakesTheVirtualBoardRelay) {
  const Network network(relay(40));
  const Compiled c = compiled(network);
  const Mapping mapping = mapping_of(network, dynapse1(), c);
  VirtualBoard board(c.configuration);
  const std::uint32_t second[] = {2, 0, 1};
  for (std::uint32_t n = 0; n < 3; ++n) {
    const auto seen = board.answer(mapping, 0, n);
    ASSERT_FALSE(seen.empty()) << "input " << n;
    for (const LogicalNeuron& at : seen)
      EXPECT_TRUE(at == (LogicalNeuron{1, n}) || at == (LogicalNeuron{2, second[n]})) << at.population << " " << at.neuron;
    EXPECT_NE(std::find(seen.begin(), seen.end(), LogicalNeuron{2, second[n]}), seen.end()) << "input " << n;
  }
}

TEST(Mapping, TooWeakARelayIsSilentOnTheVirtualBoard) {
  const Network network(relay(4));  // a current of 4 thresholds for 2 ms on a membrane of 20 ms is a PSP of 0.3
  const Compiled c = compiled(network);
  VirtualBoard board(c.configuration);
  EXPECT_TRUE(board.answer(mapping_of(network, dynapse1(), c), 0, 1).empty());
}

TEST(Mapping, ParametersOfTheVirtualBoardAreThoseOfTheNetwork) {
  NetworkDescription d = relay(12);
  auto& model = std::get<LifExp>(std::get<NeuronModel>(d.populations[1].kind));
  model.refractory_ms = 2;
  model.tau_m_ms = 33;
  const Network network(std::move(d));
  const Compiled c = compiled(network);
  VirtualBoard board(c.configuration);
  for (std::uint32_t n = 0; n < c.circuit.neurons.size(); ++n) {
    const ParameterSet& wanted = c.circuit.parameters[c.circuit.parameters_of[n]];
    const ChipPlace& at = c.placement.places[n];
    const fw::NeuronParameters& got =
        board.model().fabric().parameters(at.chip * fw::kNeuronsPerChip + fw::neuron_address(at.core, at.neuron));
    const auto type = static_cast<std::size_t>(SynapseType::kFastExcitatory);
    EXPECT_NEAR(got.tau_membrane_s / wanted.tau_m_s, 1, 0.02);
    EXPECT_NEAR(got.tau_s[type] / wanted.tau_s[type], 1, 0.02);
    EXPECT_NEAR(static_cast<double>(got.refractory_ns) * 1e-9, std::max(wanted.refractory_s, 1e-6),
                0.02 * std::max(wanted.refractory_s, 1e-6));
    ASSERT_EQ(c.circuit.fan_in(n).size(), 1U);
    const double weight = got.gain * got.jump_a[type] * c.quantised.counts[c.circuit.begin[n]] / got.threshold_a;
    EXPECT_NEAR(weight / 12, 1, 0.02);
    EXPECT_NEAR(weight, static_cast<double>(c.quantised.achieved[c.circuit.begin[n]]), 1e-3);
  }
}

TEST(Mapping, WordsOfUnusedEntriesAreSilent) {
  const Network network(relay(40));
  const Compiled c = compiled(network);
  for (unsigned chip = 0; chip < fw::kChips; ++chip) {
    const std::vector<std::uint32_t> words = complete_words(c.configuration, chip);
    EXPECT_EQ(words.size(), 4U + 106U + 4096U + 65536U);
    Configuration complete;
    complete.words[chip] = words;
    EXPECT_EQ(decode(complete).neurons[chip], decode(c.configuration).neurons[chip]);
    EXPECT_EQ(decode(complete).biases[chip], decode(c.configuration).biases[chip]);
  }
}

}  // namespace
}  // namespace spikeloop::dynapse
