// SPDX-License-Identifier: Apache-2.0
// A board is believed what it shows, not what it was told.
#include <gtest/gtest.h>

#include <fmt/format.h>
#include <set>
#include <variant>

#include "firmware-interface/dynapse1/modules.hpp"
#include "tests/dynapse/bench.hpp"

namespace spikeloop::dynapse {
namespace {

namespace fw = firmware;

/// A board on which synapses of some neurons of U0 cannot be programmed.
class DeafBoard final : public fw::DynapSe1Model {
 public:
  explicit DeafBoard(std::set<fw::NeuronAddress> neurons)
      : fw::DynapSe1Model(fw::DynapSe1Options{.mismatch = 0}), deaf_(std::move(neurons)) {}

  std::optional<std::vector<std::byte>> control(const fw::UsbSetup& setup, std::span<const std::byte> data) override {
    const fw::DecodedOut request = fw::decode_out({setup.request, setup.value, setup.index}, data);
    const auto* words = std::get_if<fw::WriteWords>(&request);
    if (words == nullptr || setup.is_in()) return fw::DynapSe1Model::control(setup, data);
    std::vector<std::uint32_t> heard;
    for (const std::uint32_t word : words->words) {
      const auto decoded = fw::decode_word(word);
      const auto* cam = std::get_if<fw::CamWord>(&decoded);
      if (cam == nullptr || deaf_.count(cam->neuron) == 0) heard.push_back(word);
    }
    if (heard.empty()) return std::vector<std::byte>{};
    const fw::OutRequest out = fw::encode_words(heard);
    fw::UsbSetup kept = setup;
    kept.value = out.request.value, kept.index = out.request.index;
    kept.length = static_cast<std::uint16_t>(out.data.size());
    return fw::DynapSe1Model::control(kept, out.data);
  }

 private:
  std::set<fw::NeuronAddress> deaf_;
};

fw::NeuronAddress address_in(const Network& network, std::uint32_t neuron) {
  const ChipPlace at = compiled(network).placement.places.at(neuron);
  EXPECT_EQ(at.chip, 0);
  return fw::neuron_address(at.core, at.neuron);
}

/// Twelve inputs, of which four together are needed for a spike, and a chain of two populations whose parameters keep them on two cores.
NetworkDescription weak_inputs(double weight_mv) {
  NetworkDescription d;
  d.populations = {external("in", 12), neurons("first", 6, 20, 2), neurons("second", 4, 40, 2)};
  d.projections = {projection("in", "first", weight_mv), projection("first", "second", 40)};
  d.probes = {spikes_of("first"), spikes_of("second")};
  return d;
}

TEST(Verification, DrivesNeuronsWithSeveralInputsTogether) {
  const Network network(weak_inputs(0.4));
  const Compiled c = compiled(network);
  EXPECT_GE(verifying_inputs(c, 0).size(), 2U);
  EXPECT_LT(verifying_inputs(c, 0).size(), 12U) << "only as many as are needed";
  EXPECT_EQ(verifying_inputs(c, 6).size(), 1U) << "one of the strong ones is enough";
  Bench bench{network};
  const Verification v = bench.session->deployment().verification;
  EXPECT_EQ(v.neurons.size(), 8U) << "four of each of two cores";
  EXPECT_EQ(v.seen(), 8U);
  EXPECT_TRUE(v.untested.empty());
  EXPECT_TRUE(v.silent.empty());
}

TEST(Verification, NamesTheCoreThatIsSilentThoughOthersFire) {
  const Network network(weak_inputs(0.4));
  std::set<fw::NeuronAddress> deaf;
  for (std::uint32_t n = 6; n < 10; ++n) deaf.insert(address_in(network, n));
  try {
    Bench bench(network, {}, std::make_shared<DeafBoard>(deaf));
    FAIL() << "a board without synapses was believed";
  } catch (const DeviceError& e) {
    const std::string core = fmt::format("U0 core {}", fw::core_of(*deaf.begin())), what = e.what();
    EXPECT_NE(what.find("nothing of " + core + " was seen"), std::string::npos) << what;
    EXPECT_NE(what.find("4 of 8"), std::string::npos) << what;
  }
}

TEST(Verification, TellsANeuronThatIsSilentInACoreThatIsNot) {
  const Network network(weak_inputs(0.4));
  Bench bench(network, {}, std::make_shared<DeafBoard>(std::set{address_in(network, 7)}));
  const Verification v = bench.session->deployment().verification;
  EXPECT_EQ(v.seen(), 7U);
  for (const Verdict& verdict : v.neurons) EXPECT_EQ(verdict.seen, !(verdict.neuron == LogicalNeuron{2, 1}));
}

TEST(Verification, BelievesNeuronsThatSilenceEachOther) {
  NetworkDescription d = weak_inputs(0.4);
  d.projections.push_back(projection("first", "first", -60));
  d.projections.back().connect = AllToAll{.autapses = false};
  Bench bench{Network(d)};
  const Verification v = bench.session->deployment().verification;
  EXPECT_GE(v.seen(), 1U);
  EXPECT_LT(v.neurons.size(), 8U) << "who is silenced by another tells nothing";
  for (const Verdict& verdict : v.neurons) EXPECT_TRUE(verdict.seen);
}

TEST(Verification, SaysWhichCoresItCannotTry) {
  NetworkDescription unseen = weak_inputs(0.4);
  unseen.probes = {spikes_of("second")};
  Bench blind{Network(unseen)};
  EXPECT_EQ(blind.session->deployment().verification.untested.size(), 1U);
  EXPECT_EQ(blind.session->deployment().verification.seen(), 4U);
  Bench weak{Network(weak_inputs(0.02))};
  const Verification v = weak.session->deployment().verification;
  ASSERT_EQ(v.untested.size(), 1U);
  EXPECT_EQ(v.untested.front().core, compiled(Network(weak_inputs(0.02))).placement.places[0].core);
  EXPECT_EQ(Verification::text_of(v.untested), fmt::format("U0 core {}", v.untested.front().core));
}

}  // namespace
}  // namespace spikeloop::dynapse
