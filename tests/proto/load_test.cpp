// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "proto/load.hpp"
#include "proto/write.hpp"
#include "tests/proto/helpers.hpp"

namespace spikeloop {
namespace {

using namespace spikeloop::testing;

TEST(LoadNetwork, ReadsTheNetworkOfTheDesign) {
  const NetworkDescription n = load_network_text(kDesignNetwork);
  ASSERT_EQ(n.populations.size(), 3u);
  EXPECT_EQ(n.populations[0].shape, (std::vector<std::uint64_t>{8, 8}));
  EXPECT_TRUE(n.populations[0].is_source());
  const Lif& hidden = std::get<Lif>(n.populations[1].neuron());
  EXPECT_EQ(hidden.reset, Reset::kSubtract);
  EXPECT_EQ(hidden.tau_apical_ms, 40);
  ASSERT_TRUE(n.populations[1].homeostasis);
  EXPECT_EQ(n.populations[1].homeostasis->rate, 5e-4);
  EXPECT_EQ(std::get<Normal>(n.projections[0].weight.kind).std, 0.05);
  EXPECT_EQ(std::get<Constant>(n.projections[1].weight.kind).value, 0);
  EXPECT_EQ(n.rules[0].commit, Commit::kTrial);
  EXPECT_EQ(std::get<FeedbackCurrent>(n.rules[0].kind).eta, 0.02);
  EXPECT_EQ(n.controllers[0].true_hz, 100);
  ASSERT_EQ(n.controllers[0].feedback.size(), 2u);
  EXPECT_EQ(std::get<Normal>(n.controllers[0].feedback[0].weights.kind).std, 0.1);
  EXPECT_TRUE(std::holds_alternative<Identity>(n.controllers[0].feedback[1].weights.kind));
  EXPECT_EQ(n.probes[0].variable, Probe::Variable::kSpikes);
  EXPECT_NO_THROW(Network{n});
}

TEST(LoadExperiment, ReadsTheExperimentOfTheDesign) {
  const Experiment e = load_experiment_text(kDesignExperiment);
  EXPECT_EQ(e.network_file, "digits_network.txtpb");
  EXPECT_EQ(std::get<DigitsSource>(e.dataset.kind).file, "data/digits.csv.gz");
  EXPECT_EQ(std::get<DigitsSource>(e.dataset.kind).sha256, "...");
  EXPECT_EQ(e.dataset.validation_from_train, 0.1);
  EXPECT_EQ(e.encode.population, "in");
  EXPECT_EQ(e.encode.max_hz, 300);
  EXPECT_FALSE(e.encode.mean);
  EXPECT_EQ(e.free_ms, 30);
  EXPECT_EQ(e.test_ms, 40);
  EXPECT_EQ(e.readout.population, "out");
  EXPECT_EQ(e.epochs, 30u);
  EXPECT_EQ(e.anneal_to, 0.05);
  EXPECT_EQ(e.seeds, 3u);
  EXPECT_EQ(e.smoke_samples, 200u);
  EXPECT_EQ(e.smoke_epochs, 1u);
  EXPECT_TRUE(e.frozen_hidden_control);
}

TEST(LoadNetwork, WhatIsLeftOutHasTheDefaultOfTheCore) {
  const NetworkDescription n = load_network_text(
      "populations { name: \"a\" neuron { lif_exp {} } } projections { source: \"a\" target: \"a\" rule: \"r\" } rules { name: \"r\" stdp "
      "{} }");
  const LifExp lif_exp;
  const LifExp& loaded = std::get<LifExp>(n.populations[0].neuron());
  EXPECT_EQ(n.resolution, NetworkDescription{}.resolution);
  EXPECT_EQ(n.seed, NetworkDescription{}.seed);
  EXPECT_EQ(n.populations[0].shape, Population{}.shape);
  EXPECT_EQ(loaded.tau_m_ms, lif_exp.tau_m_ms);
  EXPECT_EQ(loaded.tau_syn_ms, lif_exp.tau_syn_ms);
  EXPECT_EQ(loaded.reset, lif_exp.reset);
  EXPECT_FALSE(loaded.v_floor_mv);
  EXPECT_FALSE(loaded.tau_syn_inhibitory_ms);
  EXPECT_TRUE(std::holds_alternative<AllToAll>(n.projections[0].connect));
  EXPECT_EQ(std::get<Constant>(n.projections[0].weight.kind).value, std::get<Constant>(Projection{}.weight.kind).value);
  EXPECT_EQ(std::get<Constant>(n.projections[0].delay_ms.kind).value, std::get<Constant>(Projection{}.delay_ms.kind).value);
  EXPECT_EQ(std::get<Stdp>(n.rules[0].kind).tau_plus_ms, Stdp{}.tau_plus_ms);
  EXPECT_FALSE(n.rules[0].weight_min || n.rules[0].weight_max);
}

Rule rule_of(const std::string& bounds) {
  return load_network_text("populations { name: \"a\" neuron { lif {} } } rules { name: \"r\" feedback_current { " + bounds + " } }")
      .rules.at(0);
}

TEST(LoadNetwork, AnUpperBoundAloneBoundsBothSides) {
  EXPECT_EQ(rule_of("weight_max: 4").weight_min, -4);
  EXPECT_EQ(rule_of("weight_max: 4").weight_max, 4);
  EXPECT_EQ(rule_of("weight_min: 0 weight_max: 4").weight_min, 0);
  EXPECT_EQ(rule_of("weight_min: -inf weight_max: 4").weight_min, std::nullopt);
  EXPECT_EQ(rule_of("weight_min: -inf weight_max: 4").weight_max, 4);
  EXPECT_EQ(rule_of("weight_min: -2").weight_max, std::nullopt);
  EXPECT_EQ(rule_of("").weight_max, std::nullopt);
}

TEST(LoadNetwork, FeedbackGoesToTheApicalPortUnlessItSaysModulator) {
  const auto drives = [](const std::string& port) {
    return load_network_text(
               "populations { name: \"a\" neuron { lif {} } } controllers { population: \"a\" feedback { to: \"a\" weights { identity {} "
               "} " +
               port + " } }")
        .controllers.at(0)
        .feedback.at(0)
        .drives;
  };
  EXPECT_TRUE(drives(""));
  EXPECT_TRUE(drives("port: PORT_APICAL"));
  EXPECT_FALSE(drives("port: PORT_MODULATOR"));
}

TEST(LoadNetwork, SpikesMayBeListedInTwoWaysAndTimesAreWholeNanoseconds) {
  const NetworkDescription n = load_network_text(
      "populations { name: \"a\" shape: 3 source { spike_list { times_ms: [0.3, 7] neurons: [2, 1] spikes { time_ms: 0.1 neuron: 1 } "
      "spikes {} } } }");
  const auto& events = std::get<SpikeListSource>(n.populations[0].source()).events;
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0].time, 100'000);
  EXPECT_EQ(events[1].time, 0);
  EXPECT_EQ(events[2].time, 300'000);
  EXPECT_EQ(events[2].neuron, 2u);
  EXPECT_EQ(events[3].time, 7'000'000);
}

TEST(LoadNetwork, OneNumberStandsForBothSidesOfAKernel) {
  const NetworkDescription n = load_network_text(
      "populations { name: \"a\" shape: [4, 4] source { external {} } } populations { name: \"b\" shape: [1, 3, 3] neuron { lif {} } }"
      "projections { source: \"a\" target: \"b\" connect { convolution { kernel: 2 } } }");
  const auto& c = std::get<Convolution>(n.projections[0].connect);
  EXPECT_EQ(c.kernel, (std::array<std::uint32_t, 2>{2, 2}));
  EXPECT_EQ(c.stride, Convolution{}.stride);
}

TEST(LoadNetwork, TensorsAreReadRelativeToTheDescription) {
  const std::string text =
      "populations { name: \"a\" shape: 2 source { external {} } } populations { name: \"b\" shape: 3 neuron { lif {} } }"
      "projections { source: \"a\" target: \"b\" connect { tensor { file: \"../w.npy\" } } }";
  std::string asked;
  const LoadOptions options{[&](const std::string& path) {
    asked = path;
    return TensorData{{2, 3}, {1, 2, 3, 4, 5, 6}};
  }};
  const NetworkDescription n = load_network_text(text, "/x/y/net.txtpb", options);
  EXPECT_EQ(asked, "/x/w.npy");
  EXPECT_EQ(std::get<Tensor>(n.projections[0].connect).file, "/x/w.npy");
  EXPECT_EQ(std::get<Tensor>(n.projections[0].connect).weights->at(5), 6);
}

TEST(LoadPrices, ReadsEveryOperation) {
  const PriceList prices = load_prices_text(golden("price_list.txtpb"));
  EXPECT_EQ(prices.machine, "a machine");
  EXPECT_EQ(prices.neurons_per_core, 128u);
  ASSERT_EQ(prices.prices.size(), 6u);
  EXPECT_TRUE(prices.prices[0].verified);
  const char* const names[] = {"spike", "neuron_update", "synaptic_event", "core_broadcast", "plastic_update", "second"};
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_STREQ(operation_name(prices.prices[i].operation), names[i]);
    EXPECT_DOUBLE_EQ(prices.prices[i].joules, static_cast<double>(i + 1) * 1e-12);
  }
}

TEST(DescriptionKind, IsReadFromTheCommentsAtTheStart) {
  EXPECT_EQ(description_kind(kDesignNetwork), DescriptionKind::kNetwork);
  EXPECT_EQ(description_kind(kDesignExperiment), DescriptionKind::kExperiment);
  EXPECT_EQ(description_kind("# SPDX: x\r\n\r\n#proto-message:spikeloop.v1.PriceList\r\n"), DescriptionKind::kPriceList);
  EXPECT_EQ(description_kind("seed: 1\n# proto-message: spikeloop.v1.Network\n"), DescriptionKind::kUnknown);
  EXPECT_EQ(description_kind("# proto-message: spikeloop.v2.Network\n"), DescriptionKind::kUnknown);
  EXPECT_EQ(description_kind(""), DescriptionKind::kUnknown);
}

TEST(ResolvePath, IsRelativeToTheDescription) {
  EXPECT_EQ(resolve_path("a/b/net.txtpb", "w.npy"), "a/b/w.npy");
  EXPECT_EQ(resolve_path("a/b/net.txtpb", "../w.npy"), "a/w.npy");
  EXPECT_EQ(resolve_path("net.txtpb", "w.npy"), "w.npy");
  EXPECT_EQ(resolve_path("a/net.txtpb", "/x/w.npy"), "/x/w.npy");
}

TEST(Examples, OfNetworksAndPricesAreValid) {
  for (const char* name : {"lif_bias", "brunel", "stdp_pair", "relay", "full_board"})
    EXPECT_NO_THROW(Network(load_network(std::string(SPIKELOOP_SOURCE_DIR "/examples/networks/") + name + ".txtpb"))) << name;
  for (const char* name : {"dynapse1", "loihi", "synop_only"}) {
    const PriceList prices = load_prices(std::string(SPIKELOOP_SOURCE_DIR "/examples/prices/") + name + ".txtpb");
    EXPECT_FALSE(prices.note.empty()) << name;
  }
}

}  // namespace
}  // namespace spikeloop
